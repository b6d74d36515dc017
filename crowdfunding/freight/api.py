"""Shared shipping prices over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, paging
from backend.common.errors import Invalid
from backend.common.rules import SHANGHAI
from backend.listings.facets import COUNTIES
from crowdfunding.freight import operations, queries
from crowdfunding.freight.operations import MOST_FEN, MOST_G, Price


class PriceTerms(serializers.Serializer[Any]):
    """A carrier's price: `first_fen` up to `first_g` grams, `step_fen` for each further `step_g` that is begun."""

    county = serializers.ChoiceField(COUNTIES)
    carrier = serializers.CharField(max_length=40)
    covers = serializers.CharField(max_length=80)
    first_g = serializers.IntegerField(min_value=1, max_value=MOST_G)
    first_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    step_g = serializers.IntegerField(min_value=1, max_value=MOST_G)
    step_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN)
    from_day = serializers.DateField()
    last_day = serializers.DateField(allow_null=True, default=None)
    basis = serializers.CharField(max_length=160)


class QuoteShown(PriceTerms):
    """A price on record; `last_day` is null where no end is agreed."""

    id = serializers.UUIDField()


class QuotesPage(serializers.Serializer[Any]):
    """A page of prices that hold today, by their first step."""

    rows = QuoteShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class LastDay(serializers.Serializer[Any]):
    """Until when a price holds."""

    last_day = serializers.DateField()


class Charge(serializers.Serializer[Any]):
    """By which price a reward is charged and what it weighs packed, in grams; or what it charges by itself, in fen."""

    quote_id = serializers.UUIDField(allow_null=True, default=None)
    weight_g = serializers.IntegerField(min_value=1, max_value=MOST_G, allow_null=True, default=None)
    shipping_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, allow_null=True, default=None)


class Charged(serializers.Serializer[Any]):
    """What a reward charges for shipping now, in fen."""

    id = serializers.UUIDField()
    shipping_fen = serializers.IntegerField()


class Quotes(Endpoint):
    """`GET /api/v1/freight`: what parcels cost today, of all counties or one. `POST`: a moderator puts a price on record."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="freight_list", parameters=[OpenApiParameter("county", str, enum=COUNTIES), CURSOR, SIZE],
        responses={200: QuotesPage, **PUBLIC_REFUSED}, auth=[],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        county = request.query_params.get("county", "")
        if county and county not in COUNTIES:
            raise Invalid("没有这个选项", "There is no such choice", field="county")
        today = clock.now().astimezone(SHANGHAI).date()
        cursor = request.query_params.get("cursor", "")
        page = paging.page(
            queries.valid(today, county), order=("first_fen", "id"), cursor=cursor, size=page_size(request)
        )
        return Response({"rows": QuoteShown(page.rows, many=True).data, "next_cursor": page.next_cursor})

    @extend_schema(
        operation_id="freight_offer",
        request=PriceTerms,
        parameters=[IDEMPOTENT],
        responses={201: QuoteShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(PriceTerms)
        made = operations.offer(price=Price(**body), by=self.actor, at=clock.now())
        return Response(QuoteShown(made).data, status=201)


class QuoteOne(Endpoint):
    """`PUT /api/v1/freight/{id}`: a moderator says until when a price holds."""

    may = {"PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="freight_end", request=LastDay, responses={200: QuoteShown, **REFUSED})
    def put(self, request: Request, quote_id: UUID) -> Response:
        last_day = self.read(LastDay)["last_day"]
        found = operations.end(quote_id=quote_id, last_day=last_day, by=self.actor, at=clock.now())
        return Response(QuoteShown(found).data)


class TierFreight(Endpoint):
    """`PUT /api/v1/tiers/{id}/shipping`: the maker of a draft says what a reward charges for shipping."""

    may = {"PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="freight_charge", request=Charge, responses={200: Charged, **REFUSED})
    def put(self, request: Request, tier_id: UUID) -> Response:
        body = self.read(Charge)
        if (body["quote_id"] is None) == (body["shipping_fen"] is None):
            raise Invalid("请选择运价或填写运费，二选一", "Choose a price or name a sum, one of both", field="quote_id")
        if body["quote_id"] is None:
            tier = operations.set_by_hand(tier_id=tier_id, shipping_fen=body["shipping_fen"], by=self.actor)
        else:
            tier = operations.charge(
                tier_id=tier_id,
                quote_id=body["quote_id"],
                weight_g=body["weight_g"] or 0,
                by=self.actor,
                at=clock.now(),
            )
        return Response(Charged(tier).data)
