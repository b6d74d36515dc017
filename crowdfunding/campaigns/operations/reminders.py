"""Reminding those who want it of a campaign's opening and of its end (提醒我)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, NotFound
from backend.notifications import operations as notifications
from crowdfunding.campaigns.errors import TooLateToRemind
from crowdfunding.campaigns.models import Campaign, Pledge, Reminder
from crowdfunding.campaigns.states import PledgeState, State

A_BATCH = 1_000


def may_remind(campaign: Campaign, at: datetime) -> bool:
    """Whether a reminder would still come: the campaign is not open yet, or ends later than reminders are sent."""
    if campaign.state == State.PREHEAT:
        return True
    return campaign.is_open(at) and campaign.closes_at is not None and at < campaign.closes_at - before_end(at)


def before_end(at: datetime) -> timedelta:
    """How long before its end people are reminded of a campaign; the same for all of them."""
    return timedelta(hours=rules.value("campaigns.remind_hours", at=at))


def choose(*, campaign_id: UUID, is_wanted: bool, by: Actor, at: datetime) -> None:
    """Remind me, or no longer. Safe to repeat.

    Raises:
        NotFound: no campaign that the public sees.
        TooLateToRemind: it is over, or ends so soon that no reminder would come.
    """
    if by.party_id is None:
        raise Forbidden
    campaign = Campaign.objects.filter(pk=campaign_id, state__in=State.PUBLIC).first()
    if campaign is None:
        raise NotFound
    if not is_wanted:
        Reminder.objects.filter(campaign=campaign, party_id=by.party_id).delete()
        return
    if not may_remind(campaign, at):
        raise TooLateToRemind
    Reminder.objects.get_or_create(campaign=campaign, party_id=by.party_id, defaults={"at": at})


def tell_opening(*, campaign_id: UUID, key: str, at: datetime) -> None:
    """Tell those who have waited for it that the campaign takes pledges now."""
    title = Campaign.objects.values_list("title", flat=True).get(pk=campaign_id)
    waiting = Reminder.objects.filter(campaign_id=campaign_id, at__lt=at).order_by("pk")
    notifications.tell(
        waiting.values_list("party_id", flat=True),
        key=key,
        kind="reminder",
        zh=f"《{title}》已开放支持",
        en=f"“{title}” is open for pledges",
        url=f"/campaigns/{campaign_id}/",
        at=at,
    )


@transaction.atomic
def tell_end(*, campaign_id: UUID, at: datetime) -> int:
    """Remind a batch of those who have not backed the campaign yet that it ends soon; how many were taken up."""
    campaign = Campaign.objects.get(pk=campaign_id)
    waiting = Reminder.objects.filter(campaign=campaign, told_at=None).order_by("pk")
    taken = list(waiting.select_for_update(skip_locked=True)[:A_BATCH])
    parties = {reminder.party_id for reminder in taken}
    backed = Pledge.objects.filter(campaign=campaign, backer_id__in=parties, state__in=PledgeState.COUNTED)
    hours = rules.value("campaigns.remind_hours", at=at)
    notifications.tell(
        parties - set(backed.values_list("backer_id", flat=True)),
        key=f"ends:{campaign.pk}",
        kind="reminder",
        zh=f"您关注的《{campaign.title}》将在 {hours} 小时内截止",
        en=f"“{campaign.title}” ends within {hours} hours",
        url=f"/campaigns/{campaign.pk}/",
        at=at,
    )
    return Reminder.objects.filter(pk__in=[reminder.pk for reminder in taken]).update(told_at=at)
