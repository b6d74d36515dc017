"""The take-home calculation over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint
from backend.accounts.shapes import PUBLIC_REFUSED, REFUSED
from backend.common import clock
from backend.common.fen import MOST_FEN
from backend.common.rules import SHANGHAI
from marketplace.tax import queries
from marketplace.tax.labour import Earlier, Method, withhold


class Payment(serializers.Serializer[Any]):
    """A payment in fen before tax, the method, and what counts together with it."""

    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    method = serializers.ChoiceField([one.value for one in Method], default=Method.PER_PAYMENT.value)
    paid_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, default=0)
    withheld_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, default=0)
    deductions_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, default=0)
    months = serializers.IntegerField(min_value=1, max_value=12, default=1)


class WithholdingShown(serializers.Serializer[Any]):
    """The sum step by step, in fen and percent."""

    method = serializers.CharField()
    paid_fen = serializers.IntegerField()
    taxable_fen = serializers.IntegerField()
    percent = serializers.IntegerField()
    quick_fen = serializers.IntegerField()
    tax_fen = serializers.IntegerField()
    net_fen = serializers.IntegerField()
    basis = serializers.CharField(source="source", allow_blank=True)


class TakeHome(Endpoint):
    """`GET /api/v1/take-home`: what is withheld from a payment for work today, and what is left of it."""

    may = {"GET": PUBLIC}

    @extend_schema(
        operation_id="take_home", parameters=[Payment], responses={200: WithholdingShown, **PUBLIC_REFUSED}, auth=[]
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(Payment)
        earlier = Earlier(asked["paid_fen"], asked["withheld_fen"], asked["months"], asked["deductions_fen"])
        today = clock.now().astimezone(SHANGHAI).date()
        found = withhold(Method(asked["method"]), asked["amount_fen"], day=today, earlier=earlier)
        return Response(WithholdingShown(found).data)


class MonthShown(serializers.Serializer[Any]):
    """A month's gross in fen."""

    month = serializers.CharField()
    paid_fen = serializers.IntegerField()


class EarningsShown(serializers.Serializer[Any]):
    """My year in fen: gross, fee, tax withheld, and what was left."""

    year = serializers.IntegerField()
    payments = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    fee_fen = serializers.IntegerField()
    tax_fen = serializers.IntegerField()
    net_fen = serializers.IntegerField()
    months = MonthShown(many=True)


class Year(serializers.Serializer[Any]):
    """A calendar year; without one, this."""

    year = serializers.IntegerField(min_value=queries.FIRST_YEAR, max_value=2200, required=False)


class MyEarnings(Endpoint):
    """`GET /api/v1/my/earnings`: what I was paid in a year, and what was withheld."""

    may = {"GET": SIGNED_IN}
    scope = {"GET": "money"}

    @extend_schema(operation_id="my_earnings", parameters=[Year], responses={200: EarningsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        year = self.read_query(Year).get("year") or clock.now().astimezone(SHANGHAI).year
        found = queries.statement(self.actor.party_id, year)
        names = ("year", "payments", "paid_fen", "fee_fen", "tax_fen", "net_fen")
        months = [{"month": month, "paid_fen": fen} for month, fen in found.months]
        return Response(EarningsShown({name: getattr(found, name) for name in names} | {"months": months}).data)
