"""The API of stretch goals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import IDEMPOTENT, PUBLIC_REFUSED, REFUSED
from backend.common import clock
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.api import own
from crowdfunding.campaigns.models import Stretch
from crowdfunding.campaigns.operations import stretches


class StretchTerms(serializers.Serializer[Any]):
    """A promise beyond the goal, and what it costs."""

    at_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    promise = serializers.CharField(max_length=120)
    cost = serializers.CharField(max_length=200)
    is_physical = serializers.BooleanField(default=False)


class StretchShown(serializers.Serializer[Any]):
    """A promise beyond the goal, and how far it is."""

    id = serializers.UUIDField()
    at_fen = serializers.IntegerField()
    promise = serializers.CharField()
    cost = serializers.CharField()
    is_physical = serializers.BooleanField()
    is_reached = serializers.BooleanField()
    percent = serializers.IntegerField()


class StretchesShown(serializers.Serializer[Any]):
    """A campaign's stretch goals, the lowest first; at most ten."""

    rows = StretchShown(many=True)


def _show(step: queries.Step) -> dict[str, Any]:
    row = step.stretch
    return {
        "id": row.pk,
        "at_fen": row.at_fen,
        "promise": row.promise,
        "cost": row.cost,
        "is_physical": row.is_physical,
        "is_reached": step.is_reached,
        "percent": step.percent,
    }


class CampaignStretches(Endpoint):
    """`/api/v1/campaigns/{id}/stretches`: what is promised beyond the goal."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="stretches_list", responses={200: StretchesShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, campaign_id: UUID) -> Response:
        found = queries.public().filter(pk=campaign_id).first()
        if found is None and self.actor.party_id is not None:
            found = queries.owned_by(self.actor.party_id).filter(pk=campaign_id).first()
        if found is None:
            raise NotFound
        return Response(StretchesShown({"rows": [_show(step) for step in queries.stretch_steps(found)]}).data)

    @extend_schema(
        operation_id="stretches_add",
        request=StretchTerms,
        parameters=[IDEMPOTENT],
        responses={201: StretchShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = {"is_physical": False} | self.read(StretchTerms)
        own(campaign_id)
        made = stretches.add_stretch(campaign_id=campaign_id, **body, by=self.actor, at=clock.now())
        return Response(StretchShown(_show(queries.Step(made, False, 0))).data, status=201)


class StretchOne(Endpoint):
    """`DELETE /api/v1/stretches/{id}`: take a promise back before the review."""

    may = {"DELETE": SIGNED_IN}
    scope = {"DELETE": "campaigns"}

    @extend_schema(operation_id="stretches_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, stretch_id: UUID) -> Response:
        if not Stretch.objects.filter(pk=stretch_id).exists():
            raise NotFound
        stretches.remove_stretch(stretch_id=stretch_id, by=self.actor)
        return Response(status=204)
