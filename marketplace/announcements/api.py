"""The API of announcements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import NotFound
from marketplace.announcements import operations, queries
from marketplace.announcements.models import MOST_TEXT, Announcement
from marketplace.kinds_of_work import kind_of


class AnnouncementTerms(serializers.Serializer[Any]):
    """What is said to everybody who takes part."""

    text = serializers.CharField(max_length=MOST_TEXT)


class AnnouncementWhy(serializers.Serializer[Any]):
    """A moderator's reason."""

    reason = serializers.CharField(max_length=600)


class AnnouncementShown(serializers.Serializer[Any]):
    """An announcement; `told` is how many took part then, `is_hidden` is for its poster and staff."""

    id = serializers.UUIDField()
    text = serializers.CharField()
    told = serializers.IntegerField()
    at = serializers.DateTimeField()
    is_hidden = serializers.BooleanField()


class AnnouncementsShown(serializers.Serializer[Any]):
    """One page of announcements, the latest first."""

    rows = AnnouncementShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


def _row(one: Announcement) -> dict[str, Any]:
    return {"id": one.pk, "text": one.text, "told": one.told_n, "at": one.at, "is_hidden": one.hidden_at is not None}


class Announcements(Endpoint):
    """`GET /api/v1/announcements/{kind}/{id}`: what was announced about a work. `POST`: announce something about one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "work"}

    @extend_schema(
        operation_id="announcements_list",
        parameters=[CURSOR, SIZE],
        responses={200: AnnouncementsShown, **PUBLIC_REFUSED},
    )
    def get(self, request: Request, kind: str, subject_id: UUID) -> Response:
        queries.subject(kind, subject_id, self.actor)
        page = paging.page(
            queries.of_subject(kind, subject_id, self.actor),
            order=("-at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [_row(one) for one in page.rows]
        return Response(AnnouncementsShown({"rows": rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="announcements_make",
        request=AnnouncementTerms,
        parameters=[IDEMPOTENT],
        responses={201: AnnouncementShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, kind: str, subject_id: UUID) -> Response:
        kind_of(kind).postings.own(subject_id, self.actor)
        text = self.read(AnnouncementTerms)["text"]
        made = operations.announce(kind=kind, subject_id=subject_id, text=text, by=self.actor, at=clock.now())
        return Response(AnnouncementShown(_row(made)).data, status=201)


class AnnouncementModeration(Endpoint):
    """`POST /api/v1/announcements/{id}/moderation/{act}`: a moderator takes one from view (`hide`), or shows it again (`unhide`)."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="announcements_moderate",
        request=AnnouncementWhy,
        parameters=[IDEMPOTENT],
        responses={201: AnnouncementShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, announcement_id: UUID, act: str) -> Response:
        queries.one(announcement_id)
        reason = self.read(AnnouncementWhy)["reason"]
        if act not in ("hide", "unhide"):
            raise NotFound
        made = operations.moderate(
            announcement_id=announcement_id, hide=act == "hide", reason=reason, by=self.actor, at=clock.now()
        )
        return Response(AnnouncementShown(_row(made)).data, status=201)
