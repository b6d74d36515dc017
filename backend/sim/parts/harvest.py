"""Short harvests in the simulator: makers say what came in, moderators check it or sleep, backers get their part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backend.common.actors import Role
from backend.payments.operations import intents
from backend.sim.dawns import ENOUGH, SHORT, Dawn
from backend.sim.part import Act, Invariant, Law, Part
from backend.sim.parts.campaigns import owner_of, terms
from backend.sim.scheduler import Task
from backend.sim.world import World
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import late, pledges
from crowdfunding.campaigns.states import State
from crowdfunding.harvest import queries, tasks
from crowdfunding.harvest.models import Portion, Shortfall
from crowdfunding.harvest.operations import shortfalls
from crowdfunding.harvest.operations.shortfalls import REASON, Word
from crowdfunding.harvest.states import Falling


def dawn(world: World, begun: Dawn) -> None:
    """In seeds whose campaign is at work, its maker has spoken of the harvest already, or somebody orders late."""
    campaign = Campaign.objects.filter(state=State.PRODUCING, clause__isnull=False).order_by("title").first()
    if campaign is None or begun.harvest == ENOUGH:
        return
    by, at = world.acting(owner_of(campaign)), world.now()
    if begun.harvest == SHORT:
        shortfalls.declare(campaign_id=campaign.pk, word=Word(80, "sim " * 4), by=by, at=at)
    else:
        last = min(late.latest_day(campaign, at), (at + timedelta(days=5)).date())
        late.open_until(campaign_id=campaign.pk, last_day=last, by=by, at=at)
        _order_late(world, campaign)
    world.tell(f"{campaign.title} {'is short of its harvest' if begun.harvest == SHORT else 'takes late pledges'}")


def _order_late(world: World, campaign: Campaign) -> None:
    """Somebody stands at the cashier."""
    plain, backer = Tier.objects.get(campaign=campaign, stock=None), world.acting(world.people("backer")[-1])
    made = pledges.pledge(**terms(plain, 1), by=backer, at=world.now())
    world.gateway.faulty = False
    intents.cashier_url(intent_id=pledges.intent_of(made.pk).pk, phone=False, at=world.now())
    world.gateway.faulty = True
    world.pledged_at_dawn = Pledge.objects.count()


def declare(world: World) -> Task | None:
    """A maker says how much came in: mostly enough, sometimes too little to go on."""
    states = shortfalls.BEFORE_SENDING
    found = list(Campaign.objects.filter(state__in=states, clause__isnull=False).order_by("title"))
    if not found:
        return None
    campaign = world.pick(found)
    by, key, percent = world.acting(owner_of(campaign)), campaign.pk, world.pick([20, 60, 61, 80, 99])
    return world.task(
        f"the maker of {campaign.title} says that {percent} % came in",
        lambda: shortfalls.declare(campaign_id=key, word=Word(percent, "sim " * 4), by=by, at=world.now()) and None,
    )


def _declared() -> Shortfall | None:
    return Shortfall.objects.filter(state=Falling.DECLARED).select_related("campaign").order_by("declared_at").first()


def decide(world: World) -> Task | None:
    """A moderator checks it; or the maker, who happens to be one, tries to."""
    said = _declared()
    if said is None:
        return None
    who = world.pick([world.person("moderator"), world.person("moderator"), owner_of(said.campaign)])
    by, key, act = world.acting(who, Role.MODERATOR), said.pk, world.pick(["confirm", "confirm", "confirm", "refuse"])
    step = shortfalls.STEPS[act]
    return world.task(
        f"{who.party.name}: {act} the harvest of {said.campaign.title}",
        lambda: step(key, "sim", by, world.now()) and None,
    )


def take_back(world: World) -> Task | None:
    """A maker thinks better of it."""
    said = _declared()
    if said is None or world.rng.random() < 0.7:
        return None
    by, key = world.acting(owner_of(said.campaign)), said.pk
    return world.task(
        "a maker takes the word on the harvest back",
        lambda: shortfalls.withdraw(shortfall_id=key, by=by, at=world.now()) and None,
    )


def clockwork(world: World) -> Task | None:
    """A worker gives portions back."""
    if not (queries.portions_due(at=world.now()) or queries.shortfalls_due(at=world.now())):
        return None
    return world.task("advance_harvests", tasks.advance_harvests)


# --- what is never false -----------------------------------------------------------------------------------


BY_ONE = """
    SELECT 'the harvest of campaign ' || right(s.campaign_id::text, 6) || ' was decided by who declared it'
    FROM harvest_shortfall s JOIN common_statechange c ON c.subject_id = s.id AND c.event IN ('confirm', 'call_off')
    WHERE c.person_id = s.declared_by
"""

GIVEN = f"""
    SELECT 'portion of pledge ' || right(x.pledge_id::text, 6) || ': ' || coalesce(x.given_fen, 0) || ' given, '
        || coalesce(r.total, 0) + coalesce(t.amount_fen, 0) || ' went'
    FROM harvest_portion x JOIN payments_paymentintent i ON i.subject_id = x.pledge_id AND i.subject_kind = 'pledge'
    LEFT JOIN (
        SELECT intent_id, sum(amount_fen) AS total FROM payments_refund
        WHERE reason = '{REASON}' AND state <> 'refused' GROUP BY 1
    ) r ON r.intent_id = i.id
    LEFT JOIN ledger_transfer t ON t.key = 'portion:' || x.pledge_id
    WHERE coalesce(x.given_fen, 0) <> coalesce(r.total, 0) + coalesce(t.amount_fen, 0)
"""

UNTOLD = """
    SELECT 'campaign ' || right(s.campaign_id::text, 6) || ' shares out a harvest without a clause'
    FROM harvest_shortfall s LEFT JOIN harvest_clause c ON c.campaign_id = s.campaign_id
    WHERE c.campaign_id IS NULL OR s.state IN ('sharing', 'settled') AND s.percent < c.least_percent
    UNION ALL
    SELECT 'pledge ' || right(p.id::text, 6) || ' gets ' || s.percent || ' % of its goods and pays for all'
    FROM harvest_shortfall s JOIN campaigns_pledge p ON p.campaign_id = s.campaign_id AND p.tier_id IS NOT NULL
    LEFT JOIN harvest_portion x ON x.pledge_id = p.id
    WHERE s.state IN ('sharing', 'settled') AND p.state IN ('paid', 'received') AND x.pledge_id IS NULL
"""


def harvests_settled(world: World) -> Iterator[str]:
    """Nobody waits for a word on the harvest, or for a part of the price."""
    for said in Shortfall.objects.filter(state__in=Falling.OPEN):
        yield f"a harvest of {said.percent} % is still {said.state}"
    for portion in Portion.objects.filter(due_at__isnull=False):
        yield f"the portion of pledge {str(portion.pk)[-6:]} still waits"


PART = Part(
    name="harvest",
    acts=(
        Act("harvest", 8, declare),
        Act("harvest checked", 8, decide),
        Act("harvest taken back", 1, take_back),
        Act("harvests' clock", 4, clockwork),
    ),
    laws=(
        Law("H1", "A harvest is short on the word of two.", BY_ONE),
        Law("H2", "What is given of a portion goes, and nothing else does under its name.", GIVEN),
        Law("H3", "Goods are shared out only by a clause that backers read.", UNTOLD),
    ),
    invariants=(),
    settled=Invariant("H4", "When faults stop, every harvest is decided and every portion given.", harvests_settled),
    bells=(tasks.advance_harvests,),
    dawn=dawn,
)
