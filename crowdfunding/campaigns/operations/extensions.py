"""More time for a campaign in two rounds, once, with everybody's consent (延期)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import locks, rules
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from crowdfunding.campaigns.errors import RuleFixed
from crowdfunding.campaigns.models import TWO_ROUNDS, Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import confirmations
from crowdfunding.campaigns.operations.shared import as_owner, confirm_until, locked, move, require_owner
from crowdfunding.campaigns.states import PledgeState


@transaction.atomic
def extend(*, campaign_id: UUID, days: int, reason: str, by: Actor, at: datetime) -> Campaign:
    """Move the deadline of a two-round campaign, once; every backer says yes again, or gets the money back.

    Raises:
        NotFound: not the maker's.
        RuleFixed: not in two rounds, extended before, or not running.
        Invalid: too many days or none, or no reason.

    Source: features.md G1: one extension with reconfirmation, for minimum/optimum only.
    """
    if not Campaign.objects.filter(pk=campaign_id).exists():
        raise NotFound
    locks.alone(campaign_lock(campaign_id))
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.rule != TWO_ROUNDS or campaign.extended_at is not None or not campaign.is_open(at):
        raise RuleFixed
    most = rules.value("campaigns.extension_days_most", at=at, ruleset=campaign.ruleset)
    if not 1 <= days <= most:
        raise Invalid(f"延期天数须在 1 到 {most} 之间", f"Between 1 and {most} days", field="days")
    if not reason.strip():
        raise Invalid("请写明延期的理由", "Say why", field="reason")
    if campaign.closes_at is None:
        raise AssertionError("an open campaign has an end")
    campaign.closes_at += timedelta(days=days)
    campaign.extended_at = at
    move(campaign, "extend", by=as_owner(campaign, by), at=at, reason=reason.strip())
    paid = Pledge.objects.filter(campaign=campaign, state=PledgeState.PAID).values_list("pk", flat=True)
    confirmations.ask_again(pledge_ids=list(paid), until=confirm_until(campaign, at), at=at, reason="众筹延期")
    return campaign
