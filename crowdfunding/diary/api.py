"""Calendars and diaries over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from crowdfunding.campaigns.queries import visible
from crowdfunding.diary import operations, queries
from crowdfunding.diary.models import Entry
from crowdfunding.diary.operations import MOST_WORDS, Note


class CalendarStepShown(serializers.Serializer[Any]):
    """One step of the work: when it is planned, when it was planned first, when it was done."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    planned_on = serializers.DateField()
    first_planned_on = serializers.DateField()
    moved_because = serializers.CharField(allow_blank=True)
    done_on = serializers.DateField(allow_null=True)


class EntryShown(serializers.Serializer[Any]):
    """A day of the diary; `text` is empty once it was withdrawn. A photo lies at `/campaigns/diary/{id}/photo/`."""

    id = serializers.UUIDField()
    day = serializers.DateField()
    text = serializers.SerializerMethodField()
    step_id = serializers.UUIDField(allow_null=True)
    has_photo = serializers.SerializerMethodField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)

    def get_text(self, entry: Entry) -> str:
        return entry.text if entry.withdrawn_at is None else ""

    def get_has_photo(self, entry: Entry) -> bool:
        return bool(entry.sha256) and entry.withdrawn_at is None


class EntriesShown(serializers.Serializer[Any]):
    """A page of the diary, newest first."""

    rows = EntryShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class StepTerms(serializers.Serializer[Any]):
    """A step of the work and its day."""

    title = serializers.CharField(max_length=40)
    planned_on = serializers.DateField()


class StepMove(serializers.Serializer[Any]):
    """Another day for a step, and why: once the campaign is public, everyone reads it."""

    planned_on = serializers.DateField()
    reason = serializers.CharField(max_length=160, allow_blank=True, default="")


class EntryTerms(serializers.Serializer[Any]):
    """A day of the diary; the step that it ends, and a photo in base64 of at most 1.5 MB, with its file name."""

    day = serializers.DateField()
    text = serializers.CharField(max_length=MOST_WORDS)
    step_id = serializers.UUIDField(allow_null=True, default=None)
    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    content = serializers.CharField(max_length=2_000_000, allow_blank=True, default="")


class CampaignCalendar(Endpoint):
    """`GET /api/v1/campaigns/{id}/calendar`: the steps of the work. `POST`: the maker adds one."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="calendar", responses={200: CalendarStepShown(many=True), **PUBLIC_REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        visible(campaign_id, self.actor.party_id)
        return Response(CalendarStepShown(queries.steps(campaign_id), many=True).data)

    @extend_schema(
        operation_id="calendar_add",
        request=StepTerms,
        parameters=[IDEMPOTENT],
        responses={201: CalendarStepShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(StepTerms)
        made = operations.add_step(campaign_id=campaign_id, **body, by=self.actor, at=clock.now())
        return Response(CalendarStepShown(made).data, status=201)


class CalendarStep(Endpoint):
    """`PUT /api/v1/calendar/{id}`: another day for a step. `DELETE`: off the calendar, while nobody has seen it."""

    may = {"PUT": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = {"PUT": "campaigns", "DELETE": "campaigns"}

    @extend_schema(operation_id="calendar_move", request=StepMove, responses={200: CalendarStepShown, **REFUSED})
    def put(self, request: Request, step_id: UUID) -> Response:
        body = self.read(StepMove)
        moved = operations.move_step(step_id=step_id, **body, by=self.actor, at=clock.now())
        return Response(CalendarStepShown(moved).data)

    @extend_schema(operation_id="calendar_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, step_id: UUID) -> Response:
        operations.remove_step(step_id=step_id, by=self.actor)
        return Response(status=204)


class CampaignDiary(Endpoint):
    """`GET /api/v1/campaigns/{id}/diary`: a page of the diary. `POST`: the maker writes a day."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="diary", parameters=[CURSOR, SIZE], responses={200: EntriesShown, **PUBLIC_REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        visible(campaign_id, self.actor.party_id)
        cursor = request.query_params.get("cursor", "")
        page = paging.page(queries.entries(campaign_id), order=("-day", "-id"), cursor=cursor, size=page_size(request))
        return Response({"rows": EntryShown(page.rows, many=True).data, "next_cursor": page.next_cursor})

    @extend_schema(
        operation_id="diary_write", request=EntryTerms, parameters=[IDEMPOTENT], responses={201: EntryShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(EntryTerms)
        photo = (body["name"], files.unpack(body["content"])) if body["content"] else None
        note = Note(day=body["day"], text=body["text"], step_id=body["step_id"], photo=photo)
        made = operations.write(campaign_id=campaign_id, note=note, by=self.actor, at=clock.now())
        return Response(EntryShown(made).data, status=201)


class DiaryEntry(Endpoint):
    """`DELETE /api/v1/diary/{id}`: take a day back; its mark stays."""

    may = {"DELETE": SIGNED_IN}
    scope = {"DELETE": "campaigns"}

    @extend_schema(operation_id="diary_withdraw", responses={200: EntryShown, **REFUSED})
    def delete(self, request: Request, entry_id: UUID) -> Response:
        return Response(EntryShown(operations.withdraw(entry_id=entry_id, by=self.actor, at=clock.now())).data)
