"""Another reward instead of the one that was chosen (换档): a new pledge that takes the old one's place when it is paid."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import locks
from backend.common.actors import Actor
from backend.common.errors import NotFound, Refusal, refuse_any
from backend.common.fen import Fen
from crowdfunding.campaigns import gates
from crowdfunding.campaigns.errors import ChangeTooLate, ChangeUnderWay, SameReward
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.states import PledgeState


def may_change(old: Pledge, campaign: Campaign, at: datetime) -> bool:
    """Whether a paid pledge can still give way to another one."""
    return old.state == PledgeState.PAID and campaign.is_open(at) and pledges.may_cancel(old, campaign, at)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a backer chooses, and instead of which pledge, if any; money in fen."""

    tier_id: UUID | None
    quantity: int = 1
    amount_fen: Fen | None = None
    expected_total_fen: Fen | None = None
    is_anonymous: bool = False
    under: UUID | None = None
    replaces: UUID | None = None


@transaction.atomic
def order(*, campaign_id: UUID, chosen: Order, by: Actor, at: datetime) -> Pledge:
    """Pledge, or order another reward in place of a paid one, which stands until the new one is paid (换档).

    When the new order is paid, the old pledge is cancelled in the same transaction and refunded whole.
    Whoever does not pay keeps the old one: nobody is ever without what they had, nor with both.

    Raises:
        NotFound: the old one is not one's own pledge of this campaign.
        ChangeTooLate, ChangeUnderWay, SameReward, refusals of the gates: all that fail, together.
        Whatever a pledge is refused for.
    """
    old = None if chosen.replaces is None else _held(campaign_id, chosen, by, at)
    terms = {field.name: getattr(chosen, field.name) for field in fields(chosen) if field.name != "replaces"}
    made = pledges.pledge(campaign_id=campaign_id, by=by, at=at, **terms)
    if old is not None:
        made.replaces = old
        made.save(update_fields=["replaces"])
    return made


def _held(campaign_id: UUID, chosen: Order, by: Actor, at: datetime) -> Pledge:
    """The old pledge, locked, if it may be changed."""
    if chosen.replaces is None or pledges.own_pledge(chosen.replaces, by).campaign_id != campaign_id:
        raise NotFound(field="replaces_id")
    locks.share(campaign_lock(campaign_id))
    old = Pledge.objects.select_for_update().get(pk=chosen.replaces)
    refuse_any(refusals(old, chosen.tier_id, at))
    return old


def refusals(old: Pledge, tier_id: UUID | None, at: datetime) -> list[Refusal]:
    """Every reason against changing a pledge into another reward."""
    campaign = Campaign.objects.get(pk=old.campaign_id)
    found = gates.holds(old)
    if not may_change(old, campaign, at):
        found.append(ChangeTooLate())
    if old.replacements.filter(state=PledgeState.RESERVED).exists():
        found.append(ChangeUnderWay())
    if tier_id is not None and tier_id == old.tier_id:
        found.append(SameReward(field="tier"))
    return found
