"""Contests with a final in the simulator: the people of contests, a first round that sends two on, grants, and what is never false of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from backend.judging.models import Call
from backend.judging.operations import panel
from backend.payments.operations import payouts
from backend.sim.dawns import CROWNED, FINAL_ENTERED, FINAL_OPEN, FinalDawn
from backend.sim.part import Law
from backend.sim.parts import contests
from backend.sim.world import World
from marketplace.contests.models import Contest
from marketplace.contests.operations import rounds

GRANT = 5_001


def dawn(world: World, begun: FinalDawn) -> None:
    """One challenge as far as the beginning says, and another that takes plans."""
    world.gateway.faulty = False
    hosts, workers = world.people("client"), world.people("worker")
    for number, worker in enumerate(workers):
        by = world.acting(worker)
        payouts.set_account(
            party_id=worker.party_id, login=f"1370000{number:04d}", holder=worker.party.name, by=by, at=world.now()
        )
    terms = replace(contests.terms_of((50_001,), begun.tie_rule), finalists=2, grant_fen=GRANT, final_days=4)
    first = contests.publish(world, hosts[0], terms)
    for number, worker in enumerate(workers):
        contests.hand_in(world, first, worker, number)
    _judge(world, first, timedelta(days=5, minutes=1), invites=True)
    if begun.age > CROWNED:
        _open_final(world, first, begun.age)
    if begun.is_charged:
        contests.charge(world, first)
    second = contests.publish(world, hosts[1], replace(terms, prizes=(30_000,)))
    contests.hand_in(world, second, workers[0], 10)
    world.gateway.faulty = True
    world.tell(
        f"the challenges are {', '.join(Contest.objects.order_by('created_at').values_list('state', flat=True))}"
    )


def _judge(world: World, contest: Contest, window: timedelta, *, invites: bool) -> None:
    """The window ends, both judges score everything, and the result is public."""
    call = Call.objects.filter(subject_id=contest.pk).latest("stage")
    for person in world.people(contests.JUDGES) if invites else ():
        panel.come_in(code=call.judge_code, by=world.acting(person), at=world.now())
    world.pass_time(window)
    contests.ring(world)
    contests.judge_all(world, call, CROWNED)


def _open_final(world: World, contest: Contest, age: int) -> None:
    """The first round is settled; the finalists hand in, and are judged, as far as the beginning says."""
    world.pass_time(timedelta(days=3, minutes=1))
    contests.ring(world)
    contest.refresh_from_db()
    if age == FINAL_OPEN:
        return
    by_party = {worker.party_id: worker for worker in world.people("worker")}
    for number, party_id in enumerate(rounds.chosen(contest)):
        contests.hand_in(world, contest, by_party[party_id], 20 + number)
    if age > FINAL_ENTERED:
        _judge(world, contest, timedelta(days=4, minutes=1), invites=False)


STRANGER = """
    SELECT 'entry ' || right(e.id::text, 6) || ' is in the final, and the first round did not choose its maker'
    FROM contests_entry e WHERE e.stage = 2 AND NOT EXISTS (
        SELECT 1 FROM judging_application a JOIN judging_call k ON k.id = a.call_id
        WHERE k.subject_id = e.contest_id AND k.stage = 1 AND a.state = 'awarded' AND a.party_id = e.entrant_id)
"""

GRANT_KEPT = """
    SELECT 'entry ' || right(e.id::text, 6) || ' was judged in the final, and its grant was kept'
    FROM contests_entry e JOIN contests_contest c ON c.id = e.contest_id
    JOIN judging_application a ON a.id = e.application_id
    WHERE c.state = 'completed' AND c.grant_fen > 0 AND e.stage = 2 AND e.grant_fen = 0
      AND a.state IN ('awarded', 'not_placed') AND a.place IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = c.paid_by_id)
"""

RIGHTS_FOR_A_GRANT = """
    SELECT 'entry ' || right(e.id::text, 6) || ' gave its rights away for a grant'
    FROM contests_entry e JOIN judging_application a ON a.id = e.application_id
    WHERE e.rights_at IS NOT NULL AND a.state NOT IN ('awarded', 'revoked')
"""

PART = replace(
    contests.PART,
    name="finals",
    laws=(
        *contests.PART.laws,
        Law("Q8", "Only those whom the first round chose are in the final.", STRANGER),
        Law("Q9", "Every finalist whose work was judged is paid the grant.", GRANT_KEPT),
        Law("Q10", "No rights pass without a prize.", RIGHTS_FOR_A_GRANT),
    ),
    dawn=dawn,
)
