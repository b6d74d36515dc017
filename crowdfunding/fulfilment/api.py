"""The API of fulfilment: a backer's parcel, a maker's survey, parcels and shipments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, REFUSED, SIZE, page_size
from backend.common import clock, paging
from backend.common.errors import NotFound
from crowdfunding.campaigns.api import own
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.campaigns.operations.shared import require_owner
from crowdfunding.fulfilment import addresses, queries
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.operations import parcels, shipments, surveys


class AddressTerms(serializers.Serializer[Any]):
    """Where a reward goes, and the answers to the survey by question."""

    recipient = serializers.CharField(max_length=30)
    phone = serializers.CharField(max_length=20)
    region = serializers.CharField(max_length=60)
    street = serializers.CharField(max_length=120)
    answers = serializers.DictField(child=serializers.CharField(max_length=100), required=False)


class ParcelShown(serializers.Serializer[Any]):
    """A parcel: never its whole address."""

    id = serializers.UUIDField()
    no = serializers.IntegerField()
    state = serializers.CharField()
    address = serializers.CharField(allow_blank=True)
    carrier = serializers.CharField(allow_blank=True)
    tracking_no = serializers.CharField(allow_blank=True)
    shipped_at = serializers.DateTimeField(allow_null=True)
    locks_at = serializers.DateTimeField(allow_null=True)


class ParcelsShown(serializers.Serializer[Any]):
    """One page of parcels."""

    rows = ParcelShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class SurveyTerms(serializers.Serializer[Any]):
    """Questions, a line each: `颜色：红|蓝` for a choice, `刻字` for free text."""

    questions = serializers.CharField(max_length=4_000, allow_blank=True, trim_whitespace=False)


class SurveyShown(serializers.Serializer[Any]):
    """How far a campaign's survey is."""

    state = serializers.CharField()
    locks_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class SentRow(serializers.Serializer[Any]):
    """One parcel that went out."""

    no = serializers.IntegerField(min_value=1, max_value=999_999_999)
    carrier = serializers.CharField(max_length=30)
    tracking_no = serializers.CharField(max_length=40)


class Shipment(serializers.Serializer[Any]):
    """Parcels that went out, all of them noted or none."""

    rows = serializers.ListField(child=SentRow(), allow_empty=False, max_length=5_000)


class Shipped(serializers.Serializer[Any]):
    """How many were noted as new."""

    count = serializers.IntegerField()


class Settlement(serializers.Serializer[Any]):
    """How a lost parcel is settled."""

    act = serializers.ChoiceField(["send_again", "refund"])


def show_parcel(parcel: Parcel, survey: Survey | None = None) -> dict[str, Any]:
    """A parcel as the API tells it; lists give the survey that all their parcels share."""
    survey = survey or Survey.objects.get(campaign_id=parcel.campaign_id)
    sealed = parcel.address_sealed
    return {
        "id": parcel.pk,
        "no": parcel.no,
        "state": parcel.state,
        "address": addresses.unseal(sealed, place=parcel.place).masked if sealed else "",
        "carrier": parcel.carrier,
        "tracking_no": parcel.tracking_no,
        "shipped_at": parcel.shipped_at,
        "locks_at": survey.due_at,
    }


class PledgeParcel(Endpoint):
    """`/api/v1/pledges/{id}/parcel`: where my reward is, and where it goes."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"PUT": "pledge"}

    @extend_schema(operation_id="parcel_read", responses={200: ParcelShown, **REFUSED})
    def get(self, request: Request, pledge_id: UUID) -> Response:
        own_pledge(pledge_id, self.actor)
        found = Parcel.objects.filter(pledge_id=pledge_id).first()
        if found is None:
            raise NotFound
        return Response(ParcelShown(show_parcel(found)).data)

    @extend_schema(operation_id="parcel_address", request=AddressTerms, responses={200: ParcelShown, **REFUSED})
    def put(self, request: Request, pledge_id: UUID) -> Response:
        body = self.read(AddressTerms)
        wanted = addresses.read(body["recipient"], body["phone"], body["region"], body["street"])
        made = parcels.fill(
            pledge_id=pledge_id, address=wanted, answers=body.get("answers", {}), by=self.actor, at=clock.now()
        )
        return Response(ParcelShown(show_parcel(made)).data)


class ParcelLoss(Endpoint):
    """`POST /api/v1/pledges/{id}/parcel/loss`: it did not come."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="parcel_lost", request=None, parameters=[IDEMPOTENT], responses={201: ParcelShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        made = parcels.report_lost(pledge_id=pledge_id, by=self.actor, at=clock.now())
        return Response(ParcelShown(show_parcel(made)).data, status=201)


class CampaignSurvey(Endpoint):
    """`/api/v1/campaigns/{id}/survey`: what the maker asks, and how far the answers are."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    def _show(self, campaign_id: UUID) -> Response:
        survey = Survey.objects.get(campaign_id=campaign_id)
        shown = {"state": survey.state, "locks_at": survey.due_at, "counts": queries.counts(campaign_id)}
        return Response(SurveyShown(shown).data)

    @extend_schema(operation_id="survey_read", responses={200: SurveyShown, **REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        own(campaign_id)
        require_owner(Campaign.objects.get(pk=campaign_id), self.actor)
        if not Survey.objects.filter(campaign_id=campaign_id).exists():
            raise NotFound
        return self._show(campaign_id)

    @extend_schema(operation_id="survey_write", request=SurveyTerms, responses={200: SurveyShown, **REFUSED})
    def put(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(SurveyTerms)
        surveys.write_questions(campaign_id=campaign_id, text=body["questions"], by=self.actor)
        return self._show(campaign_id)


class SurveyLock(Endpoint):
    """`POST /api/v1/campaigns/{id}/survey/lock`: warn everyone; addresses lock 48 hours later."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="survey_lock", request=None, parameters=[IDEMPOTENT], responses={201: SurveyShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        survey = surveys.announce_lock(campaign_id=campaign_id, by=self.actor, at=clock.now())
        shown = {"state": survey.state, "locks_at": survey.due_at, "counts": queries.counts(campaign_id)}
        return Response(SurveyShown(shown).data, status=201)


class CampaignParcels(Endpoint):
    """`GET /api/v1/campaigns/{id}/parcels`: the maker's parcels, addresses masked."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="parcels_list", parameters=[CURSOR, SIZE], responses={200: ParcelsShown, **REFUSED})
    def get(self, request: Request, campaign_id: UUID) -> Response:
        own(campaign_id)
        require_owner(Campaign.objects.get(pk=campaign_id), self.actor)
        page = paging.page(
            queries.parcels_of(campaign_id),
            order=("no",),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        survey = Survey.objects.filter(campaign_id=campaign_id).first()
        rows = [ParcelShown(show_parcel(parcel, survey)).data for parcel in page.rows]
        return Response({"rows": rows, "next_cursor": page.next_cursor})


class CampaignShipments(Endpoint):
    """`POST /api/v1/campaigns/{id}/shipments`: tracking numbers, all or none."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="shipments_add", request=Shipment, parameters=[IDEMPOTENT], responses={201: Shipped, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, campaign_id: UUID) -> Response:
        body = self.read(Shipment)
        own(campaign_id)
        rows = [shipments.Sent(str(row["no"]), row["carrier"], row["tracking_no"]) for row in body["rows"]]
        count = shipments.import_shipments(campaign_id=campaign_id, rows=rows, by=self.actor, at=clock.now())
        return Response({"count": count}, status=201)


class ParcelSettlement(Endpoint):
    """`POST /api/v1/parcels/{id}/settlement`: a lost parcel is sent again, or its money goes back."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="parcel_settle",
        request=Settlement,
        parameters=[IDEMPOTENT],
        responses={201: ParcelShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, parcel_id: UUID) -> Response:
        act = parcels.send_again if self.read(Settlement)["act"] == "send_again" else parcels.refund_lost
        made = act(parcel_id=parcel_id, by=self.actor, at=clock.now())
        return Response(ParcelShown(show_parcel(made)).data, status=201)
