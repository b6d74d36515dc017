"""Every read of fulfilment that spans rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from backend.common import rules
from backend.common.errors import Refusal
from crowdfunding.campaigns.errors import TailWaits
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.states import Parceling

A_HANDFUL = 500


def parcels_of(campaign_id: UUID) -> QuerySet[Parcel]:
    """A campaign's parcels with what is in them."""
    return Parcel.objects.filter(campaign_id=campaign_id).select_related("pledge__tier", "pledge__backer")


def counts(campaign_id: UUID) -> dict[str, int]:
    """How many parcels of a campaign are in which state."""
    rows = Parcel.objects.filter(campaign_id=campaign_id).values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def surveys_due(*, at: datetime) -> list[UUID]:
    """Surveys whose clock has something to do."""
    return list(Survey.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def waiting(state: str, key: str, *, at: datetime) -> list[UUID]:
    """Parcels that have been in a state for longer than a rule of days allows, longest first; disputed ones wait."""
    before = at - timedelta(days=rules.value(f"fulfilment.{key}", at=at))
    found = Parcel.objects.filter(state=state, state_at__lte=before).exclude(pledge__state=PledgeState.IN_DISPUTE)
    return list(found.order_by("state_at").values_list("pk", flat=True)[:A_HANDFUL])


def is_unsent_above(campaign: Campaign, at: datetime) -> bool:
    """Whether more parcels wait to be sent than the rules allow at the tail."""
    found = counts(campaign.pk)
    every = sum(found.values())
    unsent = sum(found.get(state, 0) for state in Parceling.UNSENT)
    return unsent * 10_000 > every * rules.value("fulfilment.unsent_bp", at=at, ruleset=campaign.ruleset)


def holds(campaign: Campaign, at: datetime) -> list[Refusal]:
    """What of fulfilment keeps a campaign from counting as delivered, and its tail back."""
    found: list[Refusal] = []
    if is_unsent_above(campaign, at):
        found.append(TailWaits(what_zh="有未发出的包裹", what_en="parcels have not been sent"))
    if Parcel.objects.filter(campaign=campaign, state=Parceling.LOST).exists():
        found.append(TailWaits(what_zh="有丢失待处理的包裹", what_en="a lost parcel is not settled"))
    return found


def addresses_over(*, at: datetime) -> list[UUID]:
    """Surveys whose addresses nobody needs any more."""
    found = Survey.objects.filter(addresses_until__lte=at).order_by("addresses_until")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def wishes_of(campaign_id: UUID) -> list[Parcel]:
    """Parcels whose backer asks for another address, oldest first."""
    found = Parcel.objects.filter(campaign_id=campaign_id, wish_at__isnull=False)
    return list(found.order_by("wish_at")[:50])
