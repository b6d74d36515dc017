"""An order for whoever tries the gateway: a free pledge of a demo backer to a live demo campaign."""

from __future__ import annotations

from backend.accounts.operations import find_user
from backend.common import clock
from backend.common.errors import Invalid
from backend.common.fen import Fen
from backend.demo import people
from backend.payments.models import PaymentIntent
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.states import State


def open_order(amount_fen: Fen) -> PaymentIntent:
    """Reserve a pledge of this sum and return the order that pays it.

    Raises:
        Invalid: no demo world, or no live campaign in it.
    """
    now = clock.now()
    backer = find_user("phone", people.BACKERS[-1].phone)
    live = Campaign.objects.filter(state=State.LIVE, closes_at__gt=now, ruleset="city").order_by("-closes_at").first()
    if backer is None or live is None:
        raise Invalid("演示世界尚未建立", "There is no demo world yet; run make demo first")
    made = pledges.pledge(
        campaign_id=live.pk,
        tier_id=None,
        quantity=1,
        amount_fen=amount_fen,
        expected_total_fen=None,
        is_anonymous=False,
        by=people.acting(backer, now),
        at=now,
    )
    return pledges.intent_of(made.pk)
