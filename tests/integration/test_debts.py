"""A lost chargeback that nothing of the payee's can bear is a debt: netted from what comes next, never from others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import SamePerson
from backend.common.errors import Invalid, Refusal
from backend.common.states import MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries, tasks
from backend.payments.models import Debt, Payout
from backend.payments.operations import debts, disputes, payouts
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import drafts, pledges
from tests.builders import (
    acting,
    beat,
    draft,
    live_campaign,
    move_on,
    offer,
    officer,
    owner_of,
    paid_pledge,
    payable_account,
)


@pytest.fixture
def owing(own_db, cashier):
    """A maker paid out in full whose backer's bank then takes the money back: nothing is left to hold."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(price_fen=100_000)
    maker = owner_of(campaign)
    payable_account(maker)
    made = paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    move_on(cashier, timedelta(days=3, minutes=1))
    first = Payout.objects.get()
    payouts.check_payout(payout_id=first.pk, by=officer(), at=clock.now())
    payouts.authorize_payout(payout_id=first.pk, by=officer(), at=clock.now())
    beat()
    clerk = officer()
    dispute = disputes.open_dispute(
        intent_id=pledges.intent_of(made.pk).pk,
        provider_no="CB-1",
        amount_fen=100_000,
        payee_id=maker.party_id,
        by=clerk,
        at=clock.now(),
    )
    assert dispute.hold_id is None, "escrow holds the tail alone, and the maker was paid"
    disputes.lose_dispute(dispute_id=dispute.pk, by=officer(), at=clock.now())
    beat()
    return maker, clerk, Debt.objects.get()


def _release(maker, amount: int, name: str) -> None:
    """Money that a maker earned elsewhere."""
    campaign_id = Campaign.objects.get().pk
    payable = ledger.open_account(ledger.payable_to(maker.party_id))
    leg = ledger.Leg(ledger.escrow_of("campaign", campaign_id), payable, amount)
    ledger.post(key=f"rest:{name}", kind="release", legs=[leg], cause=("campaign", campaign_id), at=clock.now())


def test_the_payee_owes_and_the_books_agree(owing):
    maker, _clerk, debt = owing
    assert (debt.amount_fen, debt.state, debt.party_id) == (100_000, "due", maker.party_id)
    assert debts.owed_by(maker.party_id) == 100_000
    assert books.balance(ledger.receivable_from(maker.party_id)) == 100_000
    assert books.balance(ledger.RESERVE) == 0
    assert list(books.differences()) == []


def test_whoever_owes_starts_nothing_new(owing):
    maker, _clerk, _debt = owing
    fresh = draft(maker)
    offer(fresh, maker)
    with pytest.raises(Refusal) as caught:
        drafts.submit(campaign_id=fresh.pk, by=acting(maker), at=clock.now())
    assert "debt_open" in {reason.code for reason in caught.value.reasons}


def test_what_comes_next_pays_the_debt_once(owing):
    maker, _clerk, debt = owing
    _release(maker, 20_000, "a")
    assert queries.debtors_with_money() == [maker.party_id]
    assert tasks.settle_debts() == 1
    assert tasks.settle_debts() == 0
    debt.refresh_from_db()
    assert (debt.paid_fen, debt.state, books.available(ledger.payable_to(maker.party_id))) == (20_000, "part_paid", 0)
    with pytest.raises(Refusal):
        payouts.request_payout(party_id=maker.party_id, amount_fen=10_000, title="x", by=acting(maker), at=clock.now())
    assert list(books.differences()) == []


def test_a_payout_asked_for_pays_the_debt_first(owing):
    maker, _clerk, debt = owing
    debts.settle(party_id=maker.party_id, at=clock.now())
    _release(maker, 25_000, "b")
    with pytest.raises(Refusal):
        payouts.request_payout(party_id=maker.party_id, amount_fen=25_000, title="x", by=acting(maker), at=clock.now())
    tasks.settle_debts()
    debt.refresh_from_db()
    assert debt.paid_fen == 25_000


def test_a_debt_is_written_off_by_another_officer_with_a_reason(owing):
    maker, clerk, debt = owing
    with pytest.raises(SamePerson):
        debts.write_off(debt_id=debt.pk, reason="无法追偿", by=clerk, at=clock.now())
    with pytest.raises(Invalid):
        debts.write_off(debt_id=debt.pk, reason=" ", by=officer(), at=clock.now())
    with pytest.raises(Refusal):
        debts.write_off(debt_id=debt.pk, reason="自己免自己", by=acting(maker), at=clock.now())
    debts.write_off(debt_id=debt.pk, reason="企业已注销", by=officer(), at=clock.now())
    assert (books.balance(ledger.receivable_from(maker.party_id)), books.balance(ledger.RESERVE)) == (0, -100_000)
    with pytest.raises(MoveRefused):
        debts.write_off(debt_id=debt.pk, reason="再来一次", by=officer(), at=clock.now())
    assert list(books.differences()) == []


def test_time_bars_a_debt(owing, cashier):
    maker, _clerk, debt = owing
    tasks.settle_debts()
    debt.refresh_from_db()
    assert debt.state == "due"
    clock.advance(timedelta(days=1100))
    tasks.settle_debts()
    debt.refresh_from_db()
    assert debt.state == "void"
    assert debts.owed_by(maker.party_id) == 0
    assert list(books.differences()) == []


def test_two_cases_about_one_payment_never_take_what_others_paid(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(price_fen=50_000)
    made, other = paid_pledge(cashier, campaign, tier), paid_pledge(cashier, campaign, tier)
    intent = pledges.intent_of(made.pk)
    cases = [
        disputes.open_dispute(
            intent_id=intent.pk, provider_no=number, amount_fen=50_000, payee_id=campaign.owner_id, by=officer(),
            at=clock.now(),
        )
        for number in ("CB-1", "CB-2")
    ]  # fmt: skip
    assert [case.hold_id is not None for case in cases] == [True, False]
    for case in cases:
        disputes.lose_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    beat()
    assert books.available(ledger.escrow_of("campaign", campaign.pk)) == 50_000
    pledges.cancel_pledge(pledge_id=other.pk, by=acting(_user(other)), at=clock.now())
    beat()
    other.refresh_from_db()
    assert other.state == "cancelled"
    assert debts.owed_by(campaign.owner_id) == 0, "the payment brought nothing more"
    assert books.balance(ledger.RESERVE) == -50_000
    assert list(books.differences()) == []


def _user(made):
    return User.objects.select_related("party").get(party_id=made.backer_id)
