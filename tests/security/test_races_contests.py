"""Bounded acts of contests at once: one order, one entry each, one result, one decision, one payment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connections

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Refusal
from backend.judging import tasks as judging_tasks
from backend.judging.models import Application, Objection, Proof
from backend.judging.operations import objections, proofs
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from marketplace.contests.models import Contest, Entry
from marketplace.contests.operations import course, entries, money
from marketplace.tax.models import Withheld
from tests.builders import acting, beat, deliver_events, moderator, person
from tests.contest_builders import (
    approved,
    call_of,
    close,
    entered,
    give,
    judge_for,
    judged,
    objected,
    open_contest,
    story,
)
from tests.security.doors import by_token, token_of
from tests.security.test_races import AT_ONCE, moves, statuses

SCOPES = {"read", "work"}
EIGHT = 8


def _token(actor) -> str:
    return token_of(User.objects.select_related("party").get(party_id=actor.person_id), SCOPES)


def together(*acts: Callable[[], object]) -> list[object]:
    """Do all at once, each on a connection of its own; what came of each, a refusal's code where it was refused."""
    gate = Barrier(len(acts))

    def one(act: Callable[[], object]) -> object:
        gate.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_fifty_at_the_cashier_get_one_order_and_fifty_entries_are_one(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    waiting, host = approved(acting(person(name="主办人")))
    found = statuses(site, [by_token(_token(host), f"contests/{waiting.pk}/cashier", {}) for _ in range(AT_ONCE)])
    assert found == {201: AT_ONCE}
    assert PaymentIntent.objects.filter(subject_id=waiting.pk).count() == 1
    contest, _host = open_contest(cashier, acting(person(name="主办人")), entry_limit=1)
    token = token_of(person(name="设计师"), SCOPES)
    body = {"title": "叠翠", "text": story(1)}
    found = statuses(site, [by_token(token, f"contests/{contest.pk}/entries", body) for _ in range(AT_ONCE)])
    assert found == {201: 1, 409: 49}
    entry = Entry.objects.get(contest=contest)
    found = statuses(site, [by_token(token, f"entries/{entry.pk}/submission", {}) for _ in range(AT_ONCE)])
    assert found == {201: 1, 409: 49}
    assert (Application.objects.count(), Contest.objects.get(pk=contest.pk).entries_n) == (1, 1)


def test_one_of_fifty_results_is_published(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    contest, host = open_contest(cashier, acting(person(name="主办人")))
    made = [entered(contest, seed=number)[0] for number in (1, 2)]
    judge = judge_for(contest)
    close(contest)
    for entry, mark in zip(made, (90, 80), strict=True):
        give(judge, entry, mark, mark, mark)
    call = call_of(contest)
    found = statuses(site, [by_token(_token(host), f"calls/{call.pk}/tally", {}) for _ in range(AT_ONCE)])
    assert found == {201: 1, 409: 49}
    assert (call_of(contest).round_no, moves(call.pk, "tally")) == (1, 1)


def test_an_objection_is_decided_once_and_a_prize_paid_once(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())
    contest, _host, made = judged(cashier, 90, 80)
    objection = objected(made[0])
    clock.advance(timedelta(days=4))
    beat()
    deciders = [moderator() for _ in range(EIGHT)]
    found = together(
        *(
            lambda by=by, upheld=bool(number % 2): objections.decide(
                objection_id=objection.pk, upheld=upheld, reason="两图特征一致，构成抄袭", by=by, at=clock.now()
            )
            for number, by in enumerate(deciders)
        )
    )
    assert found.count("move_refused") == EIGHT - 1
    upheld = Objection.objects.get(pk=objection.pk).state == "upheld"
    assert Application.objects.filter(call=call_of(contest), state="disqualified").count() == int(upheld)
    call = call_of(contest)
    clock.move_to(call.until + timedelta(seconds=1))
    judging_tasks.advance_judging()
    deliver_events()
    together(*(lambda: money.pay(contest_id=contest.pk, at=clock.now()) for _ in range(EIGHT)))
    assert Withheld.objects.filter(project_id=contest.pk).count() == 1
    assert Contest.objects.get(pk=contest.pk).given_fen == 500_000
    assert not list(books.differences())


def test_a_contest_is_either_cancelled_or_entered(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())
    for _ in range(3):
        contest, host = open_contest(cashier)
        by = acting(person(name="参赛者"))
        entry = entries.begin(contest_id=contest.pk, title="叠翠", text=story(1), by=by, at=clock.now())
        together(
            lambda contest=contest, host=host: course.cancel(
                contest_id=contest.pk, reason="预算有调整", by=host, at=clock.now()
            ),
            lambda entry=entry, by=by: entries.hand_in(entry_id=entry.pk, by=by, at=clock.now()),
        )
        contest.refresh_from_db()
        live = Application.objects.filter(call__subject_id=contest.pk, state="submitted").count()
        assert (contest.state, live) in (("cancelled", 0), ("open", 1))


def test_proofs_made_at_once_form_one_chain(own_db):
    makers = [acting(person()) for _ in range(EIGHT)]
    together(
        *(
            lambda by=by, number=number: proofs.deposit(title="草图", sha256=f"{number:064x}", by=by, at=clock.now())
            for number, by in enumerate(makers)
        )
    )
    rows = list(Proof.objects.order_by("no"))
    assert [row.no for row in rows] == list(range(1, EIGHT + 1))
    assert [row.before for row in rows[1:]] == [row.link for row in rows[:-1]]
