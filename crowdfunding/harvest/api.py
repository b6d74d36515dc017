"""Short harvests over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import IDEMPOTENT, PUBLIC_REFUSED, REFUSED
from backend.common import clock, files
from backend.common.errors import NotFound
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.campaigns.queries import of_maker, visible
from crowdfunding.harvest import queries
from crowdfunding.harvest.models import Shortfall
from crowdfunding.harvest.operations import clauses, shortfalls
from crowdfunding.harvest.operations.shortfalls import MOST_WORDS, Word


class ClauseShown(serializers.Serializer[Any]):
    """What a short harvest means: from which percentage on goods are shared out, and what it is measured by."""

    least_percent = serializers.IntegerField()
    basis = serializers.CharField()


class ShortfallShown(serializers.Serializer[Any]):
    """What the maker says of the harvest; money in fen."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    percent = serializers.IntegerField()
    account = serializers.CharField()
    declared_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField(allow_blank=True)
    pledges = serializers.IntegerField()
    due_fen = serializers.IntegerField()
    given_fen = serializers.IntegerField()


def show(said: Shortfall) -> dict[str, Any]:
    """A shortfall with what it comes to."""
    figures = queries.figures(said)
    words = ("id", "state", "percent", "account", "declared_at", "due_at", "decision")
    sums = {"pledges": figures.pledges, "due_fen": figures.due_fen, "given_fen": figures.given_fen}
    return dict(ShortfallShown({word: getattr(said, word) for word in words} | sums).data)


class HarvestShown(serializers.Serializer[Any]):
    """A campaign's clause and the last word on its harvest; each null where there is none."""

    clause = ClauseShown(allow_null=True)
    shortfall = ShortfallShown(allow_null=True)


class PortionShown(serializers.Serializer[Any]):
    """What one backer gets back, in fen; `given_fen` is null until it went."""

    percent = serializers.IntegerField(source="shortfall.percent")
    amount_fen = serializers.IntegerField()
    given_fen = serializers.IntegerField(allow_null=True)


class HarvestTerms(serializers.Serializer[Any]):
    """The share of the promised harvest in percent, what happened, and a file in base64 with its name."""

    percent = serializers.IntegerField(min_value=0, max_value=99)
    account = serializers.CharField(max_length=MOST_WORDS)
    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    content = serializers.CharField(max_length=2_000_000, allow_blank=True, default="")


class HarvestReason(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class CampaignHarvest(Endpoint):
    """`GET /api/v1/campaigns/{id}/harvest`: clause and last word. `POST`: the maker says how much came in."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="harvest", responses={200: HarvestShown, **PUBLIC_REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        found = visible(campaign_id, self.actor.party_id)
        said = queries.latest(campaign_id)
        shown = {"clause": queries.clause_of(found), "shortfall": show(said) if said else None}
        return Response(HarvestShown(shown).data)

    @extend_schema(
        operation_id="harvest_declare",
        request=HarvestTerms,
        parameters=[IDEMPOTENT],
        responses={201: ShortfallShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(HarvestTerms)
        of_maker(campaign_id, self.actor.party_id)
        proof = (body["name"], files.unpack(body["content"])) if body["content"] else None
        word = Word(body["percent"], body["account"], proof)
        made = shortfalls.declare(campaign_id=campaign_id, word=word, by=self.actor, at=clock.now())
        return Response(show(made), status=201)


class CampaignClause(Endpoint):
    """`PUT /api/v1/campaigns/{id}/harvest-clause`: agree on it in a draft. `DELETE`: take it out."""

    may = {"PUT": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = {"PUT": "campaigns", "DELETE": "campaigns"}

    @extend_schema(operation_id="harvest_clause_agree", request=ClauseShown, responses={200: ClauseShown, **REFUSED})
    def put(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(ClauseShown)
        made = clauses.agree(campaign_id=campaign_id, **body, by=self.actor, at=clock.now())
        return Response(ClauseShown(made).data)

    @extend_schema(operation_id="harvest_clause_drop", responses={204: None, **REFUSED})
    def delete(self, request: Request, campaign_id: UUID) -> Response:
        clauses.drop(campaign_id=campaign_id, by=self.actor)
        return Response(status=204)


class ShortfallStep(Endpoint):
    """`POST /api/v1/shortfalls/{id}/{act}`: a moderator confirms or refuses it, the maker withdraws it."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="harvest_step", request=HarvestReason, responses={200: ShortfallShown, **REFUSED})
    def post(self, request: Request, shortfall_id: UUID, act: str) -> Response:
        if act not in shortfalls.STEPS:
            raise NotFound
        queries.visible(shortfall_id, self.actor)
        body = self.read(HarvestReason)
        found = shortfalls.STEPS[act](shortfall_id, body["reason"], self.actor, clock.now())
        return Response(show(found))


class PledgePortion(Endpoint):
    """`GET /api/v1/pledges/{id}/portion`: what of my reward's price comes back after a short harvest."""

    may = {"GET": SIGNED_IN}
    scope = {"GET": "pledge"}

    @extend_schema(operation_id="harvest_portion", responses={200: PortionShown, **REFUSED})
    def get(self, request: Request, pledge_id: UUID) -> Response:
        own_pledge(pledge_id, self.actor)
        found = queries.portion_of(pledge_id)
        if found is None:
            raise NotFound
        return Response(PortionShown(found).data)
