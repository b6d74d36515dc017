"""Whatever host, entrants, judges, objectors, deciders, banks and time do to a contest: no fen is made, doubled or stuck.

Hypothesis chooses the acts, on a real database and against the local gateway; at the end of each play time alone runs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backend.common import clock
from backend.common.errors import Refusal
from backend.judging.models import Application, Objection
from backend.judging.operations import calls, objections, panel
from backend.judging.states import Objecting
from backend.ledger import queries as books
from backend.payments.models import Dispute
from backend.payments.operations import disputes as chargebacks
from marketplace.contests.models import Contest, Entry
from marketplace.contests.operations import course, entries, money
from tests.builders import acting, moderator, move_on, officer, person
from tests.contest_builders import call_of, judge_for, open_contest, story

PRIZES = st.lists(st.integers(1_000, 90_000), min_size=1, max_size=3).map(lambda sums: sorted(sums, reverse=True))
GROUNDS = "纹样与去年公开的作品一致，附对照图"


def _try(act: Callable[[], object]) -> object | None:
    """What came of an act; None where it was refused."""
    try:
        return act()
    except Refusal:
        return None


class ContestLife(RuleBasedStateMachine):
    """One contest with three entrants and two judges, from its first entry on."""

    cashier = None

    @initialize(prizes=PRIZES, tie_rule=st.sampled_from(["share", "earlier"]))
    def begin(self, prizes, tie_rule):
        self.contest, self.host = open_contest(
            self.cashier, mode="several" if len(prizes) > 1 else "single", prizes=tuple(prizes), tie_rule=tie_rule
        )
        self.total = sum(prizes)
        self.makers = [acting(person(name=f"参赛者{number}")) for number in range(3)]
        self.judges = [judge_for(self.contest) for _ in range(2)]

    @rule(who=st.integers(0, 2), act=st.sampled_from(["enter", "enter", "change", "withdraw"]))
    def enter(self, who, act):
        by, at = self.makers[who], clock.now()
        mine = Entry.objects.filter(contest=self.contest, entrant_id=by.party_id).first()
        if mine is None:
            mine = _try(lambda: entries.begin(contest_id=self.contest.pk, title="作品", text=story(who), by=by, at=at))
        if mine is None:
            return
        if act == "enter":
            _try(lambda: entries.hand_in(entry_id=mine.pk, by=by, at=at))
        elif act == "change":
            _try(lambda: entries.write(entry_id=mine.pk, title="改稿", text=story(who + 5), by=by, at=at))
        else:
            _try(lambda: entries.withdraw(entry_id=mine.pk, by=by, at=at))

    @rule(
        judge=st.integers(0, 1),
        marks=st.lists(st.sampled_from([60, 80]), min_size=3, max_size=3),
        leaves=st.integers(0, 9),
    )
    def score(self, judge, marks, leaves):
        by, at = self.judges[judge], clock.now()
        if leaves == 0:
            _try(lambda: panel.recuse(call_id=call_of(self.contest).pk, reason="出差", by=by, at=at))
        for work in Application.objects.filter(call__subject_id=self.contest.pk).order_by("no"):
            given = {f"c{number}": mark for number, mark in enumerate(marks, 1)}
            _try(lambda work=work, given=given: panel.score(application_id=work.pk, marks=given, note="", by=by, at=at))

    @rule(act=st.sampled_from(["tally", "tally", "exclude", "shortlist", "cancel", "extend"]), which=st.integers(0, 2))
    def host_acts(self, act, which):
        at, by, call = clock.now(), self.host, call_of(self.contest)
        works = list(Application.objects.filter(call=call).order_by("no"))
        key = works[which % len(works)].pk if works else None
        if act == "tally":
            _try(lambda: calls.tally(call_id=call.pk, by=by, at=at))
        elif act == "cancel":
            _try(lambda: course.cancel(contest_id=self.contest.pk, reason="预算有调整", by=by, at=at))
        elif act == "extend":
            _try(lambda: course.extend(contest_id=self.contest.pk, days=3, reason="再给些时间", by=by, at=at))
        elif key and act == "exclude":
            _try(lambda: calls.exclude(application_id=key, reason="与主题无关", by=by, at=at))
        elif key:
            _try(lambda: calls.shortlist(application_id=key, on=True, by=by, at=at))

    @rule(which=st.integers(0, 2), aim=st.sampled_from(["against", "against", "for"]))
    def complain(self, which, aim):
        works = list(Application.objects.filter(call__subject_id=self.contest.pk).order_by("place", "no"))
        if not works:
            return
        work = works[which % len(works)]
        makers = {maker.party_id: maker for maker in self.makers}
        by = makers[work.party_id] if aim == "for" else acting(person(name="异议人"))
        _try(
            lambda: objections.raise_objection(application_id=work.pk, aim=aim, grounds=GROUNDS, by=by, at=clock.now())
        )

    @rule(upheld=st.booleans(), answers=st.booleans())
    def decide(self, upheld, answers):
        found = Objection.objects.filter(call__subject_id=self.contest.pk, state__in=Objecting.OPEN).first()
        if found is None:
            return
        hats = {maker.party_id: maker for maker in self.makers} | {self.host.party_id: self.host}
        if answers:
            other = hats[objections.hears(found)]
            _try(lambda: objections.answer(objection_id=found.pk, text=GROUNDS, by=other, at=clock.now()))
        _try(
            lambda: objections.decide(
                objection_id=found.pk, upheld=upheld, reason=GROUNDS, by=moderator(), at=clock.now()
            )
        )

    @rule(act=st.sampled_from(["open", "win", "lose"]))
    def bank(self, act):
        contest = Contest.objects.get(pk=self.contest.pk)
        found = Dispute.objects.filter(intent=contest.paid_by).order_by("-opened_at").first()
        by, at = officer(), clock.now()
        if act == "open" and found is None and contest.paid_by_id:
            _try(
                lambda: chargebacks.open_dispute(
                    intent_id=contest.paid_by_id,
                    provider_no=f"CB{contest.pk.hex[-12:]}",
                    amount_fen=self.total,
                    payee_id=None,
                    by=by,
                    at=at,
                )
            )
        elif act == "win" and found is not None:
            _try(lambda: chargebacks.win_dispute(dispute_id=found.pk, by=by, at=at))
        elif act == "lose" and found is not None:
            _try(lambda: chargebacks.lose_dispute(dispute_id=found.pk, by=by, at=at))

    @rule(days=st.sampled_from([1, 4, 8]))
    def wait(self, days):
        move_on(self.cashier, timedelta(days=days))

    @invariant()
    def the_books_are_right(self):
        if not hasattr(self, "contest"):
            return
        assert list(books.differences()) == []
        contest = Contest.objects.get(pk=self.contest.pk)
        assert (contest.given_fen or 0) + (contest.back_fen or 0) <= self.total
        paid = [fen for fen in contest.entries.values_list("paid_fen", flat=True) if fen]
        assert sum(paid) == (contest.given_fen or 0)

    def teardown(self):
        """Nobody does anything any more: time ends it, and the escrow is empty."""
        if not hasattr(self, "contest"):
            return
        found = Dispute.objects.filter(intent=self.contest.paid_by, state__in=("open", "evidence")).first()
        if found is not None:
            _try(lambda: chargebacks.win_dispute(dispute_id=found.pk, by=officer(), at=clock.now()))
        for _ in range(16):
            move_on(self.cashier, timedelta(days=8))
        contest = Contest.objects.get(pk=self.contest.pk)
        assert contest.state in contest.machine.finals, contest.state
        assert books.balance(money.escrow_of(contest)) == 0
        assert list(books.differences()) == []


def test_no_play_of_a_contest_makes_doubles_or_strands_a_fen(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    ContestLife.cashier = cashier
    run_state_machine_as_test(
        ContestLife,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            deadline=None,
            database=None,
            phases=(Phase.generate,),  # a failing play is told whole; making it shorter would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
