"""The deposit of a large campaign's maker, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint
from backend.accounts.shapes import REFUSED
from backend.common import clock
from backend.common.errors import NotFound
from backend.payments.operations import intents
from crowdfunding.campaigns.api import CashierShown, Nothing
from crowdfunding.campaigns.models import Campaign, Deposit
from crowdfunding.campaigns.operations import deposits
from crowdfunding.campaigns.operations.shared import require_owner


class DepositShown(serializers.Serializer[Any]):
    """What a maker has to put in before publishing, and how it stands; `state` is null while nothing was ordered."""

    due_fen = serializers.IntegerField()
    state = serializers.CharField(allow_null=True)
    amount_fen = serializers.IntegerField()
    used_fen = serializers.IntegerField()


class CampaignDeposit(Endpoint):
    """`GET /api/v1/campaigns/{id}/deposit`: what is due, held, used. `POST`: where the maker pays it, once."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = {"GET": "campaigns", "POST": "money"}

    @extend_schema(operation_id="campaigns_deposit", responses={200: DepositShown, **REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        found = Campaign.objects.filter(pk=campaign_id).first()
        if found is None:
            raise NotFound
        require_owner(found, self.actor)
        held = Deposit.objects.filter(campaign=found).first()
        body = {
            "due_fen": deposits.due_fen(found, clock.now()),
            "state": held.state if held else None,
            "amount_fen": held.amount_fen if held else 0,
            "used_fen": held.used_fen if held else 0,
        }
        return Response(DepositShown(body).data)

    @extend_schema(operation_id="campaigns_deposit_cashier", request=Nothing, responses={200: CashierShown, **REFUSED})
    def post(self, request: Request, campaign_id: UUID) -> Response:
        self.read(Nothing)
        if not Campaign.objects.filter(pk=campaign_id).exists():
            raise NotFound
        now = clock.now()
        intent = deposits.order(campaign_id=campaign_id, by=self.actor, at=now)
        return Response({"url": intents.cashier_url(intent_id=intent.pk, phone=False, at=now)})
