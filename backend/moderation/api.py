"""The API of appeals."""

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
from backend.moderation import appeals, queries


class AppealTerms(serializers.Serializer[Any]):
    """What is said against a decision about one's campaign, project or task."""

    kind = serializers.ChoiceField(
        ["campaign", "project", "task", "contest", "microtask", "solicitation", "errand", "gap"]
    )
    subject_id = serializers.UUIDField()
    text = serializers.CharField(min_length=appeals.LEAST_WORDS, max_length=appeals.MOST_WORDS)


class AppealShown(serializers.Serializer[Any]):
    """An appeal, and its answer once there is one; `due_at` is until when it is answered."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    subject_id = serializers.UUIDField()
    state = serializers.CharField()
    text = serializers.CharField()
    answer = serializers.CharField(allow_blank=True)
    filed_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class AnswerTerms(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class Appeals(Endpoint):
    """`POST /api/v1/appeals`: appeal against a moderator's decision about what is one's own."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="appeals_file",
        request=AppealTerms,
        parameters=[IDEMPOTENT],
        responses={201: AppealShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        made = appeals.file_appeal(**self.read(AppealTerms), by=self.actor, at=clock.now())
        return Response(AppealShown(made).data, status=201)


class AppealOne(Endpoint):
    """`GET /api/v1/appeals/{id}`: an appeal, for its appellant and moderators."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="appeals_read", responses={200: AppealShown, **REFUSED})
    def get(self, request: Request, appeal_id: UUID) -> Response:
        return Response(AppealShown(queries.appeal_for(appeal_id, self.actor)).data)


class AppealStep(Endpoint):
    """`POST /api/v1/appeals/{id}/{act}`: grant, deny (another moderator); withdraw (appellant)."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="appeals_step",
        request=AnswerTerms,
        parameters=[IDEMPOTENT],
        responses={201: AppealShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, appeal_id: UUID, act: str) -> Response:
        reason = self.read(AnswerTerms)["reason"]
        if act not in appeals.STEPS:
            raise NotFound
        queries.appeal_for(appeal_id, self.actor)
        return Response(AppealShown(appeals.STEPS[act](appeal_id, reason, self.actor, clock.now())).data, status=201)
