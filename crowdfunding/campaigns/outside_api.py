"""Settlements outside the platform, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import IDEMPOTENT, REFUSED
from backend.common import clock
from backend.common.errors import NotFound
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.api import DoneShown, Nothing
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import outside


class OutsideTerms(serializers.Serializer[Any]):
    """What was settled between the two, and how."""

    text = serializers.CharField(max_length=outside.MOST_WORDS)


def _shown(pledge_id: UUID) -> Response:
    return Response({"id": str(pledge_id), "state": Pledge.objects.get(pk=pledge_id).state}, status=201)


class PledgeOutside(Endpoint):
    """`POST /api/v1/pledges/{id}/outside`: say that a pledge was settled outside; the other side confirms."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_outside",
        request=OutsideTerms,
        parameters=[IDEMPOTENT],
        responses={201: DoneShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        queries.pledge_of_either(pledge_id, self.actor.party_id)
        body = self.read(OutsideTerms)
        outside.say(pledge_id=pledge_id, text=body["text"], by=self.actor, at=clock.now())
        return _shown(pledge_id)


class PledgeOutsideAnswer(Endpoint):
    """`POST /api/v1/pledges/{id}/outside/{act}`: confirm (`agree`), `deny`, or `withdraw` one's own word."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_outside_answer",
        request=Nothing,
        parameters=[IDEMPOTENT],
        responses={201: DoneShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID, act: str) -> Response:
        queries.pledge_of_either(pledge_id, self.actor.party_id)
        self.read(Nothing)
        if act not in outside.ANSWERS:
            raise NotFound
        outside.ANSWERS[act](pledge_id, self.actor, clock.now())
        return _shown(pledge_id)
