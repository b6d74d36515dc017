"""A large campaign is published with its maker's deposit, which ends with it: back to the maker, or to its backers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Forbidden, NotFound, Refusal
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Debt, PaymentIntent, Payout
from backend.payments.operations import disputes, intents, payouts
from crowdfunding.campaigns import tasks
from crowdfunding.campaigns.errors import NoDepositDue
from crowdfunding.campaigns.models import Campaign, Deposit, Pledge, Tier
from crowdfunding.campaigns.operations import deposits, drafts, pledges, verdicts
from tests.builders import (
    acting,
    approved_campaign,
    beat,
    come_to_nothing,
    deliver_events,
    hand_on,
    move_on,
    officer,
    owner_of,
    paid_pledge,
    payable_account,
    person,
)

GOAL, DUE = 5_000_000, 100_000


def _approved(goal_fen: int = GOAL, rule: str = "keep_it_all") -> tuple[Campaign, Tier]:
    return approved_campaign(goal_fen=goal_fen, rule=rule)


def _order(campaign: Campaign, by: User | None = None) -> PaymentIntent:
    return deposits.order(campaign_id=campaign.pk, by=acting(by or owner_of(campaign)), at=clock.now())


def _pay(cashier, order: PaymentIntent) -> None:
    cashier.pay(intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=order.pk, at=clock.now())
    deliver_events()


def _launch(campaign: Campaign) -> Campaign:
    return drafts.launch(campaign_id=campaign.pk, opens_at=None, by=acting(owner_of(campaign)), at=clock.now())


def _live(cashier, **terms) -> tuple[Campaign, Tier]:
    campaign, tier = _approved(**terms)
    _pay(cashier, _order(campaign))
    return _launch(campaign), tier


def _end() -> Deposit:
    tasks.end_deposits()
    hand_on()
    return Deposit.objects.get()


def _escrow(deposit: Deposit) -> int:
    return books.balance(ledger.escrow_of("deposit", deposit.pk))


def _is_clean() -> bool:
    return list(books.differences()) == []


@pytest.fixture(autouse=True)
def _clocks_agree(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)


def test_a_large_goal_is_published_only_with_its_deposit(cashier):
    campaign, _tier = _approved()
    with pytest.raises(Refusal) as caught:
        _launch(campaign)
    assert [(reason.code, "1,000" in reason.text()) for reason in caught.value.reasons] == [("deposit_missing", True)]
    order = _order(campaign)
    assert order.amount_fen == DUE
    with pytest.raises(Refusal):
        _launch(campaign)
    _pay(cashier, order)
    deposit = Deposit.objects.get()
    assert (deposit.state, _escrow(deposit)) == ("held", DUE)
    assert _launch(campaign).state == "live"
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 0, "it does not count to the goal"
    assert _is_clean()


@pytest.mark.parametrize(
    ("goal_fen", "due"), [(4_999_999, 0), (5_000_000, 100_000), (100_000_000, 2_000_000), (900_000_000, 2_000_000)]
)
def test_what_is_due_follows_the_goal(goal_fen, due):
    assert deposits.due_fen(Campaign(goal_fen=goal_fen, ruleset="city"), clock.now()) == due


def test_small_goals_strangers_and_second_payments_are_refused(cashier):
    small, _tier = _approved(goal_fen=100_000)
    with pytest.raises(NoDepositDue):
        _order(small)
    assert _launch(small).state == "live"
    campaign, _tier = _approved()
    with pytest.raises(NotFound):
        _order(campaign, person())
    clerk = replace(acting(owner_of(campaign)), scopes=frozenset({"campaigns"}))
    with pytest.raises(Forbidden):
        deposits.order(campaign_id=campaign.pk, by=clerk, at=clock.now())
    order = _order(campaign)
    assert _order(campaign).pk == order.pk, "one order while it can be paid"
    cashier.pay(intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=order.pk, at=clock.now())
    with pytest.raises(NoDepositDue):
        _order(campaign)
    deliver_events()
    with pytest.raises(NoDepositDue):
        _order(campaign)


def test_what_is_paid_after_its_time_or_by_two_orders_goes_back(cashier):
    campaign, _tier = _approved()
    first = _order(campaign)
    url = intents.cashier_url(intent_id=first.pk, phone=False, at=clock.now())
    later = clock.now() + timedelta(hours=25)
    second = deposits.order(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=later)
    assert second.pk != first.pk
    cashier.pay(url)
    intents.look_after(intent_id=first.pk, at=clock.now())
    _pay(cashier, second)
    beat()
    assert sorted(PaymentIntent.objects.values_list("refunded_fen", flat=True)) == [0, DUE]
    deposit = Deposit.objects.get()
    assert (deposit.state, _escrow(deposit)) == ("held", DUE)
    assert _is_clean()


def test_a_failed_campaign_gives_the_deposit_back(cashier):
    campaign, _tier = _live(cashier, rule="all_or_nothing")
    assert _end().state == "held", "not while the campaign goes on"
    move_on(cashier, timedelta(days=30, minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "failed"
    deposit = _end()
    assert (deposit.state, deposit.used_fen, _escrow(deposit)) == ("returned", 0, 0)
    assert PaymentIntent.objects.get(subject_id=deposit.pk).refunded_fen == DUE
    assert _is_clean()


def test_a_withdrawn_campaign_gives_it_back_and_voids_what_was_not_paid(cashier):
    campaign, _tier = _approved()
    _pay(cashier, _order(campaign))
    drafts.withdraw(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    assert _end().state == "returned"
    other, _tier = _approved()
    order = _order(other)
    url = intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now())
    drafts.withdraw(campaign_id=other.pk, by=acting(owner_of(other)), at=clock.now())
    tasks.end_deposits()
    assert Deposit.objects.get(campaign=other).state == "void"
    cashier.pay(url)
    intents.look_after(intent_id=order.pk, at=clock.now())
    hand_on()
    order.refresh_from_db()
    assert order.refunded_fen == DUE, "what came after the end goes back"
    assert _is_clean()


def _produced(cashier, *quantities: int) -> tuple[Campaign, list[Pledge]]:
    campaign, tier = _live(cashier)
    maker = owner_of(campaign)
    payable_account(maker)
    made = [paid_pledge(cashier, campaign, tier, quantity=quantity) for quantity in quantities]
    move_on(cashier, timedelta(days=30, minutes=1))
    move_on(cashier, timedelta(days=3, minutes=1))
    first = Payout.objects.get()
    payouts.check_payout(payout_id=first.pk, by=officer(), at=clock.now())
    payouts.authorize_payout(payout_id=first.pk, by=officer(), at=clock.now())
    beat()
    campaign.refresh_from_db()
    return campaign, made


def _refunded(made: list[Pledge]) -> list[int]:
    return [pledges.intent_of(one.pk).refunded_fen for one in made]


def test_the_deposit_bears_before_the_maker_owes(cashier):
    campaign, made = _produced(cashier, 1, 2)
    come_to_nothing(campaign)
    deposit = _end()
    assert (deposit.state, deposit.used_fen, _escrow(deposit)) == ("used", DUE, 0)
    assert Debt.objects.get().amount_fen == 300_000 - 90_000 - DUE
    assert sum(_refunded(made)) == 90_000 + DUE
    assert PaymentIntent.objects.get(subject_id=deposit.pk).refunded_fen == 0
    assert _is_clean()


def test_what_backers_do_not_need_of_it_goes_back(cashier):
    campaign, made = _produced(cashier, 1)
    come_to_nothing(campaign)
    deposit = _end()
    assert _refunded(made) == [100_000]
    assert (deposit.state, deposit.used_fen, _escrow(deposit)) == ("used", 70_000, 0)
    assert not Debt.objects.exists()
    assert PaymentIntent.objects.get(subject_id=deposit.pk).refunded_fen == 30_000
    assert _is_clean()


def test_a_chargeback_about_it_makes_it_wait(cashier):
    campaign, _tier = _live(cashier, rule="all_or_nothing")
    deposit = Deposit.objects.get()
    move_on(cashier, timedelta(days=29))
    case = disputes.open_dispute(
        intent_id=deposit.paid_by_id,
        provider_no="CB-1",
        amount_fen=DUE,
        payee_id=campaign.owner_id,
        by=officer(),
        at=clock.now(),
    )
    move_on(cashier, timedelta(days=1, minutes=1))
    assert _end().state == "held"
    disputes.win_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    assert (_end().state, _escrow(deposit)) == ("returned", 0)
    assert _is_clean()


def test_a_chargeback_does_not_keep_it_from_the_backers(cashier):
    campaign, made = _produced(cashier, 1, 2)
    deposit = Deposit.objects.get()
    case = disputes.open_dispute(
        intent_id=deposit.paid_by_id,
        provider_no="CB-1",
        amount_fen=DUE,
        payee_id=campaign.owner_id,
        by=officer(),
        at=clock.now(),
    )
    come_to_nothing(campaign)
    assert (_end().state, sum(_refunded(made))) == ("held", 90_000)
    disputes.win_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    assert (_end().state, _escrow(deposit)) == ("returned", 0)
    hand_on()
    assert sum(_refunded(made)) == 90_000 + DUE
    assert Debt.objects.get().left_fen == 300_000 - 90_000 - DUE
    assert _is_clean()


def test_too_old_for_the_provider_it_is_owed_to_the_maker(cashier):
    campaign, _tier = _live(cashier, rule="all_or_nothing")
    deposit = Deposit.objects.get()
    PaymentIntent.objects.filter(pk=deposit.paid_by_id).update(refundable_until=clock.now().date())
    move_on(cashier, timedelta(days=30, minutes=1))
    assert verdicts.cleared_fen(campaign.pk) == 0
    assert (_end().state, _escrow(deposit)) == ("returned", 0)
    assert books.balance(ledger.payable_to(campaign.owner_id)) == DUE
    assert _is_clean()
