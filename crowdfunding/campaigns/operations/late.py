"""Late pledges (后续支持): who came after success may still have the reward, until the maker has to know the numbers.

They never count to the goal. Their money stays in escrow whole until delivery; the fee on it is taken with the tail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import rules
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from crowdfunding.campaigns.errors import NoLatePledges
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.campaigns.states import State

BARS: list[Callable[[Campaign], bool]] = []
"""What else keeps late pledges closed; filled by higher packages when their apps are ready."""


def latest_end(campaign: Campaign, at: datetime) -> datetime:
    """When late pledges end at the latest: some days before the promised date, Shanghai."""
    promised = campaign.promised_on or campaign.state_at.date()
    days = rules.value("campaigns.late_days_before", at=at, ruleset=campaign.ruleset)
    return datetime.combine(promised, time(), rules.SHANGHAI) - timedelta(days=days)


def latest_day(campaign: Campaign, at: datetime) -> date:
    """The last day, Shanghai, on which late pledges may be taken."""
    return (latest_end(campaign, at) - timedelta(days=1)).date()


def may_open(campaign: Campaign, at: datetime) -> bool:
    """Whether a maker may still take late pledges."""
    fits = campaign.state in State.TAKES_LATE and not campaign.is_led and at < latest_end(campaign, at)
    return fits and not any(bars(campaign) for bars in BARS)


@transaction.atomic
def open_until(*, campaign_id: UUID, last_day: date, by: Actor, at: datetime) -> Campaign:
    """Take late pledges to the end of a day, or change that day (开放后续支持).

    Raises:
        NotFound, Forbidden: not the maker's hat, or one that may not.
        NoLatePledges: it has not succeeded, is shipping or overdue, is led, or its promised date is too near.
        Invalid: a day that is over, or too near to the promised date.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if not may_open(campaign, at):
        raise NoLatePledges
    last = latest_day(campaign, at)
    if not at.astimezone(rules.SHANGHAI).date() <= last_day <= last:
        raise Invalid(
            f"截止日须在今天至 {last} 之间", f"The last day must be between today and {last}", field="last_day"
        )
    campaign.late_until = datetime.combine(last_day, time(), rules.SHANGHAI) + timedelta(days=1)
    campaign.save(update_fields=["late_until"])
    return campaign


@transaction.atomic
def close(*, campaign_id: UUID, by: Actor, at: datetime) -> Campaign:
    """Take no more late pledges; those that were made stand (停止后续支持).

    Raises:
        NotFound: not the maker's hat, or they are not open.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if not campaign.is_open_late(at):
        raise NotFound
    stop(campaign, at)
    return campaign


def stop(campaign: Campaign, at: datetime) -> None:
    """No more late pledges of a campaign whose row is held."""
    campaign.late_until = at
    campaign.save(update_fields=["late_until"])
