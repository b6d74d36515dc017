"""The desk: all that one posted on one board, and every clock with what it does: what it says is what happens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.models import StateChange
from backend.judging.models import Judge
from marketplace.contests.operations import entries
from marketplace.desk import queries
from marketplace.desk.clocks import Clock, clocks
from marketplace.errands.models import Stop
from marketplace.errands.states import STOP
from marketplace.microtasks.models import Sheet
from marketplace.tasks.models import Task
from tests.builders import acting, beat, deliver_events, firm, person
from tests.contest_builders import (
    call_of,
    close,
    contest_draft,
    entered,
    judge_for,
    judged,
    objected,
    open_contest,
    story,
)
from tests.errand_builders import book, open_errand, runner, stops_of
from tests.errand_builders import hand_in as hand_in_stop
from tests.idea_builders import open_solicitation
from tests.knowledge_builders import open_gap
from tests.microtask_builders import open_job
from tests.microtask_builders import take as take_sheet
from tests.microtask_builders import worker as answerer
from tests.work_builders import open_bids, open_task, sealed_bid, signed


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _one(by, word: str) -> Clock:
    (found,) = [one for one in clocks(by) if one.words[1] == word]
    return found


def _after(one: Clock) -> None:
    """Nobody acts, and its time passes."""
    clock.move_to(one.at + timedelta(seconds=1))
    beat()
    deliver_events()


def test_everything_that_one_posted_is_on_one_board(cashier):
    host = firm()[1]
    task, _by = open_task(host)
    contest = contest_draft(host)
    job, _by = open_job(cashier, by=host)
    errand, _by = open_errand(cashier, host)
    call, _by = open_solicitation(host)
    gap, _by = open_gap(cashier, host)
    posted = {(row.kind, row.subject_id) for row in queries.posted_by(host.party_id)}
    assert posted == {
        ("task", task.pk),
        ("contest", contest.pk),
        ("microtask", job.pk),
        ("errand", errand.pk),
        ("solicitation", call.pk),
        ("gap", gap.pk),
    }
    assert queries.counts_of(host.party_id) == dict.fromkeys(
        ("task", "contest", "microtask", "errand", "solicitation", "gap"), 1
    )
    assert [row.subject_id for row in queries.posted_by(host.party_id, "errand")] == [errand.pk]
    assert queries.posted_by(acting(person()).party_id).count() == 0
    words = {one.words[1] for one in clocks(host)}
    assert {"Tender", "Micro-task", "Call for ideas", "Knowledge bounty"} <= words
    assert "Contest" not in words  # a draft waits for nobody
    assert {"task", "job", "solicitation", "gap"} <= {one.thing for one in clocks(host)}


def test_a_poster_who_does_not_choose_reads_what_comes_of_it():
    task, host = open_task()
    sealed_bid(task)
    open_bids(task)
    one = _one(host, "Tender")
    assert one.is_mine
    _after(one)
    assert Task.objects.get(pk=task.pk).state_word in one.becomes


def test_a_bidder_sees_until_when_the_poster_may_choose():
    task, _host = open_task()
    _bid, worker = sealed_bid(task)
    one = _one(worker, "My bid")
    assert (one.at, one.is_mine, one.url) == (Task.objects.get(pk=task.pk).closes_at, False, f"/work/{task.pk}/")
    open_bids(task)
    assert _one(worker, "My bid").at == Task.objects.get(pk=task.pk).until


def test_an_entry_is_to_be_handed_in_and_is_judged_after(cashier):
    contest, _host = open_contest(cashier)
    maker = acting(person())
    entries.begin(contest_id=contest.pk, title="叠翠", text=story(1), by=maker, at=clock.now())
    one = _one(maker, "My entry")
    assert (one.at, one.is_mine) == (contest.closes_at, True)
    _entry, other = entered(contest, seed=2)
    assert not _one(other, "My entry").is_mine
    judge = judge_for(contest)
    close(contest)
    assert [one.words[1] for one in clocks(maker)] == []
    seat = _one(judge, "You judge")
    assert (seat.at, seat.is_mine) == (call_of(contest).until, True)
    _after(seat)
    assert call_of(contest).state_word in seat.becomes
    assert not Judge.objects.filter(call=call_of(contest), state="invited").exists()


def test_an_objection_is_to_be_answered(cashier):
    _contest, _host, made = judged(cashier, 90, 80)
    found = objected(made[0])
    maker = acting(made[0].entrant.user)
    one = _one(maker, "Yours to answer")
    assert (one.at, one.is_mine) == (found.answer_by, True)
    _after(one)
    found.refresh_from_db()
    assert found.state_word in one.becomes


def test_items_in_hand_go_back(cashier):
    job, _host = open_job(cashier)
    who = answerer()
    sheet = take_sheet(job, who)
    one = _one(who, "Items in hand")
    assert (one.at, one.is_mine) == (sheet.until, True)
    _after(one)
    assert Sheet.objects.get(pk=sheet.pk).state_word in one.becomes
    assert clocks(who) == []


def test_a_stop_is_missed_or_accepted_by_silence(cashier):
    errand, host = open_errand(cashier)
    missed, done = stops_of(errand)[:2]
    who = runner()
    book(missed, who)
    one = _one(who, "My stop")
    assert one.is_mine
    book(done, who)
    clock.move_to(done.from_at + timedelta(minutes=1))
    hand_in_stop(done, who)
    theirs = _one(host, "Stop to accept")
    assert theirs.is_mine
    assert sum(each.is_mine for each in clocks(who)) == 1
    for each, stop, end in ((one, missed, "undone"), (theirs, done, "paid")):
        if clock.now() <= each.at:
            _after(each)
        assert Stop.objects.get(pk=stop.pk).state == end
        went_through = StateChange.objects.filter(subject_id=stop.pk).values_list("target", flat=True)
        assert {STOP.word(target) for target in went_through} & set(each.becomes)


def test_a_contract_waits_for_each_side_in_turn():
    contract, client, worker = signed()
    mine, theirs = _one(client, "Contract"), _one(worker, "Contract")
    assert (mine.is_mine, theirs.is_mine) == (True, False)
    assert mine.at == theirs.at
    assert mine.url == f"/contracts/{contract.pk}/"


def test_nobody_sees_the_clocks_of_others(cashier):
    open_task()
    open_contest(cashier)
    assert clocks(acting(person())) == []
