"""The API of what there is to have: batches of goods, and late pledges after success."""

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
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.api import own
from crowdfunding.campaigns.operations import batches, late
from crowdfunding.campaigns.operations.batches import MOST_UNITS


class BatchTerms(serializers.Serializer[Any]):
    """A batch of goods: what it is called, in what it is counted, and how much there is."""

    name = serializers.CharField(max_length=40)
    unit = serializers.CharField(max_length=8)
    total = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)
    harvested_on = serializers.DateField(allow_null=True, default=None)


class BatchShown(serializers.Serializer[Any]):
    """A batch, and how much of it nobody has yet."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    unit = serializers.CharField()
    total = serializers.IntegerField()
    left = serializers.IntegerField()
    harvested_on = serializers.DateField(allow_null=True)


class BatchTotal(serializers.Serializer[Any]):
    """How much there is of it now."""

    total = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)


class CampaignBatches(Endpoint):
    """`GET /api/v1/campaigns/{id}/batches`: what rewards draw from, at most twelve. `POST`: the maker adds one."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="batches_list", responses={200: BatchShown(many=True), **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, campaign_id: UUID) -> Response:
        queries.visible(campaign_id, self.actor.party_id)
        return Response(BatchShown(queries.batches_of(campaign_id), many=True).data)

    @extend_schema(
        operation_id="batches_add", request=BatchTerms, parameters=[IDEMPOTENT], responses={201: BatchShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(BatchTerms)
        own(campaign_id)
        made = batches.add(campaign_id=campaign_id, **body, by=self.actor, at=clock.now())
        return Response(BatchShown(made).data, status=201)


class BatchOne(Endpoint):
    """`PUT /api/v1/batches/{id}`: there is more of it, or less; never less than what backers have."""

    may = {"PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="batches_resize", request=BatchTotal, responses={200: BatchShown, **REFUSED})
    def put(self, request: Request, batch_id: UUID) -> Response:
        body = self.read(BatchTotal)
        return Response(BatchShown(batches.resize(batch_id=batch_id, total=body["total"], by=self.actor)).data)


class LateTerms(serializers.Serializer[Any]):
    """The last day (Shanghai) on which late pledges are taken."""

    last_day = serializers.DateField()


class LateShown(serializers.Serializer[Any]):
    """Until when late pledges are taken, and what they come to in fen; `late_until` is null where they never were."""

    late_until = serializers.DateTimeField(allow_null=True)
    is_open = serializers.BooleanField()
    late_fen = serializers.IntegerField()
    pledges = serializers.IntegerField()


class CampaignLate(Endpoint):
    """`/api/v1/campaigns/{id}/late`: late pledges. `PUT` opens them to the end of a day, `DELETE` takes no more."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = {"PUT": "campaigns", "DELETE": "campaigns"}

    def _show(self, campaign_id: UUID) -> Response:
        found = queries.public().filter(pk=campaign_id).first()
        if found is None:
            raise NotFound
        sums = queries.late_pledges(found)
        body = {
            "late_until": found.late_until,
            "is_open": found.is_open_late(clock.now()),
            "late_fen": sums.fen if sums else 0,
            "pledges": sums.pledges if sums else 0,
        }
        return Response(LateShown(body).data)

    @extend_schema(operation_id="late", responses={200: LateShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, campaign_id: UUID) -> Response:
        return self._show(campaign_id)

    @extend_schema(operation_id="late_open", request=LateTerms, responses={200: LateShown, **REFUSED})
    def put(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(LateTerms)
        own(campaign_id)
        late.open_until(campaign_id=campaign_id, last_day=body["last_day"], by=self.actor, at=clock.now())
        return self._show(campaign_id)

    @extend_schema(operation_id="late_close", responses={200: LateShown, **REFUSED})
    def delete(self, request: Request, campaign_id: UUID) -> Response:
        own(campaign_id)
        late.close(campaign_id=campaign_id, by=self.actor, at=clock.now())
        return self._show(campaign_id)
