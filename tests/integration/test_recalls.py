"""Awards that are revoked after they were paid: the prize is recovered as a debt, and whoever moves up gets what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts.models import Party
from backend.common import clock
from backend.common.errors import Invalid
from backend.judging import queries as judging
from backend.judging.errors import NotHeard, ObjectionsClosed
from backend.judging.operations import objections
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.errors import OwedToOthers
from backend.payments.models import PRIZES, Debt, Payout
from backend.payments.operations import debts, intents
from backend.payments.operations import payouts as paying
from marketplace.contests import queries
from marketplace.contests.errors import NotPaid
from marketplace.contests.models import SOURCE, Contest, Entry
from marketplace.contests.operations import entries, recalls
from marketplace.tax import queries as taxes
from marketplace.tax.models import Withheld
from tests.builders import acting, beat, deliver_events, hand_on, moderator, officer, payable_account, person
from tests.contest_builders import close as close_window
from tests.contest_builders import (
    drawing,
    entered,
    give,
    judge_for,
    judged,
    objected,
    open_contest,
    publish,
    spend,
    standing,
    wait_out,
)

WHY = "与三年前出版的作品一致，构成抄袭"


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _payable(party_id) -> int:
    return books.available(ledger.payable_to(party_id))


def _fund(contest: Contest) -> int:
    return books.available(ledger.escrow_of(PRIZES, contest.pk))


def _fresh(*made: Entry) -> list[Entry]:
    return [Entry.objects.get(pk=one.pk) for one in made]


def _revoke(entry: Entry) -> None:
    """Object, let the time to answer pass, uphold."""
    found = objected(entry)
    clock.advance(timedelta(days=4))
    beat()
    objections.decide(objection_id=found.pk, upheld=True, reason=WHY, by=moderator(), at=clock.now())
    deliver_events()


def _repay(cashier, party_id) -> None:
    order = debts.order(by=acting(Party.objects.get(pk=party_id).user), at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=order.pk, at=clock.now())
    hand_on()


def _sound() -> None:
    assert list(books.differences()) == []


def test_a_copy_found_after_payment_is_recovered_and_the_next_in_line_is_paid(cashier):
    contest, _host, made = judged(cashier, 70, 90, 80, prizes=(2_000_000,))
    contest = wait_out(contest)
    thief = _fresh(made[1])[0]
    net = thief.paid_fen - thief.fee_fen - thief.tax_fen
    fees, tax = books.balance(ledger.PLATFORM_FEES), books.balance(ledger.WITHHELD_TAX)
    clock.advance(timedelta(days=60))
    _revoke(made[1])
    third, thief, heir = _fresh(*made)
    assert [standing(one).state for one in made] == ["not_placed", "revoked", "awarded"]
    assert [standing(one).place for one in made] == [2, None, 1]
    # the winner had not taken it out: all of it is there at once
    debt = Debt.objects.get(prize_id=thief.pk)
    assert (debt.amount_fen, debt.state, _payable(thief.entrant_id)) == (net, "paid", 0)
    assert (heir.more_due_fen, heir.more_paid_fen) == (2_000_000, 2_000_000)
    assert _payable(heir.entrant_id) == 2_000_000 - heir.more_fee_fen - heir.more_tax_fen
    assert (thief.rights_at, third.rights_at, heir.rights_at is not None) == (None, None, True)
    # fee and tax were undone and taken anew of the next
    assert books.balance(ledger.PLATFORM_FEES) == fees
    assert books.balance(ledger.WITHHELD_TAX) == tax - thief.tax_fen + heir.more_tax_fen
    assert _fund(contest) == 0
    _sound()


def test_what_comes_back_in_parts_is_handed_on_in_parts_and_rights_pass_with_the_last(cashier):
    contest, _host, made = judged(cashier, 90, 80, prizes=(2_000_000,))
    contest = wait_out(contest)
    thief = _fresh(made[0])[0]
    spend(thief.entrant_id)
    _revoke(made[0])
    heir = _fresh(made[1])[0]
    undone = thief.fee_fen + thief.tax_fen
    assert (heir.more_due_fen, heir.more_paid_fen, heir.rights_at) == (2_000_000, undone, None)
    _sound()
    _repay(cashier, thief.entrant_id)
    heir = _fresh(made[1])[0]
    assert (heir.more_paid_fen, heir.more_n, heir.rights_at is not None) == (2_000_000, 2, True)
    assert Withheld.objects.filter(payee=heir.entrant_id).count() == 2
    _sound()


def test_everybody_below_moves_up_by_the_difference(cashier):
    contest, _host, made = judged(cashier, 90, 80, 70, 60, mode="several", prizes=(500_000, 300_000, 100_000))
    contest = wait_out(contest)
    _revoke(made[0])
    assert [one.more_due_fen for one in _fresh(*made)] == [0, 200_000, 200_000, 100_000]
    assert [one.more_paid_fen for one in _fresh(*made)] == [0, 200_000, 200_000, 100_000]
    assert [standing(one).place for one in made] == [None, 1, 2, 3]
    assert _fund(contest) == 0
    _sound()
    _revoke(made[1])  # who moved up is a copy too
    first, second, third, fourth = _fresh(*made)
    assert second.revoked_at is not None
    assert Debt.objects.get(prize_id=second.pk).state == "paid"
    assert (third.gross_fen, fourth.gross_fen) == (500_000, 300_000)
    contest.refresh_from_db()
    assert contest.recalled_fen == 500_000 + 300_000 + 200_000
    # nobody is left for the third prize: it is the host's
    assert (contest.recalled_back_fen, _payable(contest.owner_id)) == (100_000, 100_000)
    _sound()


def test_without_a_next_in_line_the_host_gets_it_back(cashier):
    contest, _host, made = judged(cashier, 90)
    contest = wait_out(contest)
    _revoke(made[0])
    contest.refresh_from_db()
    assert (contest.recalled_back_fen, _payable(contest.owner_id)) == (500_000, 500_000)
    _sound()


def test_works_that_shared_a_place_share_what_comes_back(cashier):
    contest, _host, made = judged(cashier, 90, 90, 90, prizes=(100_001,))
    wait_out(contest)
    _revoke(made[0])
    assert [one.gross_fen for one in _fresh(*made)[1:]] == [50_001, 50_000]
    _sound()


def test_who_shared_by_the_default_share_it_again(cashier):
    contest, _host = open_contest(cashier)
    made = [entered(contest, seed=number)[0] for number in (1, 2, 3)]
    close_window(contest)
    for _ in range(3):
        clock.advance(timedelta(days=8))
        beat()
    assert [one.paid_fen for one in _fresh(*made)] == [166_667, 166_667, 166_666]
    _revoke(made[0])
    assert sorted(one.gross_fen for one in _fresh(*made)[1:]) == [250_000, 250_000]
    _sound()


def test_a_payout_that_nobody_signed_is_turned_back_for_it(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    wait_out(contest)
    thief = _fresh(made[0])[0]
    who = Party.objects.get(pk=thief.entrant_id).user
    payable_account(who)
    payout = paying.request_payout(
        party_id=who.party_id, amount_fen=_payable(who.party_id), title="奖金", by=acting(who), at=clock.now()
    )
    _revoke(made[0])
    assert Payout.objects.get(pk=payout.pk).state == "rejected"
    assert Debt.objects.get(prize_id=thief.pk).state == "paid"
    _sound()


def test_the_look_back_has_an_end_and_asks_for_a_hearing(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    contest = wait_out(contest)
    settled = queries.decided_rounds(contest, acting(person()))[0]
    assert settled.look_back_until == settled.call.state_at + timedelta(days=90)
    stranger = acting(person())
    with pytest.raises(Invalid):
        objected(made[1], stranger)  # it won nothing
    with pytest.raises(Invalid):
        objected(made[0], acting(Party.objects.get(pk=made[0].entrant_id).user))
    found = objected(made[0], stranger)
    with pytest.raises(NotHeard):
        objections.decide(objection_id=found.pk, upheld=True, reason=WHY, by=moderator(), at=clock.now())
    _sound()
    clock.move_to(settled.look_back_until)
    assert judging.may_object(standing(made[0]), acting(person()), clock.now()) == ""
    with pytest.raises(ObjectionsClosed):
        objected(made[0])


def test_an_objection_that_is_dismissed_or_left_changes_nothing(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    wait_out(contest)
    one, other = objected(made[0]), objected(made[0], acting(person()))
    clock.advance(timedelta(days=4))
    beat()
    objections.decide(
        objection_id=one.pk, upheld=False, reason="两件作品不同，异议不成立", by=moderator(), at=clock.now()
    )
    clock.advance(timedelta(days=30))
    beat()
    other.refresh_from_db()
    assert other.state == "undecided"
    assert (standing(made[0]).state, Debt.objects.count()) == ("awarded", 0)
    _sound()


def test_the_platform_does_not_let_go_of_a_prize_that_others_are_due(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    wait_out(contest)
    spend(made[0].entrant_id)
    _revoke(made[0])
    debt = Debt.objects.get(prize_id=made[0].pk)
    with pytest.raises(OwedToOthers):
        debts.write_off(debt_id=debt.pk, reason="不追了", by=officer(), at=clock.now())
    clock.advance(timedelta(days=3 * 366))
    beat()
    debt.refresh_from_db()
    assert debt.state == "void"
    assert _fresh(made[1])[0].rights_at is None
    _sound()


def test_recalling_and_handing_on_twice_changes_nothing(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    wait_out(contest)
    _revoke(made[0])
    before = _fresh(*made)
    for _ in range(2):
        recalls.recall(application_id=made[0].application_id, at=clock.now())
        recalls.hand_on(contest_id=contest.pk, at=clock.now())
    assert [one.gross_fen for one in _fresh(*made)] == [one.gross_fen for one in before]
    assert Debt.objects.count() == 1
    _sound()


def test_the_year_and_the_quarter_leave_out_what_was_taken_back(cashier):
    contest, _host, made = judged(cashier, 90, 80, prizes=(2_000_000,))
    wait_out(contest)
    day = Withheld.objects.get(cause_id=made[0].pk).day
    _revoke(made[0])
    year = taxes.statement(made[0].entrant_id, day.year)
    assert (year.payments, year.paid_fen, year.fee_fen, year.tax_fen) == (0, 0, 0, 0)
    assert taxes.of_payee(made[0].entrant_id, day.year).count() == 2
    reported = {row.party.pk: row for row in taxes.report(day.year, (day.month + 2) // 3)}
    assert (reported[made[0].entrant_id].paid_fen, reported[made[0].entrant_id].payments) == (0, 0)


def test_sources_are_closed_to_the_host_again(cashier):
    contest, host = open_contest(cashier)
    made = []
    for number in (1, 2):
        entry, by = entered(contest, seed=number)
        entries.attach(entry_id=entry.pk, use=SOURCE, name="a.png", body=drawing(70 + number), by=by, at=clock.now())
        made.append(entry)
    judge = judge_for(contest)
    close_window(contest)
    for entry, mark in zip(made, (90, 80), strict=True):
        give(judge, entry, mark, mark, mark)
    wait_out(publish(contest, host))
    files = [one.files.get(use=SOURCE) for one in made]
    assert queries.entry_file(made[0].pk, files[0].pk, host) == files[0]
    _revoke(made[0])
    with pytest.raises(NotPaid):
        queries.entry_file(made[0].pk, files[0].pk, host)
    assert queries.entry_file(made[1].pk, files[1].pk, host) == files[1]
