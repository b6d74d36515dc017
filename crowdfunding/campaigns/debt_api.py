"""What one owes, over the API: to the platform after a chargeback, to backers after a campaign that came to nothing."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint
from backend.accounts.shapes import REFUSED
from backend.common import clock
from backend.common.errors import NotFound
from backend.payments import queries as payments
from backend.payments.operations import debts, intents
from crowdfunding.campaigns.api import CashierShown, Nothing


class DebtShown(serializers.Serializer[Any]):
    """Something that one owes: `campaign_id` where that campaign's backers are owed it, `prize_id` the work whose award was revoked."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    campaign_id = serializers.UUIDField(allow_null=True)
    prize_id = serializers.UUIDField(allow_null=True)
    amount_fen = serializers.IntegerField()
    left_fen = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class DebtsOwn(Endpoint):
    """`GET /api/v1/debts`: what one still owes, oldest first, fifty at most."""

    may = {"GET": SIGNED_IN}
    scope = {"GET": "money"}

    @extend_schema(operation_id="debts_own", responses={200: DebtShown(many=True), **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        return Response(DebtShown(payments.open_debts(self.actor.party_id), many=True).data)


class DebtsCashier(Endpoint):
    """`POST /api/v1/debts/cashier`: where one pays what one owes; it is paid once however often this is asked."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "money"}

    @extend_schema(operation_id="debts_cashier", request=Nothing, responses={200: CashierShown, **REFUSED})
    def post(self, request: Request) -> Response:
        self.read(Nothing)
        now = clock.now()
        intent = debts.order(by=self.actor, at=now)
        return Response({"url": intents.cashier_url(intent_id=intent.pk, phone=False, at=now)})
