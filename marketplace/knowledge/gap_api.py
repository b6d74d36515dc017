"""The API of gaps: the hall, the poster's side, answering one, the moderator's review and findings."""

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
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.payments.operations import intents
from marketplace.knowledge import queries
from marketplace.knowledge.api import KnowledgeChange, change_shown
from marketplace.knowledge.models import Gap
from marketplace.knowledge.operations import bounties, changes, gaps
from marketplace.knowledge.operations.gaps import MOST_WORDS, Terms
from marketplace.shapes import WorkWhy
from search.engines import Query
from search.queries import find

WORK = {"POST": "work"}


class GapTerms(serializers.Serializer[Any]):
    """What is missing and what is paid for it, in fen before fee and tax; `article_id` where an entry lacks it."""

    title = serializers.CharField(max_length=60)
    wanted = serializers.CharField(max_length=MOST_WORDS)
    category = serializers.ChoiceField(WORK_CATEGORY_KEYS)
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    open_days = serializers.IntegerField(min_value=1, max_value=366)
    article_id = serializers.UUIDField(allow_null=True, default=None)


class GapRow(serializers.Serializer[Any]):
    """A gap as lists show it; the bounty in fen."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    fen = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)


class GapsShown(serializers.Serializer[Any]):
    """One page of gaps, and how many there are."""

    rows = GapRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class GapShown(GapRow):
    """A gap whole; `filled_article_id` is the entry that fills it. What was paid is in fen, null before, and for others than the two sides."""

    owner_id = serializers.UUIDField()
    owner_name = serializers.CharField()
    wanted = serializers.CharField()
    article_id = serializers.UUIDField(allow_null=True)
    open_days = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    filled_article_id = serializers.UUIDField(allow_null=True)
    paid_fen = serializers.IntegerField(allow_null=True)
    fee_fen = serializers.IntegerField(allow_null=True)
    tax_fen = serializers.IntegerField(allow_null=True)


class BountyOrder(serializers.Serializer[Any]):
    """Where the bounty is paid in; the sum in fen."""

    order_number = serializers.CharField()
    amount_fen = serializers.IntegerField()
    url = serializers.CharField()


SUMS = ("paid_fen", "fee_fen", "tax_fen")


def shown(gap: Gap, *, to: UUID | None) -> dict[str, Any]:
    """A gap as the API gives it to a party."""
    names = [name for name in map(str, GapShown().fields) if name not in ("owner_name", "filled_article_id")]
    body: dict[str, Any] = {name: getattr(gap, name) for name in names}
    change = gap.filled_by
    sides = {gap.owner_id, change.author_id if change else None}
    if to is None or to not in sides:
        body |= dict.fromkeys(SUMS)
    body |= {"owner_name": gap.owner.masked_name, "filled_article_id": change.article_id if change else None}
    return dict(GapShown(body).data)


class Gaps(Endpoint):
    """`GET /api/v1/gaps`: public ones. `POST`: a new one, which goes to review."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="gaps_list", parameters=[CURSOR, SIZE], responses={200: GapsShown, **PUBLIC_REFUSED})
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="gap",
                categories=asked.getlist("category")[:10],
                counties=asked.getlist("county")[:10],
                states=asked.getlist("state")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        names = ("title", "state", "category", "county", "closes_at")
        rows = [
            {name: getattr(row, name) for name in names} | {"id": row.subject_id, "fen": row.goal_fen}
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(GapsShown(body).data)

    @extend_schema(
        operation_id="gaps_ask", request=GapTerms, parameters=[IDEMPOTENT], responses={201: GapShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(GapTerms)
        made = gaps.ask(terms=Terms(**body), by=self.actor, at=clock.now())
        return Response(shown(made, to=self.actor.party_id), status=201)


class GapOne(Endpoint):
    """`GET /api/v1/gaps/{id}`: a gap for whoever may see it. `PUT`: mend one that was returned."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="gaps_read", responses={200: GapShown, **PUBLIC_REFUSED})
    def get(self, request: Request, gap_id: UUID) -> Response:
        return Response(shown(queries.gap(gap_id, self.actor), to=self.actor.party_id))

    @extend_schema(operation_id="gaps_ask_again", request=GapTerms, responses={200: GapShown, **REFUSED})
    def put(self, request: Request, gap_id: UUID) -> Response:
        queries.own_gap(gap_id, self.actor)
        body = self.read(GapTerms)
        made = gaps.ask_again(gap_id=gap_id, terms=Terms(**body), by=self.actor, at=clock.now())
        return Response(shown(made, to=self.actor.party_id))


class GapCashier(Endpoint):
    """`POST /api/v1/gaps/{id}/cashier`: where the poster pays the bounty in."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="gaps_pay", request=None, parameters=[IDEMPOTENT], responses={201: BountyOrder, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, gap_id: UUID) -> Response:
        at = clock.now()
        intent = bounties.order(gap_id=gap_id, by=self.actor, at=at)
        body = {
            "order_number": intent.number,
            "amount_fen": intent.amount_fen,
            "url": intents.cashier_url(intent_id=intent.pk, phone=False, at=at),
        }
        return Response(BountyOrder(body).data, status=201)


class GapChanges(Endpoint):
    """`POST /api/v1/gaps/{id}/changes`: begin to write what is missing."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="gaps_answer", request=None, parameters=[IDEMPOTENT], responses={201: KnowledgeChange, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, gap_id: UUID) -> Response:
        made = changes.answer(gap_id=gap_id, by=self.actor, at=clock.now())
        return Response(change_shown(made), status=201)


class GapReview(Endpoint):
    """`POST /api/v1/gaps/{id}/review/{act}`: a moderator approves, returns, freezes or thaws."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="gaps_review", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: GapShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, gap_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.gap(gap_id, self.actor)
        gaps.REVIEWING.decide(act, subject_id=gap_id, **body, by=self.actor, at=clock.now())
        return Response(shown(queries.gap(gap_id, self.actor), to=self.actor.party_id), status=201)


class GapFinding(Endpoint):
    """`POST /api/v1/gaps/{id}/finding/{act}`: a moderator finds a contested gap filled (`for`), or not (`against`)."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="gaps_find", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: GapShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, gap_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.gap(gap_id, self.actor)
        if act not in bounties.FINDINGS:
            raise NotFound
        bounties.FINDINGS[act](gap_id, body["reason"], self.actor, clock.now())
        return Response(shown(queries.gap(gap_id, self.actor), to=self.actor.party_id), status=201)


class GapStep(Endpoint):
    """`POST /api/v1/gaps/{id}/{act}`: the poster's accept, contest, cancel, withdraw."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="gaps_act", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: GapShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, gap_id: UUID, act: str) -> Response:
        queries.own_gap(gap_id, self.actor)
        body = self.read(WorkWhy)
        if act not in bounties.STEPS:
            raise NotFound
        bounties.STEPS[act](gap_id, body["reason"], self.actor, clock.now())
        return Response(shown(queries.gap(gap_id, self.actor), to=self.actor.party_id), status=201)


class MyGaps(Endpoint):
    """`GET /api/v1/my/gaps`: the gaps that I pay for, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_gaps", parameters=[CURSOR, SIZE], responses={200: GapsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        rows = queries.gaps_of(self.actor.party_id)
        page = paging.page(
            rows,
            order=("-created_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        names = list(map(str, GapRow().fields))
        body = {
            "rows": [{name: getattr(one, name) for name in names} for one in page.rows],
            "total": rows.count(),
            "next_cursor": page.next_cursor,
        }
        return Response(GapsShown(body).data)
