"""Promises beyond the goal (追加目标)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.operations import clean_name
from backend.common import rules
from backend.common.actors import Actor
from backend.common.errors import Invalid, refuse_any
from backend.common.fen import Fen, show_yuan
from crowdfunding.campaigns.errors import RuleFixed, StretchTooLate
from crowdfunding.campaigns.models import Campaign, Stretch
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.campaigns.states import State

MOST = 10


@transaction.atomic
def add_stretch(
    *, campaign_id: UUID, at_fen: Fen, promise: str, cost: str, is_physical: bool, by: Actor, at: datetime
) -> Stretch:
    """Promise something more at a sum above the goal, and say what it costs (新增追加目标).

    Sums only rise from promise to promise, so that nobody's expectation is moved away.

    Raises:
        RuleFixed: the campaign is over.
        StretchTooLate: something physical in the last hours.
        Invalid: words are missing, or the sum is not above the goal and every earlier one.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state not in (*EDITABLE, State.APPROVED, State.PREHEAT, State.LIVE):
        raise RuleFixed
    known = list(Stretch.objects.filter(campaign=campaign).order_by("at_fen").values_list("at_fen", flat=True))
    above = max([campaign.goal_fen, *known])
    words, price = clean_name(promise)[:120], clean_name(cost)[:200]
    refuse_any(
        [
            Invalid("追加目标数量已达上限", "There are too many stretch goals") if len(known) >= MOST else None,
            Invalid("请写明承诺什么", "Say what is promised", field="promise") if not words else None,
            Invalid("请写明成本和对交付的影响", "Say what it costs and what it does to delivery", field="cost")
            if not price
            else None,
            Invalid(f"金额须高于 {show_yuan(above)}", f"The sum must be above {show_yuan(above)}", field="at_fen")
            if at_fen <= above
            else None,
            _too_late(campaign, at) if is_physical else None,
        ]
    )
    return Stretch.objects.create(
        campaign=campaign, at_fen=at_fen, promise=words, cost=price, is_physical=is_physical, created_at=at
    )


def _too_late(campaign: Campaign, at: datetime) -> StretchTooLate | None:
    hours: int = rules.value("campaigns.no_stretch_hours", at=at, ruleset=campaign.ruleset)
    ends = campaign.closes_at
    return StretchTooLate(hours=hours) if ends is not None and at > ends - timedelta(hours=hours) else None


@transaction.atomic
def remove_stretch(*, stretch_id: UUID, by: Actor) -> None:
    """Take a promise back while nobody can have relied on it (删除追加目标).

    Raises:
        NotFound: not the maker's.
        RuleFixed: the campaign is beyond editing.
    """
    stretch = Stretch.objects.select_related("campaign").get(pk=stretch_id)
    campaign = locked(stretch.campaign_id)
    require_owner(campaign, by)
    if campaign.state not in EDITABLE:
        raise RuleFixed
    stretch.delete()
