"""Match pots in the simulator: a sponsor who pays late or stops, backers whose pledges are matched and end, one affiliated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backend.accounts import queries as people
from backend.accounts.models import Membership, Party
from backend.common.actors import Actor, Role
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.operations import intents
from backend.sim.dawns import NONE, OPEN, Dawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task
from backend.sim.world import World
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.pots import tasks
from crowdfunding.pots.models import Match, Pot
from crowdfunding.pots.operations import pots
from crowdfunding.pots.operations.pots import Plan
from crowdfunding.pots.states import Matching, Pooling


def _sponsor(world: World) -> Actor:
    """The sponsor under the firm's hat."""
    user = world.people("sponsor")[0]
    return people.actor(user, hat=Party.objects.get(kind=Party.ORGANISATION).pk, at=world.now())


def _propose(world: World) -> Pot:
    at, by = world.now(), _sponsor(world)
    caps = world.pick([(30_000, 12_000), (40_000, 20_000), (20_000, 9_000)])  # one pledge can meet them
    plan = Plan(
        title="sim pot",
        purpose="sim purpose of a pot",
        amount_fen=100_000,
        ratio_bp=world.pick([3_333, 10_000, 10_000]),
        per_project_fen=caps[0],
        per_person_fen=caps[1],
        categories=(),
        counties=(),
        opens_at=at,
        closes_at=at + timedelta(days=world.pick([5, 20])),
    )
    pot = pots.propose(plan=plan, by=by, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    return pots.review(pot_id=pot.pk, passes=True, reason="sim", by=moderator, at=at)


def dawn(world: World, begun: Dawn) -> None:
    """In most seeds a pot is approved, in most of those its money is there; one backer belongs to the sponsor."""
    if begun.pot == NONE:
        return
    world.gateway.faulty = False
    pot = _propose(world)
    insider = world.people("backer")[-1]
    Membership.objects.create(organisation_id=pot.sponsor_id, user=insider, role=Membership.CLERK, scopes=["read"])
    if begun.pot == OPEN:
        order = pots.order(pot_id=pot.pk, by=_sponsor(world), at=world.now())
        campaigns.pay_orders(world, order)
        tasks.advance_pots()
    world.gateway.faulty = True
    world.tell(f"the pot is {Pot.objects.get().state}")


def pay_in(world: World) -> Task | None:
    """The sponsor goes to the cashier, early or late."""
    pot = Pot.objects.filter(state=Pooling.APPROVED).first()
    if pot is None:
        return None
    by, pot_id = _sponsor(world), pot.pk

    def visit() -> None:
        order = pots.order(pot_id=pot_id, by=by, at=world.now())
        intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

    return world.task("the sponsor goes to the cashier", visit)


def change_mind(world: World) -> Task | None:
    """The sponsor withdraws an unpaid pot, or stops one that matches."""
    pot = Pot.objects.filter(state__in=(Pooling.APPROVED, Pooling.OPEN, Pooling.EXHAUSTED)).first()
    if pot is None or world.rng.random() < 0.7:
        return None
    by, pot_id = _sponsor(world), pot.pk
    if pot.state == Pooling.APPROVED:
        return world.task("the sponsor withdraws", lambda: pots.withdraw(pot_id=pot_id, by=by, at=world.now()) and None)
    return world.task(
        "the sponsor stops the pot", lambda: pots.stop(pot_id=pot_id, reason="sim", by=by, at=world.now()) and None
    )


def clockwork(world: World) -> Task | None:
    """A worker takes up what time and campaigns brought to pots."""
    return world.task("advance_pots", tasks.advance_pots) if Pot.objects.exists() else None


# --- what is never false -----------------------------------------------------------------------------------


MATCHED_INSIDER = """
    SELECT 'match ' || right(m.id::text, 6) || ' of a member of its sponsor or its maker'
    FROM pots_match m JOIN pots_pot p ON p.id = m.pot_id JOIN campaigns_campaign c ON c.id = m.campaign_id
    WHERE m.backer_id IN (p.sponsor_id, c.owner_id) OR EXISTS (
        SELECT 1 FROM accounts_membership s JOIN accounts_user u ON u.id = s.user_id
        WHERE s.organisation_id IN (p.sponsor_id, c.owner_id) AND u.party_id = m.backer_id AND s.revoked_at IS NULL)
"""

PAID_FOR_NOTHING = f"""
    SELECT 'match ' || right(m.id::text, 6) || ' was paid, its pledge is ' || g.state || ', its campaign ' || c.state
    FROM pots_match m JOIN campaigns_pledge g ON g.id = m.pledge_id JOIN campaigns_campaign c ON c.id = m.campaign_id
    WHERE m.state = 'paid' AND (g.state NOT IN {among(*PledgeState.COUNTED)} OR c.state <> 'closed')
"""


OUTLIVES_ITS_PLEDGE = """
    SELECT 'match ' || right(m.id::text, 6) || ' stands, and its pledge has ended'
    FROM pots_match m JOIN common_outboxevent e ON e.body ->> 'pledge_id' = m.pledge_id::text
    JOIN common_delivery d ON d.event_id = e.id
    WHERE m.state = 'matched' AND d.handler = 'crowdfunding.pots.handlers.claw_back' AND d.state = 'done'
"""


def pots_settled(world: World) -> Iterator[str]:
    """No pot waits, no match is open, and nothing is left in the escrow of a pot."""
    for found in Match.objects.filter(state=Matching.MATCHED).select_related("pledge", "campaign"):
        yield f"match {str(found.pk)[-6:]} is open, its pledge {found.pledge.state}, its campaign {found.campaign.state}"
    for pot in Pot.objects.all():
        if pot.state not in pot.machine.finals:
            yield f"the pot is still {pot.state}"
        left = books.balance(ledger.escrow_of("pot", pot.pk))
        if left:
            yield f"{left} fen are left in the escrow of the {pot.state} pot"


PART = Part(
    name="pots",
    acts=(
        Act("pay in", 2, pay_in),
        Act("sponsor's mind", 1, change_mind),
        Act("pots' clock", 3, clockwork),
    ),
    laws=(
        Law("P1", "Nobody who belongs to sponsor or maker is matched.", MATCHED_INSIDER),
        Law("P2", "A match is paid for goods that were delivered and kept.", PAID_FOR_NOTHING),
        Law("P3", "A match ends with its pledge.", OUTLIVES_ITS_PLEDGE),
    ),
    invariants=(),
    settled=Invariant(
        "P4", "When faults stop, every match is paid or taken back, and every pot is settled.", pots_settled
    ),
    bells=(tasks.advance_pots,),
    dawn=dawn,
)
