"""The rest of the API: what makers answer and are paid, what staff decide, messages.

Staff act in their browser's session with a second factor; tokens never carry staff roles.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.doors import require_step_up
from backend.accounts.endpoints import SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, REFUSED, SIZE, page_size
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.common.patience import unhurried
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.notifications import queries as notifications
from backend.payments import queries as payments
from backend.payments.operations import payouts
from backend.payments.operations.refunds import preview_digest
from crowdfunding.campaigns import finance_desk, queries
from crowdfunding.campaigns.api import DoneShown, Nothing, PledgeShown, Reason, own, show_pledge
from crowdfunding.campaigns.models import Campaign, Tier
from crowdfunding.campaigns.operations import confirmations, delivery, drafts, extensions, pledges, reviews
from crowdfunding.campaigns.states import PledgeState

PAGED: list[Any] = [CURSOR, SIZE]


class RowShown(serializers.Serializer[Any]):
    """A row of a list."""

    id = serializers.CharField()
    state = serializers.CharField()
    title = serializers.CharField()
    amount_fen = serializers.IntegerField()
    at = serializers.DateTimeField()


class RowsShown(serializers.Serializer[Any]):
    """One page of rows."""

    rows = RowShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class Answer(serializers.Serializer[Any]):
    """Whether the maker agrees to a refund, and why."""

    agree = serializers.BooleanField()
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class PayoutTerms(serializers.Serializer[Any]):
    """How much of what is payable; all of it when left out."""

    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN, required=False)


class Why(serializers.Serializer[Any]):
    """The reason, where the decision needs one."""

    reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class BulkTerms(serializers.Serializer[Any]):
    """The digest of the dry run that was read."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(max_length=120)


class BulkShown(serializers.Serializer[Any]):
    """A dry run: how many payments, how much, and the digest to ask with."""

    count = serializers.IntegerField()
    total_fen = serializers.IntegerField()
    digest = serializers.CharField()
    escrow_fen = serializers.IntegerField()


class DisputeTerms(serializers.Serializer[Any]):
    """A chargeback as the provider's desk told of it."""

    order = serializers.CharField(max_length=64)
    provider_no = serializers.CharField(max_length=64)
    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)


class DeskDone(serializers.Serializer[Any]):
    """What was decided."""

    kind = serializers.CharField()
    act = serializers.CharField()


class VerdictShown(serializers.Serializer[Any]):
    """Whether the books agree, and what does not."""

    differences = serializers.ListField(child=serializers.CharField())
    transfers = serializers.IntegerField()


def _page(request: Request, found: Any, order: tuple[str, ...], row: Any) -> Response:
    page = paging.page(found, order=order, cursor=request.query_params.get("cursor", ""), size=page_size(request))
    rows = RowShown([row(one) for one in page.rows], many=True).data
    return Response({"rows": rows, "next_cursor": page.next_cursor})


class MyCampaigns(Endpoint):
    """`GET /api/v1/my/campaigns`: one's own campaigns, drafts included, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_campaigns", parameters=PAGED, responses={200: RowsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        return _page(
            request,
            queries.owned_by(self.actor.party_id),
            ("-created_at", "-id"),
            lambda one: {
                "id": str(one.pk), "state": one.state, "title": one.title, "amount_fen": one.raised_fen,
                "at": one.created_at,
            },
        )  # fmt: skip


class MyMessages(Endpoint):
    """`GET /api/v1/my/messages`: one's inbox, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_messages", parameters=PAGED, responses={200: RowsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        return _page(
            request,
            notifications.inbox(self.actor.party_id),
            ("-at", "-id"),
            lambda one: {
                "id": str(one.pk), "state": "read" if one.read_at else "new", "title": one.zh, "amount_fen": 0,
                "at": one.at,
            },
        )  # fmt: skip


class Backers(Endpoint):
    """`GET /api/v1/campaigns/{id}/backers`: who backs one's own campaign, names masked, newest first."""

    may = {"GET": SIGNED_IN}
    scope = {"GET": "campaigns"}

    @extend_schema(operation_id="campaigns_backers", parameters=PAGED, responses={200: RowsShown, **REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        if not Campaign.objects.filter(pk=campaign_id, owner_id=self.actor.party_id, owner__isnull=False).exists():
            raise NotFound
        return _page(
            request,
            queries.backers_of(campaign_id).exclude(state__in=(PledgeState.RESERVED, PledgeState.EXPIRED)),
            ("-created_at", "-id"),
            lambda one: {
                "id": str(one.pk), "state": one.state, "amount_fen": one.total_fen, "at": one.created_at,
                "title": "" if one.is_anonymous or one.backer is None else one.backer.masked_name,
            },
        )  # fmt: skip


class TierOne(Endpoint):
    """`DELETE /api/v1/tiers/{id}`: take a reward back; closed for new backers once it has one."""

    may = {"DELETE": SIGNED_IN}
    scope = {"DELETE": "campaigns"}

    @extend_schema(operation_id="tiers_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, tier_id: UUID) -> Response:
        if not Tier.objects.filter(pk=tier_id).exists():
            raise NotFound
        drafts.remove_tier(tier_id=tier_id, by=self.actor)
        return Response(status=204)


class PledgeCancellation(Endpoint):
    """`POST /api/v1/pledges/{id}/cancellation`: take a paid pledge back, or leave without paying."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_cancel", request=Nothing, parameters=[IDEMPOTENT], responses={201: PledgeShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        self.read(Nothing)
        made = pledges.own_pledge(pledge_id, self.actor)
        if made.state == PledgeState.RESERVED:
            pledges.abandon(pledge_id=pledge_id, by=self.actor, at=clock.now())
        else:
            made = pledges.cancel_pledge(pledge_id=pledge_id, by=self.actor, at=clock.now())
        return Response(show_pledge(made), status=201)


class PledgeConfirmation(Endpoint):
    """`POST /api/v1/pledges/{id}/confirmation`: stay after the campaign was given more time."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_confirm",
        request=Nothing,
        parameters=[IDEMPOTENT],
        responses={201: PledgeShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        self.read(Nothing)
        made = confirmations.confirm(pledge_id=pledge_id, by=self.actor, at=clock.now(), reason="接受延期")
        return Response(show_pledge(made), status=201)


class Extension(serializers.Serializer[Any]):
    """How many days more, and why."""

    days = serializers.IntegerField(min_value=1, max_value=366)
    reason = serializers.CharField(max_length=500)


class CampaignExtension(Endpoint):
    """`POST /api/v1/campaigns/{id}/extension`: more time, once, in two rounds; every backer confirms or leaves."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="campaigns_extend",
        request=Extension,
        parameters=[IDEMPOTENT],
        responses={201: DoneShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(Extension)
        own(campaign_id)
        made = extensions.extend(campaign_id=campaign_id, **body, by=self.actor, at=clock.now())
        return Response({"id": str(campaign_id), "state": made.state}, status=201)


class PledgeAnswer(Endpoint):
    """`POST /api/v1/pledges/{id}/answer`: the maker answers a refund request."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="pledges_answer",
        request=Answer,
        parameters=[IDEMPOTENT],
        responses={201: DoneShown, **REFUSED},
        examples=[OpenApiExample("agree", value={"agree": True, "reason": ""}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        body = self.read(Answer)
        mine = queries.pledges_to(self.actor.party_id).filter(pk=pledge_id).first()
        if mine is None:
            raise NotFound
        pledges.answer_refund(pledge_id=pledge_id, **body, by=self.actor, at=clock.now())
        mine.refresh_from_db()
        return Response({"id": str(mine.pk), "state": mine.state}, status=201)


class CampaignEnding(Endpoint):
    """`POST /api/v1/campaigns/{id}/ending`: ask to cancel after success; staff confirm as the second person."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="campaigns_ending", request=Reason, parameters=[IDEMPOTENT], responses={201: DoneShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(Reason)
        own(campaign_id)
        delivery.ask_to_cancel(campaign_id=campaign_id, ruling=body["reason"], by=self.actor, at=clock.now())
        return Response({"id": str(campaign_id), "state": Campaign.objects.get(pk=campaign_id).state}, status=201)


class Payouts(Endpoint):
    """`/api/v1/payouts`: one's own payouts, and asking for what is payable."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = {"GET": "money", "POST": "money"}

    @extend_schema(operation_id="payouts_list", parameters=PAGED, responses={200: RowsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        return _page(request, payments.payouts_of(self.actor.party_id), ("-created_at", "-id"), _money_row)

    @extend_schema(
        operation_id="payouts_ask",
        request=PayoutTerms,
        parameters=[IDEMPOTENT],
        responses={201: RowShown, **REFUSED},
        examples=[OpenApiExample("a part", value={"amount_fen": 120_000}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(PayoutTerms)
        party = self.actor.party_id
        if party is None:
            raise NotFound
        amount = body.get("amount_fen") or books.available(ledger.payable_to(party))
        made = payouts.request_payout(party_id=party, amount_fen=amount, title="项目款", by=self.actor, at=clock.now())
        return Response(RowShown(_money_row(made)).data, status=201)


def _money_row(one: Any) -> dict[str, Any]:
    title = getattr(one, "title", None) or getattr(one, "reason", None) or getattr(one, "provider_no", "")
    amount = getattr(one, "amount_fen", None) or getattr(one, "total_fen", 0)
    at = getattr(one, "created_at", None) or getattr(one, "opened_at", None)
    return {"id": str(one.pk), "state": one.state, "title": title, "amount_fen": amount, "at": at}


DESK = {
    "payouts": (payments.payouts, ("-created_at", "-id")),
    "refunds": (payments.refunds, ("-created_at", "-id")),
    "batches": (payments.batches, ("-created_at", "-id")),
    "disputes": (payments.disputes, ("-opened_at", "-id")),
    "debts": (payments.debts, ("-created_at", "-id")),
}


class Desk(Endpoint):
    """`GET /api/v1/finance/{list}`: payouts, refunds, bulk refunds, chargebacks or debts, newest first."""

    may = {"GET": Role.FINANCE}

    @extend_schema(
        operation_id="finance_list",
        parameters=[*PAGED, OpenApiParameter("name", str, OpenApiParameter.PATH, enum=sorted(DESK))],
        responses={200: RowsShown, **REFUSED},
    )
    def get(self, request: Request, name: str) -> Response:
        if name not in DESK:
            raise NotFound
        found, order = DESK[name]
        return _page(request, found(), order, _money_row)


class DeskDecision(Endpoint):
    """`POST /api/v1/finance/{kind}/{key}/{act}`: one decision of the desk, with a fresh proof of identity."""

    may = {"POST": Role.FINANCE}

    @extend_schema(
        operation_id="finance_decide",
        request=Why,
        parameters=[
            IDEMPOTENT,
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=sorted({kind for kind, _ in finance_desk.DECISIONS})),
            OpenApiParameter("act", str, OpenApiParameter.PATH, enum=sorted({act for _, act in finance_desk.DECISIONS})),
        ],
        responses={201: DeskDone, **REFUSED},
        examples=[OpenApiExample("with a reason", value={"reason": "户名不符"}, request_only=True)],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, kind: str, key: str, act: str) -> Response:
        body = self.read(Why)
        if (kind, act) != ("switch", "stop"):
            require_step_up(request._request)
        finance_desk.decide(kind=kind, key=key, act=act, reason=body["reason"], by=self.actor, at=clock.now())
        return Response({"kind": kind, "act": act}, status=201)


class BulkRefund(Endpoint):
    """`/api/v1/finance/bulk/{campaign_id}`: the dry run of a bulk refund, and asking for exactly that."""

    may = {"GET": Role.FINANCE, "POST": Role.FINANCE}

    @extend_schema(operation_id="finance_bulk_preview", responses={200: BulkShown, **REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        _campaign, lines = finance_desk.refundable(campaign_id)
        shown = {
            "count": len(lines),
            "total_fen": sum(amount for _id, amount in lines),
            "digest": preview_digest(lines),
            "escrow_fen": books.available_of("campaign", campaign_id),
        }
        return Response(BulkShown(shown).data)

    @extend_schema(
        operation_id="finance_bulk_ask",
        request=BulkTerms,
        parameters=[IDEMPOTENT],
        responses={201: RowShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(BulkTerms)
        require_step_up(request._request)
        made = finance_desk.ask_bulk_refund(campaign_id=campaign_id, **body, by=self.actor, at=clock.now())
        return Response(RowShown(_money_row(made)).data, status=201)


class Disputes(Endpoint):
    """`POST /api/v1/finance/disputes`: record a chargeback."""

    may = {"GET": Role.FINANCE, "POST": Role.FINANCE}

    @extend_schema(operation_id="finance_disputes", parameters=PAGED, responses={200: RowsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        return _page(request, payments.disputes(), ("-opened_at", "-id"), _money_row)

    @extend_schema(
        operation_id="finance_dispute_record",
        request=DisputeTerms,
        parameters=[IDEMPOTENT],
        responses={201: RowShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(DisputeTerms)
        require_step_up(request._request)
        made = finance_desk.record_dispute(**body, by=self.actor, at=clock.now())
        return Response(RowShown(_money_row(made)).data, status=201)


class Verification(Endpoint):
    """`GET /api/v1/finance/verification`: prove the books now."""

    may = {"GET": Role.FINANCE}

    @extend_schema(operation_id="finance_verify", responses={200: VerdictShown, **REFUSED})
    def get(self, request: Request) -> Response:
        with unhurried(60):
            differences = list(books.differences())[:200]
        return Response({"differences": differences, "transfers": books.totals().transfers})


REVIEWS = {
    "suspension": reviews.suspend,
    "resumption": reviews.resume,
    "cancelling": reviews.cancel,
    "disproof": reviews.disprove_delivery,
}


class ReviewStep(Endpoint):
    """`POST /api/v1/campaigns/{id}/review/{act}`: what a moderator decides of a running campaign."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="review_decide",
        request=Reason,
        parameters=[IDEMPOTENT, OpenApiParameter("act", str, OpenApiParameter.PATH, enum=sorted(REVIEWS))],
        responses={201: DoneShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID, act: str) -> Response:
        body = self.read(Reason)
        own(campaign_id)
        if act not in REVIEWS:
            raise NotFound
        REVIEWS[act](campaign_id=campaign_id, reason=body["reason"], by=self.actor, at=clock.now())
        return Response({"id": str(campaign_id), "state": Campaign.objects.get(pk=campaign_id).state}, status=201)


class EndingConfirmation(Endpoint):
    """`POST /api/v1/campaigns/{id}/ending/confirmation`: a moderator confirms a cancellation after success."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="campaigns_ending_confirm", request=Nothing, parameters=[IDEMPOTENT],
        responses={201: DoneShown, **REFUSED},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        self.read(Nothing)
        if not queries.cancellation_waits(campaign_id):
            raise NotFound
        delivery.confirm_cancel(campaign_id=campaign_id, by=self.actor, at=clock.now())
        return Response({"id": str(campaign_id), "state": Campaign.objects.get(pk=campaign_id).state}, status=201)
