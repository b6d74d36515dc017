"""The API of price cards: what can be ordered near a place, somebody's card, one's own, and ordering from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import IDEMPOTENT, PUBLIC_REFUSED, REFUSED
from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from marketplace.errands import forms, queries
from marketplace.errands.api import ErrandShown, latitude_field, longitude_field, shown
from marketplace.errands.kinds import KINDS, UNITS
from marketplace.errands.models import Service
from marketplace.errands.operations import services
from marketplace.errands.operations.services import MOST_N, ServiceTerms, Wanted
from marketplace.errands.stops_file import MOST_ADDRESS

WORK = {"POST": "work", "PUT": "work", "DELETE": "work"}


class ServiceWords(serializers.Serializer[Any]):
    """A line of a price card; the price of one unit in fen, ordered from `least_n` units on."""

    kind = serializers.ChoiceField(list(KINDS))
    title = serializers.CharField(max_length=30)
    text = serializers.CharField(max_length=200, allow_blank=True, default="")
    unit = serializers.ChoiceField(list(UNITS))
    price_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN // MOST_N)
    least_n = serializers.IntegerField(min_value=1, max_value=MOST_N, default=1)


class ServiceShown(ServiceWords):
    """A service on somebody's card; `away_m` is to the kilometre, where a place was asked about."""

    id = serializers.UUIDField()
    provider_id = serializers.UUIDField()
    provider_name = serializers.CharField()
    reputation = serializers.IntegerField()
    away_m = serializers.IntegerField(allow_null=True)


class ServicesShown(serializers.Serializer[Any]):
    """Services, the nearest providers first, or as on a card."""

    rows = ServiceShown(many=True)


class ServiceOrder(serializers.Serializer[Any]):
    """How many units at the unit price that was seen, where and when; the address is shown once the provider accepts."""

    quantity = serializers.IntegerField(min_value=1, max_value=MOST_N)
    price_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    latitude = latitude_field()
    longitude = longitude_field()
    address = serializers.CharField(max_length=MOST_ADDRESS)
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class ServiceWhy(serializers.Serializer[Any]):
    """A moderator's reason."""

    reason = serializers.CharField(max_length=600)


def _row(one: Service, away_m: int | None = None) -> dict[str, Any]:
    names = ("id", "kind", "title", "text", "unit", "price_fen", "least_n")
    return {name: getattr(one, name) for name in names} | {
        "provider_id": one.runner_id,
        "provider_name": one.runner.party.masked_name,
        "reputation": one.runner.reputation,
        "away_m": away_m,
    }


def _rows(rows: Iterable[dict[str, Any]]) -> Response:
    return Response(ServicesShown({"rows": list(rows)}).data)


class Services(Endpoint):
    """`GET /api/v1/services`: what can be ordered to a place."""

    may = {"GET": PUBLIC}

    @extend_schema(
        operation_id="services_near",
        parameters=[
            OpenApiParameter("latitude", OpenApiTypes.FLOAT, required=True),
            OpenApiParameter("longitude", OpenApiTypes.FLOAT, required=True),
            OpenApiParameter("kind", OpenApiTypes.STR, many=True),
        ],
        responses={200: ServicesShown, **PUBLIC_REFUSED},
    )
    def get(self, request: Request) -> Response:
        place = forms.place_of(request.query_params)
        kinds = [kind for kind in request.query_params.getlist("kind")[:10] if kind in KINDS]
        return _rows(_row(one.service, one.away_m) for one in queries.services_near(place, at=clock.now(), kinds=kinds))


class Card(Endpoint):
    """`GET /api/v1/providers/{id}/services`: somebody's price card."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="services_card", responses={200: ServicesShown, **PUBLIC_REFUSED})
    def get(self, request: Request, runner_id: UUID) -> Response:
        return _rows(_row(one) for one in queries.card_of(queries.provider(runner_id), at=clock.now()))


class MyCard(Endpoint):
    """`GET /api/v1/my/services`: my price card. `POST`: add a line."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="my_services", responses={200: ServicesShown, **REFUSED})
    def get(self, request: Request) -> Response:
        runner = queries.runner_for(self.actor)
        return _rows(_row(one) for one in (queries.lines_of(runner) if runner else []))

    @extend_schema(
        operation_id="my_services_add",
        request=ServiceWords,
        parameters=[IDEMPOTENT],
        responses={201: ServiceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        made = services.add(terms=ServiceTerms(**self.read(ServiceWords)), by=self.actor, at=clock.now())
        return Response(ServiceShown(_row(made)).data, status=201)


class MyService(Endpoint):
    """`PUT /api/v1/my/services/{id}`: change a line; it gets a new id. `DELETE`: take it down."""

    may = {"PUT": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="my_services_change", request=ServiceWords, responses={200: ServiceShown, **REFUSED})
    def put(self, request: Request, service_id: UUID) -> Response:
        terms = ServiceTerms(**self.read(ServiceWords))
        made = services.rewrite(service_id=service_id, terms=terms, by=self.actor, at=clock.now())
        return Response(ServiceShown(_row(made)).data)

    @extend_schema(operation_id="my_services_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, service_id: UUID) -> Response:
        services.remove(service_id=service_id, by=self.actor, at=clock.now())
        return Response(status=204)


class ServiceOrders(Endpoint):
    """`POST /api/v1/services/{id}/orders`: order a service; the errand's cashier takes the pay."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="services_order",
        request=ServiceOrder,
        parameters=[IDEMPOTENT],
        responses={201: ErrandShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, service_id: UUID) -> Response:
        queries.service(service_id)
        body = self.read(ServiceOrder)
        place = body.pop("latitude"), body.pop("longitude")
        made = services.order(service_id=service_id, wanted=Wanted(place=place, **body), by=self.actor, at=clock.now())
        return Response(shown(made), status=201)


class ServiceModeration(Endpoint):
    """`POST /api/v1/services/{id}/moderation/hide`: a moderator takes a line from somebody's card."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="services_moderate",
        request=ServiceWhy,
        parameters=[IDEMPOTENT],
        responses={201: ServiceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, service_id: UUID, act: str) -> Response:
        queries.service(service_id)
        reason = self.read(ServiceWhy)["reason"]
        if act != "hide":
            raise NotFound
        made = services.hide(service_id=service_id, reason=reason, by=self.actor, at=clock.now())
        return Response(ServiceShown(_row(made)).data, status=201)
