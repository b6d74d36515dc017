"""The API of match pots: offers, figures, decisions, and what goes with a campaign or a pledge."""

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
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.payments.operations import intents
from crowdfunding.campaigns import queries as campaigns
from crowdfunding.campaigns.api import CashierShown, Nothing
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.pots import queries
from crowdfunding.pots.models import Pot
from crowdfunding.pots.operations import pots
from crowdfunding.pots.operations.pots import Plan


class PlanTerms(serializers.Serializer[Any]):
    """What a sponsor offers; money in fen, `ratio_bp` in 1/10 000 of a pledge's goods; empty lists fit everything."""

    title = serializers.CharField(max_length=60)
    purpose = serializers.CharField(max_length=2_000)
    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    ratio_bp = serializers.IntegerField(min_value=1, max_value=100_000)
    per_project_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    per_person_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    categories = serializers.ListField(child=serializers.ChoiceField(CATEGORY_KEYS), max_length=20, default=list)
    counties = serializers.ListField(child=serializers.ChoiceField(COUNTIES), max_length=20, default=list)
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()


class PotShown(serializers.Serializer[Any]):
    """A pot and its figures, in fen: set aside for pledges, paid to makers, left."""

    id = serializers.UUIDField()
    sponsor = serializers.CharField()
    title = serializers.CharField()
    purpose = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    amount_fen = serializers.IntegerField()
    ratio_bp = serializers.IntegerField()
    per_project_fen = serializers.IntegerField()
    per_person_fen = serializers.IntegerField()
    categories = serializers.ListField(child=serializers.CharField())
    counties = serializers.ListField(child=serializers.CharField())
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    matched_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    left_fen = serializers.IntegerField()
    campaigns = serializers.IntegerField()
    pledges = serializers.IntegerField()


class PotsPage(serializers.Serializer[Any]):
    """One page of pots, the newest first."""

    rows = PotShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class PotReason(serializers.Serializer[Any]):
    """Why; public where a pot is stopped."""

    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class MatchingShown(serializers.Serializer[Any]):
    """What pots add to a campaign, in fen, and with how many pledges; the pots open for it now."""

    matched_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    pledges = serializers.IntegerField()
    pots = serializers.ListField(child=serializers.UUIDField())


class MatchShown(serializers.Serializer[Any]):
    """What goes with a pledge, in fen; `paid_fen` once the goods are delivered."""

    pot_id = serializers.UUIDField()
    sponsor = serializers.CharField()
    state = serializers.CharField()
    fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField(allow_null=True)


def show_pot(pot: Pot, figures: queries.Figures | None = None) -> dict[str, Any]:
    """A pot as the API tells it; lists bring the figures that they read with the others."""
    names = ("id", "title", "purpose", "state", "reason", "amount_fen", "ratio_bp", "per_project_fen", "per_person_fen",
             "categories", "counties", "opens_at", "closes_at")  # fmt: skip
    figures = figures or queries.figures(pot)
    row: dict[str, Any] = {name: getattr(pot, name) for name in names}
    row |= {"sponsor": pot.sponsor.masked_name, "matched_fen": figures.matched, "paid_fen": figures.paid}
    row |= {"left_fen": figures.left, "campaigns": figures.campaigns, "pledges": figures.pledges}
    return dict(PotShown(row).data)


class Pots(Endpoint):
    """`/api/v1/pots`: match pots that have or had money; POST offers one, for review."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="pots_list", parameters=[CURSOR, SIZE], responses={200: PotsPage, **PUBLIC_REFUSED}, auth=[]
    )
    def get(self, request: Request) -> Response:
        page = paging.page(
            queries.public(), order=("-opens_at", "-id"), cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )  # fmt: skip
        figures = queries.figures_of(page.rows)
        return Response(
            {"rows": [show_pot(pot, figures[pot.pk]) for pot in page.rows], "next_cursor": page.next_cursor}
        )

    @extend_schema(
        operation_id="pots_propose", request=PlanTerms, parameters=[IDEMPOTENT], responses={201: PotShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(PlanTerms)
        body |= {"categories": tuple(body["categories"]), "counties": tuple(body["counties"])}
        made = pots.propose(plan=Plan(**body), by=self.actor, at=clock.now())
        return Response(show_pot(made), status=201)


class PotOne(Endpoint):
    """`GET /api/v1/pots/{id}`: one pot."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="pot_read", responses={200: PotShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, pot_id: UUID) -> Response:
        return Response(show_pot(queries.visible(pot_id, self.actor)))


class PotStep(Endpoint):
    """`POST /api/v1/pots/{id}/{act}`: approve, decline (moderator); withdraw (sponsor); stop (either)."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="pot_step", request=PotReason, parameters=[IDEMPOTENT], responses={201: PotShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, pot_id: UUID, act: str) -> Response:
        reason = self.read(PotReason).get("reason", "")
        if act not in pots.STEPS:
            raise NotFound
        queries.visible(pot_id, self.actor)
        return Response(show_pot(pots.STEPS[act](pot_id, reason, self.actor, clock.now())), status=201)


class PotCashier(Endpoint):
    """`POST /api/v1/pots/{id}/cashier`: where the sponsor pays a pot in; it is paid once however often this is asked."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "money"}

    @extend_schema(operation_id="pot_cashier", request=Nothing, responses={200: CashierShown, **REFUSED})
    def post(self, request: Request, pot_id: UUID) -> Response:
        self.read(Nothing)
        queries.visible(pot_id, self.actor)
        now = clock.now()
        intent = pots.order(pot_id=pot_id, by=self.actor, at=now)
        return Response({"url": intents.cashier_url(intent_id=intent.pk, phone=False, at=now)})


class CampaignMatching(Endpoint):
    """`GET /api/v1/campaigns/{id}/matching`: what pots add to a campaign."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="campaign_matching", responses={200: MatchingShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, campaign_id: UUID) -> Response:
        found = campaigns.public().filter(pk=campaign_id).first()
        if found is None:
            raise NotFound
        received = queries.received(campaign_id)
        body = {"matched_fen": received.fen, "paid_fen": queries.paid_to(campaign_id), "pledges": received.pledges}
        return Response(MatchingShown(body | {"pots": [pot.pk for pot in queries.open_for(found)]}).data)


class PledgeMatch(Endpoint):
    """`GET /api/v1/pledges/{id}/match`: how much of my pledge was matched, and by whom."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="pledge_match", responses={200: MatchShown, **REFUSED})
    def get(self, request: Request, pledge_id: UUID) -> Response:
        found = queries.match_of(own_pledge(pledge_id, self.actor).pk)
        if found is None:
            raise NotFound
        shown = {"pot_id": found.pot_id, "sponsor": found.pot.sponsor.masked_name, "state": found.state}
        return Response(MatchShown(shown | {"fen": found.fen, "paid_fen": found.paid_fen}).data)
