"""Disputes in the simulator: refused backers complain, both sides bargain, moderators decide late or never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from backend.accounts.models import User
from backend.common.actors import Actor, Role
from backend.common.fen import Fen
from backend.disputes import tasks
from backend.disputes.models import Case
from backend.disputes.operations import cases, rulings
from backend.disputes.states import Deciding
from backend.sim.dawns import APPEALED, CONTENT, REFUSED, RULED, Dawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.scheduler import Task
from backend.sim.world import World
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import complaints, pledges
from crowdfunding.campaigns.states import PledgeState, State


def dawn(world: World, begun: Dawn) -> None:
    """In many seeds whose campaign has succeeded, one backer was refused; in some they have complained already, up to an appeal."""
    made = Pledge.objects.filter(campaign__state__in=State.UNDER_WAY, state=PledgeState.PAID).order_by(
        "created_at", "pk"
    )
    refused = made.select_related("campaign", "backer").first()
    if refused is None or begun.dispute == CONTENT:
        return
    backer, maker = (
        world.acting(User.objects.select_related("party").get(party_id=str(party_id)))
        for party_id in (refused.backer_id, refused.campaign.owner_id)
    )
    at, moderators = world.now(), world.people("moderator")
    pledges.ask_refund(pledge_id=refused.pk, reason="sim", by=backer, at=at)
    pledges.answer_refund(pledge_id=refused.pk, agree=False, reason="sim", by=maker, at=at)
    if begun.dispute == REFUSED:
        return
    wanted = min(int(refused.total_fen), 5_000)
    case = complaints.complain(pledge_id=refused.pk, facts="sim", wanted_fen=wanted, by=backer, at=at)
    judge = world.acting(moderators[0], Role.MODERATOR)
    cases.take_up(case_id=case.pk, by=judge, at=at)
    if begun.dispute >= RULED:
        part = int(case.stake_fen) // 3
        world.pass_time(timedelta(days=7))
        split = {"to_claimant_fen": part, "to_respondent_fen": int(case.stake_fen) - part}
        rulings.rule(case_id=case.pk, **split, text="sim", by=judge, at=world.now())
    if begun.dispute == APPEALED:
        rulings.appeal(case_id=case.pk, reason="sim", by=backer, at=world.now())
    world.tell(f"a dispute about {refused.campaign.title} is {Case.objects.get(pk=case.pk).state}")


def complain(world: World) -> Task | None:
    """A backer whose refund was refused, or left unanswered, goes to the deciders; some too early or too late."""
    found = Pledge.objects.filter(campaign__state__in=State.UNDER_WAY, campaign__title__startswith="campaign")
    refused = found.filter(state__in=(PledgeState.PAID, PledgeState.RECEIVED), declined_at__isnull=False)
    rows = list((refused | found.filter(state=PledgeState.ASKED)).order_by("created_at", "pk")[:30])
    if not rows:
        return None
    made = world.pick(rows)
    backer = User.objects.select_related("party").get(party_id=str(made.backer_id))
    by, pledge_id, wanted = world.acting(backer), made.pk, world.pick([1, 5_000, int(made.total_fen)])
    return world.task(
        f"{backer.party.name} complains",
        lambda: (
            complaints.complain(pledge_id=pledge_id, facts="sim", wanted_fen=wanted, by=by, at=world.now()) and None
        ),
    )


def _case(world: World, *states: str) -> Case | None:
    found = list(Case.objects.filter(state__in=states).order_by("filed_at", "pk")[:30])
    return world.pick(found) if found else None


def _side(world: World, case: Case) -> Actor:
    party_id = world.pick([case.claimant_id, case.respondent_id])
    return world.acting(User.objects.select_related("party").get(party_id=str(party_id)))


def _part(world: World, case: Case) -> Fen:
    return world.pick([0, 1, int(case.stake_fen) // 3, int(case.stake_fen)])


def bargain(world: World) -> Task | None:
    """A side offers, accepts what it read, or lets go."""
    case = _case(world, *Deciding.TALKING)
    if case is None:
        return None
    by, case_id, sum_fen = _side(world, case), case.pk, _part(world, case)
    acts: list[tuple[str, Callable[[], object]]] = [
        ("offers", lambda: cases.offer(case_id=case_id, to_claimant_fen=sum_fen, by=by, at=world.now()))
    ]
    if case.offer_fen is not None:
        read = int(case.offer_fen)
        acts.append(("accepts", lambda: cases.accept(case_id=case_id, expected_fen=read, by=by, at=world.now())))
    if world.rng.random() < 0.1:
        acts = [("withdraws", lambda: cases.withdraw(case_id=case_id, by=by, at=world.now()))]
    word, act = world.pick(acts)
    return world.task(f"{by.name or 'a side'} {word} in a dispute", lambda: act() and None)


def decide(world: World) -> Task | None:
    """A moderator takes up, dismisses, rules, or decides an appeal; sometimes twice at once, or the same one twice."""
    case = _case(world, Deciding.FILED, Deciding.HEARING, Deciding.APPEALED)
    if case is None:
        return None
    by, case_id = world.acting(world.person("moderator"), Role.MODERATOR), case.pk
    given = _part(world, case)
    split: dict[str, int] = {"to_claimant_fen": given, "to_respondent_fen": int(case.stake_fen) - given}
    if rulings.may_redo(case) and world.rng.random() < 0.25:
        split["redo_days"] = 5
    if case.state == Deciding.HEARING:
        _let_evidence_pass(world, case)
    acts: dict[str, Callable[[], object]] = {
        "dismisses": lambda: cases.dismiss(case_id=case_id, reason="sim", by=by, at=world.now()),
        "takes up": lambda: cases.take_up(case_id=case_id, by=by, at=world.now()),
        "rules on": lambda: rulings.rule(case_id=case_id, **split, text="sim", by=by, at=world.now()),
        "decides the appeal in": lambda: rulings.decide_appeal(
            case_id=case_id, **split, text="sim", by=by, at=world.now()
        ),
    }
    begun = "dismisses" if world.rng.random() < 0.1 else "takes up"
    name = {Deciding.FILED: begun, Deciding.HEARING: "rules on"}.get(case.state, "decides the appeal in")
    return world.task(f"a moderator {name} a dispute", lambda: acts[name]() and None)


def _let_evidence_pass(world: World, case: Case) -> None:
    """Deciders wait for the evidence: otherwise a seed would end before most rulings."""
    if case.evidence_until is not None and world.now() < case.evidence_until and world.rng.random() < 0.5:
        world.pass_time(timedelta(days=7))


def appeal(world: World) -> Task | None:
    """A side does not take the ruling."""
    case = _case(world, Deciding.RULED)
    if case is None or world.rng.random() < 0.4:
        return None
    by, case_id = _side(world, case), case.pk
    return world.task(
        "a side appeals",
        lambda: rulings.appeal(case_id=case_id, reason="sim", by=by, at=world.now()) and None,
    )


def clockwork(world: World) -> Task:
    """A worker takes up what time brought to disputes."""
    return world.task("advance_disputes", tasks.advance_disputes)


# --- what is never false -----------------------------------------------------------------------------------


FROZEN = f"""
    SELECT 'pledge ' || p.id || ' is ' || p.state || ' and its dispute ' || coalesce(c.state, 'missing')
    FROM campaigns_pledge p
    FULL JOIN (SELECT * FROM disputes_case WHERE state IN {among(*Deciding.OPEN)}) c ON c.subject_id = p.id
    WHERE (p.state = 'in_dispute') IS DISTINCT FROM (c.id IS NOT NULL)
      AND NOT (c.id IS NOT NULL AND p.state = 'refunded')
"""

DECIDED = """
    SELECT 'case ' || c.id || ' gave ' || c.given_fen || ' and ' || coalesce(i.refunded_fen, 0) || ' went back'
    FROM disputes_case c LEFT JOIN payments_paymentintent i ON i.subject_id = c.subject_id AND i.subject_kind = 'pledge'
    WHERE c.state IN ('executed', 'settled') AND coalesce(i.refunded_fen, 0) < c.given_fen
"""

SECOND_EYES = """
    SELECT 'case ' || a.case_id || ' was ruled on twice by one person'
    FROM disputes_ruling a JOIN disputes_ruling b ON b.case_id = a.case_id AND b.no = 2
    WHERE a.no = 1 AND a.person_id = b.person_id
"""


def disputes_settled(world: World) -> Iterator[str]:
    """Nobody waits for a decision."""
    for case in Case.objects.filter(state__in=Deciding.OPEN):
        yield f"case {str(case.pk)[-6:]} is still {case.state}"


PART = Part(
    name="disputes",
    acts=(
        Act("complain", 4, complain),
        Act("bargain", 2, bargain),
        Act("decide", 6, decide),
        Act("appeal", 3, appeal),
        Act("disputes' clock", 3, clockwork),
    ),
    laws=(
        Law("D1", "A pledge is in dispute as long as its dispute is open, unless it was refunded otherwise.", FROZEN),
        Law("D2", "What a dispute gave its claimant went back.", DECIDED),
        Law("D3", "An appeal is decided by another person.", SECOND_EYES),
    ),
    invariants=(),
    settled=Invariant("D4", "When faults stop, every dispute ends.", disputes_settled),
    bells=(tasks.advance_disputes,),
    dawn=dawn,
)
