"""Campaigns over the API: read by everyone, written by their makers, pledged to by verified people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, ProblemShown, page_size
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.payments.operations import intents
from crowdfunding.campaigns import queries, trail
from crowdfunding.campaigns.models import FUNDING_RULES, RIGHT_CLASSES, Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import changes, delivery, drafts, pledges, reminders, reviews, talk
from crowdfunding.campaigns.operations.batches import MOST_UNITS
from crowdfunding.campaigns.operations.drafts import Terms, TierTerms
from crowdfunding.campaigns.operations.shared import require_owner
from search.engines import Query
from search.queries import find


class TierShown(serializers.Serializer[Any]):
    """A reward; `free` is how many can still be had, of its own stock and of its batch, null where nothing bounds them."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    description = serializers.CharField()
    price_fen = serializers.IntegerField()
    shipping_fen = serializers.IntegerField()
    stock = serializers.IntegerField(allow_null=True)
    left = serializers.IntegerField(allow_null=True)
    free = serializers.IntegerField(allow_null=True)
    batch_id = serializers.UUIDField(allow_null=True)
    batch_units = serializers.IntegerField()
    per_person = serializers.IntegerField(allow_null=True)
    right_class = serializers.CharField()
    deliver_on = serializers.DateField(allow_null=True)
    is_open = serializers.BooleanField()


class CampaignShown(serializers.Serializer[Any]):
    """A campaign as anyone may see it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField()
    story = serializers.CharField()
    risks = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField()
    rule = serializers.CharField()
    is_led = serializers.BooleanField()
    state = serializers.CharField()
    goal_fen = serializers.IntegerField()
    optimum_fen = serializers.IntegerField(allow_null=True)
    round_no = serializers.IntegerField()
    raised_fen = serializers.IntegerField()
    pledges = serializers.IntegerField()
    percent = serializers.IntegerField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    promised_on = serializers.DateField(allow_null=True)
    next_at = serializers.DateTimeField(allow_null=True)
    late_until = serializers.DateTimeField(allow_null=True)
    owner = serializers.CharField()
    version = serializers.IntegerField()
    tiers = TierShown(many=True)


class ListingShown(serializers.Serializer[Any]):
    """A campaign as lists show it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField()
    state = serializers.CharField()
    goal_fen = serializers.IntegerField()
    raised_fen = serializers.IntegerField()
    percent = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)


class ListingsShown(serializers.Serializer[Any]):
    """One page of campaigns."""

    rows = ListingShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")


class PledgeShown(serializers.Serializer[Any]):
    """A pledge of one's own."""

    id = serializers.UUIDField()
    campaign_id = serializers.UUIDField()
    tier_id = serializers.UUIDField(allow_null=True)
    quantity = serializers.IntegerField()
    goods_fen = serializers.IntegerField()
    shipping_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()
    state = serializers.CharField()
    created_at = serializers.DateTimeField()
    confirm_by = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    replaces_id = serializers.UUIDField(allow_null=True)
    order_number = serializers.CharField()
    pay_by = serializers.DateTimeField()


class PledgesShown(serializers.Serializer[Any]):
    """One page of pledges."""

    rows = PledgeShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class StepShown(serializers.Serializer[Any]):
    """One step of the money."""

    words = serializers.CharField()
    amount_fen = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    number = serializers.CharField(allow_blank=True)
    is_done = serializers.BooleanField()


class TrailShown(serializers.Serializer[Any]):
    """Where the money of a pledge is."""

    steps = StepShown(many=True)


class CashierShown(serializers.Serializer[Any]):
    """Where to pay."""

    url = serializers.URLField()


class DoneShown(serializers.Serializer[Any]):
    """What was done, and the state it led to."""

    id = serializers.UUIDField()
    state = serializers.CharField()


class PledgeTerms(serializers.Serializer[Any]):
    """What a backer chooses; `lead_id` where the campaign is led, `replaces_id` to change the reward of a paid pledge.

    The total is computed by the server, and only compared.
    """

    tier_id = serializers.UUIDField(required=False, allow_null=True)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000, default=1)
    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN, required=False, allow_null=True)
    expected_total_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN, required=False, allow_null=True)
    is_anonymous = serializers.BooleanField(default=False)
    lead_id = serializers.UUIDField(required=False, allow_null=True)
    replaces_id = serializers.UUIDField(required=False, allow_null=True)


class CampaignTerms(serializers.Serializer[Any]):
    """What a maker writes; `version` is the one that was read."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    title = serializers.CharField(max_length=80)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    story = serializers.CharField(max_length=20_000, allow_blank=True)
    risks = serializers.CharField(max_length=5_000, allow_blank=True)
    category = serializers.ChoiceField(CATEGORY_KEYS)
    county = serializers.ChoiceField(COUNTIES, allow_blank=True)
    rule = serializers.ChoiceField([key for key, _ in FUNDING_RULES])
    goal_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    optimum_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN, required=False, allow_null=True)
    days = serializers.IntegerField(min_value=1, max_value=366)
    promised_on = serializers.DateField(allow_null=True)


class TierOffered(serializers.Serializer[Any]):
    """What a maker offers for how much."""

    title = serializers.CharField(max_length=60)
    description = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    price_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    shipping_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, default=0)
    stock = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    per_person = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    right_class = serializers.ChoiceField([key for key, _ in RIGHT_CLASSES], default="seven_days")
    deliver_on = serializers.DateField(required=False, allow_null=True)
    batch_id = serializers.UUIDField(required=False, allow_null=True)
    batch_units = serializers.IntegerField(min_value=0, max_value=MOST_UNITS, default=0)


class Wanted(serializers.Serializer[Any]):
    """Whether one wants it."""

    is_wanted = serializers.BooleanField(default=True)


class Nothing(serializers.Serializer[Any]):
    """No fields."""


class Reason(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=500)


class LaunchTerms(serializers.Serializer[Any]):
    """When to open; at once when left out."""

    opens_at = serializers.DateTimeField(required=False, allow_null=True)


class UpdateTerms(serializers.Serializer[Any]):
    """An update, in Markdown."""

    title = serializers.CharField(max_length=80)
    body = serializers.CharField(max_length=20_000)


class QuestionTerms(serializers.Serializer[Any]):
    """A question."""

    text = serializers.CharField(min_length=2, max_length=500)


class Approval(serializers.Serializer[Any]):
    """The signed lines of the checklist."""

    checklist = serializers.ListField(child=serializers.ChoiceField(list(reviews.CHECKLIST)), max_length=20)


def show_tier(tier: Tier) -> dict[str, Any]:
    return dict(TierShown(tier).data)


def show_campaign(found: Campaign) -> dict[str, Any]:
    """A campaign with its rewards; two statements when it comes from `queries.public`."""
    names: list[str] = list(CampaignShown().fields.keys())
    shown: dict[str, Any] = {name: getattr(found, name) for name in names if hasattr(found, name)}
    shown["pledges"] = found.pledges_n
    shown["next_at"] = found.due_at
    shown["owner"] = found.owner.masked_name if found.owner else ""
    shown["tiers"] = list(found.tiers.all())
    return dict(CampaignShown(shown).data)


def show_pledge(made: Pledge) -> dict[str, Any]:
    """A pledge with the order that pays it."""
    intent = pledges.intent_of(made.pk)
    names: list[str] = list(PledgeShown().fields.keys())
    shown: dict[str, Any] = {name: getattr(made, name) for name in names if hasattr(made, name)}
    return dict(PledgeShown(shown | {"order_number": intent.number, "pay_by": intent.expires_at}).data)


def _words(request: Request, name: str) -> list[str]:
    return [value for value in request.query_params.getlist(name) if "\x00" not in value][:10]


class PassportTerms(serializers.Serializer[Any]):
    """The venture that a campaign belongs to, if any: its passport fills the draft, its documents count for it."""

    passport_id = serializers.UUIDField(allow_null=True, default=None)


class Campaigns(Endpoint):
    """`GET /api/v1/campaigns`: browse; `POST`: a new draft."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="campaigns_list",
        parameters=[
            CURSOR, SIZE,
            OpenApiParameter("q", str, description="Words to look for."),
            OpenApiParameter("category", str, many=True), OpenApiParameter("county", str, many=True),
            OpenApiParameter("state", str, many=True),
            OpenApiParameter("order", str, enum=["newest", "closing", "raised", "percent"]),
        ],
        responses={200: ListingsShown, **PUBLIC_REFUSED},
        auth=[],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        query = Query(
            text=request.query_params.get("q", "")[:100].replace("\x00", ""),
            kind="campaign",
            categories=_words(request, "category"),
            counties=_words(request, "county"),
            states=_words(request, "state"),
            order=request.query_params.get("order", "newest"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        found = find(query)
        names: list[str] = list(ListingShown().fields.keys())
        rows = [
            {name: getattr(row, name) for name in names if name != "id"} | {"id": row.subject_id}
            for row in found.page.rows
        ]
        return Response(
            {
                "rows": ListingShown(rows, many=True).data,
                "next_cursor": found.page.next_cursor,
                "total": found.total,
                "is_capped": found.is_capped,
            }
        )

    @extend_schema(
        operation_id="campaigns_start",
        request=PassportTerms,
        parameters=[IDEMPOTENT],
        responses={201: CampaignShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        passport_id = self.read(PassportTerms)["passport_id"]
        party = self.actor.party_id
        if party is None:
            raise NotFound
        made = drafts.start(owner_id=party, by=self.actor, at=clock.now(), passport_id=passport_id)
        return Response(show_campaign(made), status=201)


class CampaignPassport(Endpoint):
    """`PUT /api/v1/campaigns/{id}/passport`: say of which venture a campaign is."""

    may = {"PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="campaigns_belong", request=PassportTerms, responses={200: CampaignShown, **REFUSED})
    def put(self, request: Request, campaign_id: UUID) -> Response:
        passport_id = self.read(PassportTerms)["passport_id"]
        own(campaign_id)
        found = drafts.belong(campaign_id=campaign_id, passport_id=passport_id, by=self.actor, at=clock.now())
        return Response(show_campaign(found))


class CampaignOne(Endpoint):
    """`/api/v1/campaigns/{id}`: a public campaign, or a draft of one's own."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="campaigns_read", responses={200: CampaignShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, campaign_id: UUID) -> Response:
        found = queries.public().filter(pk=campaign_id).first()
        if found is None and self.actor.party_id is not None:
            found = queries.owned_by(self.actor.party_id).filter(pk=campaign_id).first()
        if found is None:
            raise NotFound
        return Response(show_campaign(found))

    @extend_schema(
        operation_id="campaigns_write",
        request=CampaignTerms,
        responses={200: CampaignShown, 412: ProblemShown, **REFUSED},
    )
    def put(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(CampaignTerms)
        version = body.pop("version")
        own(campaign_id)
        found = drafts.write(
            campaign_id=campaign_id, terms=Terms(**body), version=version, by=self.actor, at=clock.now()
        )
        return Response(show_campaign(found))


def own(campaign_id: UUID) -> None:
    """A campaign that exists at all; whose it is, the operation decides.

    Raises:
        NotFound: there is none.
    """
    if not Campaign.objects.filter(pk=campaign_id).exists():
        raise NotFound


class CampaignTiers(Endpoint):
    """`POST /api/v1/campaigns/{id}/tiers`: offer a reward."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="tiers_add", request=TierOffered, parameters=[IDEMPOTENT], responses={201: TierShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = {"stock": None, "per_person": None, "deliver_on": None} | self.read(TierOffered)
        own(campaign_id)
        tier = drafts.add_tier(campaign_id=campaign_id, terms=TierTerms(**body), by=self.actor, at=clock.now())
        return Response(show_tier(tier), status=201)


class CampaignStep(Endpoint):
    """One step of a campaign's life, as a thing to create: submission, launch, withdrawal, shipment."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}
    form: type[serializers.Serializer[Any]] = Nothing

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        """What this step does."""
        raise NotImplementedError

    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(self.form)
        own(campaign_id)
        self.step(campaign_id, body, clock.now())
        found = Campaign.objects.get(pk=campaign_id)
        return Response({"id": str(found.pk), "state": found.state}, status=201)


def _step_schema(name: str, form: type[serializers.Serializer[Any]]):  # type: ignore[no-untyped-def]  # a class decorator of spectacular
    return extend_schema_view(
        post=extend_schema(
            operation_id=name, request=form, parameters=[IDEMPOTENT], responses={201: DoneShown, **REFUSED}
        )
    )


@_step_schema("campaigns_submit", Nothing)
class Submission(CampaignStep):
    """`POST …/submission`: send to review."""

    may = {"POST": SIGNED_IN}

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        drafts.submit(campaign_id=campaign_id, by=self.actor, at=at)


@_step_schema("campaigns_launch", LaunchTerms)
class Launch(CampaignStep):
    """`POST …/launch`: publish an approved campaign."""

    may = {"POST": SIGNED_IN}
    form = LaunchTerms

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        drafts.launch(campaign_id=campaign_id, opens_at=body.get("opens_at"), by=self.actor, at=at)


@_step_schema("campaigns_withdraw", Nothing)
class Withdrawal(CampaignStep):
    """`POST …/withdrawal`: take back what nobody has paid for."""

    may = {"POST": SIGNED_IN}

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        drafts.withdraw(campaign_id=campaign_id, by=self.actor, at=at)


@_step_schema("campaigns_cancel", Reason)
class CancellationStep(CampaignStep):
    """`POST …/cancellation`: cancel a live campaign; everyone is refunded."""

    may = {"POST": SIGNED_IN}
    form = Reason

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        require_owner(Campaign.objects.get(pk=campaign_id), self.actor)
        reviews.cancel(campaign_id=campaign_id, reason=body["reason"], by=self.actor, at=at)


@_step_schema("campaigns_ship", Nothing)
class Shipment(CampaignStep):
    """`POST …/shipment`: shipping has begun."""

    may = {"POST": SIGNED_IN}

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        delivery.start_shipping(campaign_id=campaign_id, by=self.actor, at=at)


@_step_schema("updates_post", UpdateTerms)
class Updates(CampaignStep):
    """`POST …/updates`: tell everyone about the progress."""

    may = {"POST": SIGNED_IN}
    form = UpdateTerms

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        talk.post_update(campaign_id=campaign_id, title=body["title"], body=body["body"], by=self.actor, at=at)


@_step_schema("questions_ask", QuestionTerms)
class Questions(CampaignStep):
    """`POST …/questions`: ask the maker."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}
    form = QuestionTerms

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        talk.ask(campaign_id=campaign_id, text=body["text"], by=self.actor, at=at)


@_step_schema("campaigns_remind", Wanted)
class Reminding(CampaignStep):
    """`POST …/reminder`: tell me when it opens and before it ends, or no longer (提醒我)."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}
    form = Wanted

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        reminders.choose(campaign_id=campaign_id, is_wanted=body["is_wanted"], by=self.actor, at=at)


@_step_schema("reviews_approve", Approval)
class ReviewApproval(CampaignStep):
    """`POST …/approval`: a moderator approves."""

    may = {"POST": Role.MODERATOR}
    form = Approval

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        reviews.approve(campaign_id=campaign_id, checklist=body["checklist"], by=self.actor, at=at)


@_step_schema("reviews_return", Reason)
class ReviewReturn(CampaignStep):
    """`POST …/return`: a moderator returns it with the reason."""

    may = {"POST": Role.MODERATOR}
    form = Reason

    def step(self, campaign_id: UUID, body: dict[str, Any], at: datetime) -> None:
        reviews.send_back(campaign_id=campaign_id, reason=body["reason"], checklist=(), by=self.actor, at=at)


class CampaignPledges(Endpoint):
    """Back a campaign: `POST /api/v1/campaigns/{campaign_id}/pledges` (支持)."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_make",
        request=PledgeTerms,
        parameters=[IDEMPOTENT],
        responses={201: PledgeShown, **REFUSED},
        examples=[OpenApiExample("no reward", value={"amount_fen": 5000}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        terms = {"tier_id": None, "lead_id": None, "replaces_id": None} | self.read(PledgeTerms)
        under, replaces = terms.pop("lead_id"), terms.pop("replaces_id")
        chosen = changes.Order(under=under, replaces=replaces, **terms)
        made = changes.order(campaign_id=campaign_id, chosen=chosen, by=self.actor, at=clock.now())
        return Response(show_pledge(made), status=201)


class Pledges(Endpoint):
    """`GET /api/v1/pledges`: one's own pledges."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="pledges_list", parameters=[CURSOR, SIZE], responses={200: PledgesShown, **REFUSED})
    def get(self, request: Request) -> Response:
        party = self.actor.party_id
        if party is None:
            raise NotFound
        page = paging.page(
            queries.pledges_of(party), order=("-created_at", "-id"), cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )  # fmt: skip
        return Response({"rows": [show_pledge(made) for made in page.rows], "next_cursor": page.next_cursor})


class PledgeOne(Endpoint):
    """`GET /api/v1/pledges/{id}`."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="pledges_read", responses={200: PledgeShown, **REFUSED})
    def get(self, request: Request, pledge_id: UUID) -> Response:
        return Response(show_pledge(pledges.own_pledge(pledge_id, self.actor)))


class PledgeTrail(Endpoint):
    """`GET /api/v1/pledges/{id}/trail`: where my money is."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="pledges_trail", responses={200: TrailShown, **REFUSED})
    def get(self, request: Request, pledge_id: UUID) -> Response:
        made = pledges.own_pledge(pledge_id, self.actor)
        return Response({"steps": StepShown(trail.of(made), many=True).data})


class PledgeCashier(Endpoint):
    """`POST /api/v1/pledges/{id}/cashier`: where to pay; the order is paid once however often this is asked."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(operation_id="pledges_cashier", request=Nothing, responses={200: CashierShown, **REFUSED})
    def post(self, request: Request, pledge_id: UUID) -> Response:
        self.read(Nothing)
        made = pledges.own_pledge(pledge_id, self.actor)
        url = intents.cashier_url(intent_id=pledges.intent_of(made.pk).pk, phone=False, at=clock.now())
        return Response({"url": url})


class PledgeRefund(Endpoint):
    """`POST /api/v1/pledges/{id}/refund`: take a pledge back while the campaign runs; later, ask the maker."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_refund", request=Reason, parameters=[IDEMPOTENT], responses={201: DoneShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        body, at = self.read(Reason), clock.now()
        made = pledges.own_pledge(pledge_id, self.actor)
        if made.campaign.is_open(at):
            pledges.cancel_pledge(pledge_id=pledge_id, by=self.actor, at=at)
        else:
            pledges.ask_refund(pledge_id=pledge_id, reason=body["reason"], by=self.actor, at=at)
        made.refresh_from_db()
        return Response({"id": str(made.pk), "state": made.state}, status=201)


class PledgeReceipt(Endpoint):
    """`POST /api/v1/pledges/{id}/receipt`: the goods arrived."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_receive", request=Nothing, parameters=[IDEMPOTENT], responses={201: DoneShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        self.read(Nothing)
        pledges.confirm_receipt(pledge_id=pledge_id, by=self.actor, at=clock.now())
        made = pledges.own_pledge(pledge_id, self.actor)
        return Response({"id": str(made.pk), "state": made.state}, status=201)
