"""The API of led campaigns: leads, their dossiers and reports, followers' confirmations."""

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
from crowdfunding.campaigns import queries as campaigns
from crowdfunding.campaigns.api import own
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.leads import queries
from crowdfunding.leads.models import REWARDS, Follow, Lead, Report
from crowdfunding.leads.operations import candidacies, follows, reports
from crowdfunding.leads.operations.candidacies import Dossier
from crowdfunding.leads.states import Reporting


class DossierTerms(serializers.Serializer[Any]):
    """What a lead puts on the table; money in fen."""

    stake_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    reward_kind = serializers.ChoiceField([key for key, _ in REWARDS])
    reward = serializers.CharField(max_length=200, allow_blank=True, default="")
    terms = serializers.CharField(max_length=2_000)
    diligence = serializers.CharField(max_length=20_000)
    conflicts = serializers.CharField(max_length=2_000)
    is_related = serializers.BooleanField(default=False)


class RecordShown(serializers.Serializer[Any]):
    """What became of a party's leads: counts, failures included."""

    led = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    left = serializers.IntegerField()
    removed = serializers.IntegerField()
    reports = serializers.IntegerField()
    missed = serializers.IntegerField()


class LeadShown(serializers.Serializer[Any]):
    """A lead with its dossier and record."""

    id = serializers.UUIDField()
    campaign_id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.CharField()
    stake_fen = serializers.IntegerField()
    reward_kind = serializers.CharField()
    reward = serializers.CharField(allow_blank=True)
    terms = serializers.CharField()
    diligence = serializers.CharField()
    conflicts = serializers.CharField()
    is_related = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    record = RecordShown()


class LeadsShown(serializers.Serializer[Any]):
    """A campaign's round and its leads, first come first; at most twenty."""

    state = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    rows = LeadShown(many=True)


class LedForm(serializers.Serializer[Any]):
    """Whether backers follow a lead."""

    is_led = serializers.BooleanField()


class SeekingShown(serializers.Serializer[Any]):
    """A campaign that looks for a lead."""

    campaign_id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    goal_fen = serializers.IntegerField()
    stake_least_fen = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)


class SeekingPage(serializers.Serializer[Any]):
    """One page of the deal inbox."""

    rows = SeekingShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class LeadReason(serializers.Serializer[Any]):
    """Why; public where a lead leaves."""

    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class FollowingShown(serializers.Serializer[Any]):
    """Whom a pledge follows, and until when that has to be confirmed."""

    lead_id = serializers.UUIDField()
    state = serializers.CharField()
    confirm_by = serializers.DateTimeField(allow_null=True)


class FollowTerms(serializers.Serializer[Any]):
    """The lead under whose terms the backer stays."""

    lead_id = serializers.UUIDField()


class ReportTerms(serializers.Serializer[Any]):
    """What the lead tells its followers."""

    body = serializers.CharField(max_length=10_000)


class ReportShown(serializers.Serializer[Any]):
    """A report of a lead, due or filed."""

    id = serializers.UUIDField()
    no = serializers.IntegerField()
    state = serializers.CharField()
    due_at = serializers.DateTimeField()
    filed_at = serializers.DateTimeField(allow_null=True)
    body = serializers.CharField(allow_blank=True)


class ReportsShown(serializers.Serializer[Any]):
    """A lead's reports, the newest first; at most fifty."""

    rows = ReportShown(many=True)


def show_lead(lead: Lead, record: queries.Record | None = None) -> dict[str, Any]:
    """A lead as the API tells it; lists bring the record that they read with the others."""
    names = ("id", "campaign_id", "state", "stake_fen", "reward_kind", "reward", "terms", "diligence", "conflicts",
             "is_related", "reason")  # fmt: skip
    row: dict[str, Any] = {name: getattr(lead, name) for name in names}
    return dict(
        LeadShown(row | {"name": lead.party.masked_name, "record": record or queries.record(lead.party_id)}).data
    )


class DealInbox(Endpoint):
    """`GET /api/v1/leads`: campaigns that look for a lead."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="leads_seeking", parameters=[CURSOR, SIZE], responses={200: SeekingPage, **REFUSED})
    def get(self, request: Request) -> Response:
        page = paging.page(
            queries.seeking(), order=("state_at", "id"), cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )  # fmt: skip
        now = clock.now()
        rows = [
            {
                "campaign_id": led.campaign_id,
                "title": led.campaign.title,
                "state": led.state,
                "goal_fen": led.campaign.goal_fen,
                "stake_least_fen": candidacies.stake_range(led.campaign, at=now)[0],
                "due_at": led.due_at,
            }
            for led in page.rows
        ]
        return Response(SeekingPage({"rows": rows, "next_cursor": page.next_cursor}).data)


class CampaignLed(Endpoint):
    """`PUT /api/v1/campaigns/{id}/led`: whether backers follow a lead; before review only."""

    may = {"PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="campaign_led", request=LedForm, responses={200: LedForm, **REFUSED})
    def put(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(LedForm)
        own(campaign_id)
        made = candidacies.choose_led(campaign_id=campaign_id, is_led=body["is_led"], by=self.actor, at=clock.now())
        return Response({"is_led": made.is_led})


class CampaignLeads(Endpoint):
    """`/api/v1/campaigns/{id}/leads`: who leads a campaign; POST offers to."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(operation_id="leads_list", responses={200: LeadsShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, campaign_id: UUID) -> Response:
        found = campaigns.public().filter(pk=campaign_id).first()
        led = queries.round_of(found) if found is not None else None
        if led is None:
            raise NotFound
        leads = list(queries.leads_of(campaign_id)[:20])
        records = queries.records(lead.party_id for lead in leads)
        rows = [show_lead(lead, records[lead.party_id]) for lead in leads]
        return Response({"state": led.state, "due_at": led.due_at, "rows": rows})

    @extend_schema(
        operation_id="leads_propose",
        request=DossierTerms,
        parameters=[IDEMPOTENT],
        responses={201: LeadShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(DossierTerms)
        lead = candidacies.propose(campaign_id=campaign_id, dossier=Dossier(**body), by=self.actor, at=clock.now())
        return Response(show_lead(lead), status=201)


class LeadOne(Endpoint):
    """`GET /api/v1/leads/{id}`: a lead's dossier."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="lead_read", responses={200: LeadShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, lead_id: UUID) -> Response:
        return Response(show_lead(queries.visible(lead_id, self.actor)))


class LeadStep(Endpoint):
    """`POST /api/v1/leads/{id}/{act}`: agree, decline (maker); check, refuse, remove (moderator); withdraw (lead)."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="lead_step", request=LeadReason, parameters=[IDEMPOTENT], responses={201: LeadShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, lead_id: UUID, act: str) -> Response:
        reason = self.read(LeadReason).get("reason", "")
        if act not in candidacies.STEPS:
            raise NotFound
        queries.visible(lead_id, self.actor)
        made = candidacies.STEPS[act](lead_id, reason, self.actor, clock.now())
        return Response(show_lead(made), status=201)


class PledgeFollowing(Endpoint):
    """`/api/v1/pledges/{id}/following`: whom my pledge follows; POST stays under another lead."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    def _show(self, made: Pledge, status: int) -> Response:
        follow = Follow.objects.filter(pledge=made).first()
        if follow is None:
            raise NotFound
        shown = {"lead_id": follow.lead_id, "state": made.state, "confirm_by": made.confirm_by}
        return Response(FollowingShown(shown).data, status=status)

    @extend_schema(operation_id="following_read", responses={200: FollowingShown, **REFUSED})
    def get(self, request: Request, pledge_id: UUID) -> Response:
        return self._show(own_pledge(pledge_id, self.actor), 200)

    @extend_schema(
        operation_id="following_confirm",
        request=FollowTerms,
        parameters=[IDEMPOTENT],
        responses={201: FollowingShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        lead_id = self.read(FollowTerms)["lead_id"]
        made = follows.confirm(pledge_id=pledge_id, lead_id=lead_id, by=self.actor, at=clock.now())
        return self._show(made, 201)


class LeadReports(Endpoint):
    """`GET /api/v1/leads/{id}/reports`: what a lead owed and told its followers."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="lead_reports", responses={200: ReportsShown, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, lead_id: UUID) -> Response:
        lead = queries.visible(lead_id, self.actor)
        rows = Report.objects.filter(lead=lead).exclude(state=Reporting.VOID).order_by("-no")[:50]
        return Response(ReportsShown({"rows": rows}).data)


class ReportFiling(Endpoint):
    """`POST /api/v1/lead-reports/{id}/filing`: file a report, late or in time."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="lead_report_file",
        request=ReportTerms,
        parameters=[IDEMPOTENT],
        responses={201: ReportShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, report_id: UUID) -> Response:
        body = self.read(ReportTerms)["body"]
        made = reports.file(report_id=report_id, body=body, by=self.actor, at=clock.now())
        return Response(ReportShown(made).data, status=201)
