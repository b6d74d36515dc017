"""Bounties for knowledge: in escrow first, paid once for what fills the gap, or back whole; nobody fills their own."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import Invalid, NotFound, Refusal, Refusals
from backend.common.states import MoveRefused
from backend.ledger import queries as books
from backend.listings.models import Listing
from backend.moderation.models import Review
from backend.payments.operations import disputes, intents
from marketplace.knowledge.errors import (
    FillingUndecided,
    GapAnswered,
    GapClosed,
    NotIndependent,
    OwnGap,
)
from marketplace.knowledge.models import Change, Gap
from marketplace.knowledge.operations import bounties, changes, gaps, verdicts
from marketplace.knowledge.states import Changing, Missing
from marketplace.tasks.errors import Affiliated
from marketplace.tax.models import Withheld
from tests import knowledge_builders as made
from tests.builders import acting, beat, deliver_events, firm, moderator, officer, person


def held_fen(gap: Gap) -> int:
    return books.balance(bounties.escrow_of(gap))


def sound() -> None:
    assert list(books.differences()) == []


def ended(gap: Gap) -> Gap:
    """Let the gap's next clock ring."""
    gap.refresh_from_db()
    assert gap.until is not None
    clock.move_to(gap.until + timedelta(seconds=1))
    beat()
    return Gap.objects.get(pk=gap.pk)


def test_a_bounty_is_in_escrow_before_anybody_writes(own_db, cashier):
    gap, by = made.asked()
    author = acting(person(name="竹匠"))
    with pytest.raises(NotFound):
        changes.answer(gap_id=gap.pk, by=author, at=clock.now())
    assert not Listing.objects.get(kind="gap").is_public
    intent = bounties.order(gap_id=gap.pk, by=by, at=clock.now())
    assert bounties.order(gap_id=gap.pk, by=by, at=clock.now()) == intent
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    gap.refresh_from_db()
    assert (gap.state, held_fen(gap)) == (Missing.OPEN, 30_000)
    assert Listing.objects.get(kind="gap").is_public
    assert changes.answer(gap_id=gap.pk, by=author, at=clock.now()).title == gap.title
    sound()


def test_what_fills_the_gap_is_paid_after_days_uncontested(own_db, cashier):
    gap, _poster = made.open_gap(cashier)
    author = acting(person(name="竹匠"))
    change = made.judged(made.answered(gap, author), fills=True)
    gap.refresh_from_db()
    assert (gap.state, gap.filled_by, held_fen(gap)) == (Missing.FILLED, change, 30_000)
    gap = ended(gap)
    assert (gap.state, gap.paid_fen, held_fen(gap)) == (Missing.COMPLETED, 30_000, 0)
    kept = Withheld.objects.get(cause_id=gap.pk)
    assert (kept.payee_id, kept.paid_fen, kept.tax_fen) == (author.party_id, 30_000, gap.tax_fen)
    sound()


def test_what_does_not_fill_it_is_published_and_the_bounty_stays(own_db, cashier):
    gap, _poster = made.open_gap(cashier)
    judge = moderator()
    first = made.answered(gap, acting(person(name="甲")))
    verdicts.take(change_id=first.pk, by=judge, at=clock.now())
    with pytest.raises(FillingUndecided):
        verdicts.publish(change_id=first.pk, by=judge, at=clock.now())
    verdicts.publish(change_id=first.pk, fills_gap=False, by=judge, at=clock.now())
    gap.refresh_from_db()
    assert (gap.state, gap.filled_by, held_fen(gap)) == (Missing.OPEN, None, 30_000)
    made.judged(made.answered(gap, acting(person(name="乙")), text=made.TEXT + "\n有剂量与温度。"), fills=True)
    gap.refresh_from_db()
    assert gap.state == Missing.FILLED
    sound()


def test_of_two_that_fill_it_the_first_published_earns_it(own_db, cashier):
    gap, poster = made.open_gap(cashier)
    first, second = (made.answered(gap, acting(person(name=name)), text=made.TEXT + name) for name in ("甲", "乙"))
    made.judged(second, fills=True)
    made.judged(first, fills=True)
    gap.refresh_from_db()
    assert gap.filled_by == second
    bounties.accept(gap_id=gap.pk, by=poster, at=clock.now())
    with pytest.raises(MoveRefused):
        bounties.accept(gap_id=gap.pk, by=poster, at=clock.now())
    assert Withheld.objects.filter(cause_id=gap.pk).count() == 1
    sound()


def test_the_poster_and_their_people_earn_nothing_and_review_nothing_here(own_db, cashier):
    boss = made.experienced("悬赏人")
    gap, poster = made.open_gap(cashier, firm(boss, name="悬赏公司")[1])
    for by in (poster, acting(boss)):
        with pytest.raises(OwnGap):
            changes.answer(gap_id=gap.pk, by=by, at=clock.now())
    change = made.answered(gap, acting(person(name="竹匠")))
    with pytest.raises(NotIndependent):
        verdicts.take(change_id=change.pk, by=acting(boss), at=clock.now())
    assert Change.objects.get(pk=change.pk).state == Changing.REVIEW


def test_a_gap_in_an_entry_is_filled_by_a_change_to_it(own_db, cashier):
    article, _by = made.entry()
    gap, _poster = made.open_gap(cashier, article_id=article.pk)
    change = made.judged(made.answered(gap, acting(person(name="篾匠"))), fills=True)
    assert (change.article_id, change.base_no) == (article.pk, 1)
    article.refresh_from_db()
    assert article.current_no == 2
    sound()


def test_nobody_fills_it_and_everything_goes_back(own_db, cashier):
    gap, _poster = made.open_gap(cashier)
    gap = ended(gap)
    assert (gap.state, gap.back_fen, gap.paid_fen) == (Missing.EXPIRED, 30_000, None)
    sound()


def test_what_was_handed_in_in_time_is_waited_for(own_db, cashier):
    gap, _poster = made.open_gap(cashier)
    author, judge = acting(person(name="竹匠")), moderator()
    change = made.answered(gap, author)
    draft = changes.answer(gap_id=gap.pk, by=acting(person(name="慢人")), at=clock.now())
    gap = ended(gap)
    assert (gap.state, held_fen(gap)) == (Missing.DECIDING, 30_000)
    slow = changes.write(
        change_id=draft.pk,
        terms=made.terms(),
        version=draft.version,
        by=acting_of(draft),
        at=clock.now(),
    )
    with pytest.raises((GapClosed, Refusals)):
        changes.submit(change_id=slow.pk, by=acting_of(draft), at=clock.now())
    changes.leave_gap(change_id=slow.pk, by=acting_of(draft), at=clock.now())
    assert changes.submit(change_id=slow.pk, by=acting_of(draft), at=clock.now()).gap is None
    verdicts.take(change_id=change.pk, by=judge, at=clock.now())
    verdicts.send_back(change_id=change.pk, comment="请写明标准编号", by=judge, at=clock.now())
    deliver_events()
    gap.refresh_from_db()
    assert gap.state == Missing.DECIDING
    change = changes.submit(change_id=change.pk, by=author, at=clock.now())
    made.judged(change, judge, fills=True)
    gap.refresh_from_db()
    assert gap.state == Missing.FILLED
    sound()


def acting_of(change: Change):
    from backend.accounts.models import User

    return acting(User.objects.get(party_id=change.person_id))


def test_after_the_last_that_waited_is_declined_the_bounty_does_not_wait(own_db, cashier):
    gap, _poster = made.open_gap(cashier)
    change, judge = made.answered(gap, acting(person(name="竹匠"))), moderator()
    gap = ended(gap)
    verdicts.take(change_id=change.pk, by=judge, at=clock.now())
    verdicts.decline(change_id=change.pk, comment="没有任何依据", by=judge, at=clock.now())
    beat()
    gap.refresh_from_db()
    assert (gap.state, gap.back_fen) == (Missing.EXPIRED, 30_000)
    sound()


def test_a_contested_bounty_is_decided_by_somebody_who_belongs_to_neither(own_db, cashier):
    gap, poster = made.open_gap(cashier)
    judge = moderator()
    made.judged(made.answered(gap, acting(person(name="竹匠"))), judge, fills=True)
    with pytest.raises(Invalid):
        bounties.contest(gap_id=gap.pk, reason="不行", by=poster, at=clock.now())
    bounties.contest(gap_id=gap.pk, reason="没有写药剂用量和标准编号", by=poster, at=clock.now())
    assert Review.objects.filter(kind="filling", decision="").count() == 1
    with pytest.raises(Affiliated):
        bounties.find(gap_id=gap.pk, is_filled=False, reason="对照说明，确有缺项", by=judge, at=clock.now())
    bounties.find(gap_id=gap.pk, is_filled=False, reason="对照说明，确有缺项", by=moderator(), at=clock.now())
    gap.refresh_from_db()
    assert (gap.state, gap.filled_by, held_fen(gap)) == (Missing.OPEN, None, 30_000)
    assert gap.closes_at is not None and gap.closes_at >= clock.now() + timedelta(days=14)
    assert not Review.objects.filter(kind="filling", decision="").exists()
    sound()


def test_silence_about_a_contested_bounty_is_for_the_author(own_db, cashier):
    gap, poster = made.open_gap(cashier)
    made.judged(made.answered(gap, acting(person(name="竹匠"))), fills=True)
    bounties.contest(gap_id=gap.pk, reason="没有写药剂用量和标准编号", by=poster, at=clock.now())
    gap = ended(gap)
    assert (gap.state, gap.paid_fen) == (Missing.COMPLETED, 30_000)
    assert not Review.objects.filter(kind="filling", decision="").exists()
    sound()


def test_what_somebody_handed_in_for_is_not_cancelled(own_db, cashier):
    gap, poster = made.open_gap(cashier)
    change = made.answered(gap, acting(person(name="竹匠")))
    with pytest.raises(GapAnswered):
        bounties.cancel(gap_id=gap.pk, reason="不需要了不需要", by=poster, at=clock.now())
    changes.withdraw(change_id=change.pk, by=acting_of(change), at=clock.now())
    gap = bounties.cancel(gap_id=gap.pk, reason="不需要了不需要", by=poster, at=clock.now())
    assert (gap.state, gap.back_fen) == (Missing.CANCELLED, 30_000)
    sound()


def test_handing_in_and_cancelling_at_once_leave_no_work_unpaid(own_db, cashier):
    gap, poster = made.open_gap(cashier)
    by = acting(person(name="竹匠"))
    draft = changes.answer(gap_id=gap.pk, by=by, at=clock.now())
    changes.write(change_id=draft.pk, terms=made.terms(), version=draft.version, by=by, at=clock.now())
    got: dict[str, str] = {}

    def run(name: str, do) -> None:
        try:
            do()
            got[name] = "done"
        except Refusal as refusal:
            got[name] = refusal.code
        finally:
            connection.close()

    acts = {
        "submit": lambda: changes.submit(change_id=draft.pk, by=by, at=clock.now()),
        "cancel": lambda: bounties.cancel(gap_id=gap.pk, reason="不需要了不需要", by=poster, at=clock.now()),
    }
    threads = [threading.Thread(target=run, args=item) for item in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got.values()) in (["done", "gap_answered"], ["done", "gap_closed"])
    sound()


def test_a_bounty_that_a_bank_took_back_ends(own_db, cashier):
    gap, _poster = made.open_gap(cashier)
    made.judged(made.answered(gap, acting(person(name="竹匠"))), fills=True)
    case = disputes.open_dispute(
        intent_id=gap.paid_by_id, provider_no="CB-1", amount_fen=30_000, payee_id=None, by=officer(), at=clock.now()
    )
    gap = ended(gap)
    assert gap.state == Missing.FILLED
    disputes.lose_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    beat()
    gap.refresh_from_db()
    assert (gap.state, gap.paid_fen) == (Missing.FAILED, None)
    sound()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"title": "短"}, "title"),
        ({"wanted": "太短"}, "wanted"),
        ({"wanted": "请加微信 abc12345 详谈，" * 4}, "wanted"),
        ({"fen": 4_999}, "fen"),
        ({"open_days": 91}, "open_days"),
        ({"category": "x"}, "category"),
    ],
)
def test_terms_that_do_not_fit_are_refused_by_field(own_db, words, field):
    with pytest.raises((Invalid, Refusals)) as caught:
        gaps.ask(terms=made.gap_terms(**words), by=firm()[1], at=clock.now())
    assert field in {one.field for one in getattr(caught.value, "reasons", [caught.value])}
    assert not Gap.objects.exists()


def test_what_is_returned_is_mended_and_reviewed_again(own_db):
    by = firm(name="竹业协会")[1]
    gap = gaps.ask(terms=made.gap_terms(), by=by, at=clock.now())
    gaps.REVIEWING.send_back(subject_id=gap.pk, reason="请写明怎样算补上", by=moderator(), at=clock.now())
    with pytest.raises(NotFound):
        gaps.ask_again(gap_id=gap.pk, terms=made.gap_terms(), by=acting(person()), at=clock.now())
    gap = gaps.ask_again(gap_id=gap.pk, terms=made.gap_terms(fen=40_000), by=by, at=clock.now())
    assert (gap.state, gap.fen) == (Missing.REVIEW, 40_000)
    assert Review.objects.filter(kind="gap", decision="").count() == 1


# --- money, whatever happens -----------------------------------------------------------------------------------


class Bounties(RuleBasedStateMachine):
    """Whatever people and time do: nothing is paid twice or beyond the bounty, and when all has ended nothing is left."""

    cashier = None

    def __init__(self) -> None:
        super().__init__()
        self.gap, self.poster = made.open_gap(self.cashier)
        self.authors = [acting(person(name=name)) for name in ("甲", "乙")]
        self.number = 0

    def _waiting(self) -> list[Change]:
        return list(Change.objects.filter(gap=self.gap, state=Changing.REVIEW))

    def _try(self, do) -> None:
        with suppress(Refusal):
            do()
        deliver_events()
        self.gap.refresh_from_db()

    @rule(who=st.integers(0, 1))
    def hand_in(self, who: int) -> None:
        self.number += 1
        self._try(lambda: made.answered(self.gap, self.authors[who], text=made.TEXT + f"\n{self.number}"))

    @precondition(lambda self: self._waiting())
    @rule(verdict=st.sampled_from(["fills", "not", "decline"]))
    def review(self, verdict: str) -> None:
        change, judge = self._waiting()[0], moderator()
        verdicts.take(change_id=change.pk, by=judge, at=clock.now())
        if verdict == "decline":
            self._try(lambda: verdicts.decline(change_id=change.pk, comment="没有依据的", by=judge, at=clock.now()))
        else:
            self._try(
                lambda: verdicts.publish(change_id=change.pk, fills_gap=verdict == "fills", by=judge, at=clock.now())
            )

    @rule(act=st.sampled_from(["accept", "contest", "cancel"]))
    def post(self, act: str) -> None:
        reason = "还缺药剂用量和标准编号"
        self._try(lambda: bounties.STEPS[act](self.gap.pk, reason, self.poster, clock.now()))

    @rule(is_filled=st.booleans())
    def find(self, is_filled: bool) -> None:
        by = acting(person(name="裁定人"), Role.MODERATOR)
        self._try(
            lambda: bounties.find(gap_id=self.gap.pk, is_filled=is_filled, reason="对照说明", by=by, at=clock.now())
        )

    @rule(days=st.sampled_from([1, 6, 21, 41]))
    def wait(self, days: int) -> None:
        clock.move_to(clock.now() + timedelta(days=days))
        beat()
        self.gap.refresh_from_db()

    @invariant()
    def adds_up(self) -> None:
        out = (self.gap.paid_fen or 0) + (self.gap.back_fen or 0)
        assert out in (0, self.gap.fen)
        assert list(books.differences()) == []

    def teardown(self) -> None:
        for _ in range(8):
            clock.move_to(clock.now() + timedelta(days=41))
            beat()
        self.gap.refresh_from_db()
        assert self.gap.state in self.gap.machine.finals
        assert books.available(bounties.escrow_of(self.gap)) == 0


def test_whatever_happens_a_bounty_is_paid_once_or_goes_back(own_db, cashier):
    Bounties.cashier = cashier
    run_state_machine_as_test(
        Bounties,
        settings=settings(
            max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
