"""Makers' deposits in the simulator: large campaigns wait for them, and they end with their campaign."""

from __future__ import annotations

from collections.abc import Iterator

from backend.payments.operations import intents
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts.campaigns import LARGE, owner_of
from backend.sim.scheduler import Task
from backend.sim.world import World
from crowdfunding.campaigns import queries, tasks
from crowdfunding.campaigns.models import Campaign, Deposit
from crowdfunding.campaigns.operations import deposits, drafts
from crowdfunding.campaigns.states import Held, State


def _approved(world: World) -> Campaign | None:
    return Campaign.objects.filter(state=State.APPROVED).order_by("created_at", "pk").first()


def pay_in(world: World) -> Task | None:
    """A maker goes to the cashier with the deposit, perhaps twice."""
    campaign = _approved(world)
    if campaign is None:
        return None
    by, key = world.acting(owner_of(campaign)), campaign.pk

    def visit() -> None:
        order = deposits.order(campaign_id=key, by=by, at=world.now())
        intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

    return world.task("a maker goes to the cashier with the deposit", visit)


def launch(world: World) -> Task | None:
    """The maker publishes what was approved, or takes it back."""
    campaign = _approved(world)
    if campaign is None:
        return None
    by, key = world.acting(owner_of(campaign)), campaign.pk
    if world.rng.random() < 0.1:
        return world.task("a maker withdraws", lambda: drafts.withdraw(campaign_id=key, by=by, at=world.now()))
    return world.task(
        "a maker publishes", lambda: drafts.launch(campaign_id=key, opens_at=None, by=by, at=world.now()) and None
    )


def clockwork(world: World) -> Task | None:
    """A worker gives deposits back."""
    if not queries.deposits_ended(limit=1):
        return None
    return world.task("end_deposits", tasks.end_deposits)


LAST_TO_BEAR = """
    SELECT 'a maker owes ' || d.amount_fen || ' to backers and the deposit bore ' || x.used_fen || ' of ' || x.amount_fen
    FROM payments_debt d JOIN campaigns_deposit x ON x.campaign_id = d.campaign_id AND x.paid_by_id IS NOT NULL
    WHERE x.used_fen < x.amount_fen AND NOT EXISTS (SELECT 1 FROM payments_dispute p WHERE p.intent_id = x.paid_by_id)
"""

PUBLISHED_WITHOUT = f"""
    SELECT c.title || ' is ' || c.state || ' without its deposit' FROM campaigns_campaign c
    LEFT JOIN campaigns_deposit x ON x.campaign_id = c.id AND x.paid_by_id IS NOT NULL
    WHERE c.goal_fen >= {LARGE} AND x.id IS NULL AND c.state IN {among(*State.PUBLIC)}
"""


def deposits_settled(world: World) -> Iterator[str]:
    """No deposit outlives its campaign."""
    for deposit in Deposit.objects.filter(state__in=(Held.DUE, Held.HELD)).select_related("campaign"):
        yield f"the deposit of {deposit.campaign.title}, which is {deposit.campaign.state}, is still {deposit.state}"


PART = Part(
    name="deposits",
    acts=(
        Act("deposit", 4, pay_in),
        Act("publishing", 2, launch),
        Act("deposits' clock", 3, clockwork),
    ),
    laws=(
        Law("E1", "A maker owes backers only what escrow and the whole deposit could not bear.", LAST_TO_BEAR),
        Law("E2", "A campaign with a large goal is public only with its deposit.", PUBLISHED_WITHOUT),
    ),
    invariants=(),
    settled=Invariant("E3", "When faults stop, no deposit outlives its campaign.", deposits_settled),
    bells=(tasks.end_deposits,),
)
