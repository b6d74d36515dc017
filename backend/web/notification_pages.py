"""What one is told and how: the page and its API."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.doors import actor_of, signed_in
from backend.accounts.endpoints import SIGNED_IN, Endpoint
from backend.accounts.shapes import REFUSED
from backend.common import clock
from backend.common.errors import Forbidden, NotFound, Refusal
from backend.notifications import operations, queries
from backend.notifications.kinds import KINDS, MAILS


def _word(pair: tuple[str, str]) -> str:
    return pair[1] if (get_language() or "zh").startswith("en") else pair[0]


@require_http_methods(["GET", "POST"])
@signed_in
def choices(request: HttpRequest) -> HttpResponse:
    """Which kinds reach me, where, and which cannot be turned off."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    if request.method == "POST":
        try:
            with transaction.atomic():
                for kind, known in KINDS.items():
                    wanted = known.is_legal or f"inbox-{kind}" in request.POST
                    mail = request.POST.get(f"mail-{kind}", "")
                    operations.choose(party_id=party_id, kind=kind, in_inbox=wanted, mail=mail)
            messages.success(request, _("已保存"))
        except Refusal as refusal:
            messages.error(request, refusal.text())
        return redirect("notifications")
    rows = [
        {
            "kind": kind,
            "word": _word((KINDS[kind].zh, KINDS[kind].en)),
            "is_legal": KINDS[kind].is_legal,
            "in_inbox": in_inbox,
            "mails": [(key, _word(words), key == mail) for key, words in MAILS.items()],
        }
        for kind, in_inbox, mail in queries.choices_of(party_id)
    ]
    mailboxes = queries.mailboxes(party_id)
    return render(
        request, "web/notifications.html", {"nav": "my", "rows": rows, "mailboxes": mailboxes, "now": clock.now()}
    )


class ChoiceShown(serializers.Serializer[Any]):
    """One kind of message: whether it reaches the inbox, and how by e-mail."""

    kind = serializers.ChoiceField(list(KINDS))
    in_inbox = serializers.BooleanField()
    mail = serializers.ChoiceField(list(MAILS))


class ChoicesShown(serializers.Serializer[Any]):
    """Every kind."""

    rows = ChoiceShown(many=True)


class MyNotifications(Endpoint):
    """`/api/v1/my/notifications`: what I am told, and how."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"PUT": "pledge"}

    def _show(self) -> Response:
        if self.actor.party_id is None:
            raise Forbidden
        rows = [
            {"kind": kind, "in_inbox": in_inbox, "mail": mail}
            for kind, in_inbox, mail in queries.choices_of(self.actor.party_id)
        ]
        return Response(ChoicesShown({"rows": rows}).data)

    @extend_schema(operation_id="notifications_read", responses={200: ChoicesShown, **REFUSED})
    def get(self, request: Request) -> Response:
        return self._show()

    @extend_schema(operation_id="notifications_choose", request=ChoiceShown, responses={200: ChoicesShown, **REFUSED})
    def put(self, request: Request) -> Response:
        body = self.read(ChoiceShown)
        if self.actor.party_id is None:
            raise Forbidden
        operations.choose(party_id=self.actor.party_id, **body)
        return self._show()
