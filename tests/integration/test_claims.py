"""A maker whose campaign comes to nothing after the first part was paid owes its backers what escrow lacks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connections, transaction

from backend.common import clock
from backend.common.actors import Actor
from backend.common.errors import Refusal
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import tasks as payment_tasks
from backend.payments.errors import NothingOwed, OwedToOthers
from backend.payments.models import Debt, PaymentIntent, Payout, Refund
from backend.payments.operations import debts, disputes, intents
from crowdfunding.campaigns import tasks, trail
from crowdfunding.campaigns.models import Campaign, Claim, Pledge
from crowdfunding.campaigns.operations import claims, drafts, pledges, shared
from tests.builders import (
    acting,
    come_to_nothing,
    deliver_events,
    draft,
    hand_on,
    live_campaign,
    move_on,
    offer,
    officer,
    owner_of,
    paid_pledge,
    produced,
)


def _refunded(made: list[Pledge]) -> list[int]:
    return [PaymentIntent.objects.get(subject_id=one.pk).refunded_fen for one in made]


def _earn(cashier, campaign: Campaign, amount: int) -> None:
    """What the maker earned with another campaign, whose escrow has it."""
    other, tier = live_campaign(price_fen=500_000)
    paid_pledge(cashier, other, tier)
    leg = ledger.Leg(
        ledger.escrow_of("campaign", other.pk), ledger.open_account(ledger.payable_to(campaign.owner_id)), amount
    )
    ledger.post(key=f"rest:{other.pk}", kind="release", legs=[leg], cause=("campaign", other.pk), at=clock.now())


def _repay(cashier, by: Actor) -> PaymentIntent:
    order = debts.order(by=by, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=order.pk, at=clock.now())
    hand_on()
    return order


def _is_clean() -> bool:
    return list(books.differences()) == []


def test_what_escrow_lacks_is_the_makers_debt_and_each_backers_claim(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    assert _refunded(made) == [30_000, 60_000]
    debt = Debt.objects.get()
    assert (debt.amount_fen, debt.state, debt.party_id) == (210_000, "due", campaign.owner_id)
    assert list(Claim.objects.order_by("amount_fen").values_list("amount_fen", flat=True)) == [70_000, 140_000]
    assert books.balance(ledger.claims_on("campaign", campaign.pk)) == 210_000
    assert [step.amount_fen for step in trail.of(made[0]) if not step.is_done] == [70_000]
    assert _is_clean()


def test_what_the_maker_earns_goes_to_the_backers_by_what_each_lacks(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    _earn(cashier, campaign, 30_001)
    hand_on()
    assert _refunded(made) == [30_000 + 10_000, 60_000 + 20_001]
    _earn(cashier, campaign, 200_000)
    hand_on()
    assert _refunded(made) == [100_000, 200_000]
    assert Debt.objects.get().state == "paid"
    assert books.balance(ledger.payable_to(campaign.owner_id)) == 30_001 + 200_000 - 210_000
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 0
    assert _is_clean()


def test_two_workers_at_once_repay_each_claim_once_whoever_holds_the_campaign(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    _earn(cashier, campaign, 210_000)
    debts.settle(party_id=campaign.owner_id, at=clock.now())
    claims.allot(campaign_id=campaign.pk, at=clock.now())
    barrier = Barrier(4)

    def repay(pledge_id: UUID) -> None:
        try:
            barrier.wait()
            claims.repay(pledge_id=pledge_id, at=clock.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool, transaction.atomic():
        shared.locked(campaign.pk)
        list(pool.map(repay, [one.pk for one in made] * 2))
    assert list(Claim.objects.order_by("amount_fen").values_list("repaid_fen", "due_fen")) == [
        (70_000, 0),
        (140_000, 0),
    ]
    hand_on()
    assert _refunded(made) == [100_000, 200_000]
    assert _is_clean()


def test_a_first_part_that_was_not_paid_out_comes_back_at_once(own_db, cashier):
    campaign, made = produced(cashier, 1, 2, pays_out=False)
    come_to_nothing(campaign)
    assert Payout.objects.get().state == "rejected", "the payout that waited for officers is turned back"
    assert _refunded(made) == [97_000, 194_000], "all but the fee, which the maker owes"
    assert (Debt.objects.get().state, debts.owed_by(campaign.owner_id)) == ("part_paid", 9_000)
    assert _is_clean()


def test_a_maker_pays_by_an_order_and_may_begin_anew(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    maker = owner_of(campaign)
    fresh = draft(maker)
    offer(fresh, maker)
    with pytest.raises(Refusal) as caught:
        drafts.submit(campaign_id=fresh.pk, by=acting(maker), at=clock.now())
    assert "debt_open" in {reason.code for reason in caught.value.reasons}

    order = _repay(cashier, acting(maker))

    assert order.amount_fen == 210_000
    assert _refunded(made) == [100_000, 200_000]
    assert debts.owed_by(maker.party_id) == 0
    assert drafts.submit(campaign_id=fresh.pk, by=acting(maker), at=clock.now()).state == "review"
    with pytest.raises(NothingOwed):
        debts.order(by=acting(maker), at=clock.now())
    assert _is_clean()


def test_two_windows_get_one_order_and_another_sum_gets_another(own_db, cashier):
    campaign, _made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    by = acting(owner_of(campaign))
    first = debts.order(by=by, at=clock.now())
    assert debts.order(by=by, at=clock.now()).pk == first.pk
    _earn(cashier, campaign, 10_000)
    hand_on()
    second = debts.order(by=by, at=clock.now())
    assert (second.pk == first.pk, second.amount_fen) == (False, 200_000)


def test_both_orders_paid_leave_the_makers_own_money_payable(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    by = acting(owner_of(campaign))
    first = debts.order(by=by, at=clock.now())
    url = intents.cashier_url(intent_id=first.pk, phone=False, at=clock.now())
    _earn(cashier, campaign, 10_000)
    hand_on()
    _repay(cashier, by)
    cashier.pay(url)
    intents.look_after(intent_id=first.pk, at=clock.now())
    hand_on()
    assert _refunded(made) == [100_000, 200_000]
    assert books.balance(ledger.payable_to(campaign.owner_id)) == 210_000
    assert _is_clean()


def test_a_default_is_owed_like_a_cancellation(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    for _ in range(6):
        move_on(cashier, timedelta(days=40))
    hand_on()
    campaign.refresh_from_db()
    assert campaign.state == "closed"
    assert _refunded(made) == [30_000, 60_000]
    assert debts.owed_by(campaign.owner_id) == 210_000
    assert _is_clean()


def test_the_platform_cannot_let_go_of_it_but_time_can(own_db, cashier):
    campaign, _made = produced(cashier, 1)
    come_to_nothing(campaign)
    debt = Debt.objects.get()
    with pytest.raises(OwedToOthers):
        debts.write_off(debt_id=debt.pk, reason="算了", by=officer(), at=clock.now())
    debt.refresh_from_db()
    assert (debt.state, debt.paid_fen) == ("due", 0)
    clock.advance(timedelta(days=1_096))
    payment_tasks.settle_debts()
    debt.refresh_from_db()
    assert debt.state == "void"
    assert books.balance(ledger.claims_on("campaign", campaign.pk)) == 0
    assert books.balance(ledger.RESERVE) == 0, "the platform bears nothing"
    assert _is_clean()


def test_a_payment_too_old_to_be_refunded_is_owed_to_its_backer(own_db, cashier):
    campaign, (made,) = produced(cashier, 1)
    come_to_nothing(campaign)
    clock.advance(timedelta(days=400))
    _earn(cashier, campaign, 70_000)
    hand_on()
    assert books.balance(ledger.payable_to(made.backer_id)) == 70_000
    assert _refunded([made]) == [30_000]
    assert Claim.objects.get().repaid_fen == 70_000
    assert _is_clean()


def test_a_lost_chargeback_is_not_paid_twice(own_db, cashier):
    """The bank took the rest back, which the maker owes: what comes in for the claim is its own again."""
    campaign, (made,) = produced(cashier, 1)
    come_to_nothing(campaign)
    clerk, maker = officer(), owner_of(campaign)
    dispute = disputes.open_dispute(
        intent_id=pledges.intent_of(made.pk).pk, provider_no="CB-9", amount_fen=70_000, payee_id=maker.party_id,
        by=clerk, at=clock.now(),
    )  # fmt: skip
    _earn(cashier, campaign, 70_000)
    deliver_events()
    payment_tasks.settle_debts()
    deliver_events()
    tasks.repay_claims()
    assert Claim.objects.get().due_fen == 70_000, "it waits while the bank decides"
    disputes.lose_dispute(dispute_id=dispute.pk, by=officer(), at=clock.now())
    hand_on()
    assert Claim.objects.get().repaid_fen == 70_000
    assert debts.owed_by(maker.party_id) == 0
    assert books.balance(ledger.payable_to(maker.party_id)) == 0
    assert _is_clean()


def test_refunds_of_a_claim_never_exceed_the_payment(own_db, cashier):
    campaign, (made,) = produced(cashier, 1)
    come_to_nothing(campaign)
    _earn(cashier, campaign, 500_000)
    hand_on()
    claims.allot(campaign_id=campaign.pk, at=clock.now())
    claims.repay(pledge_id=made.pk, at=clock.now())
    assert sum(Refund.objects.filter(intent__subject_id=made.pk).values_list("amount_fen", flat=True)) == 100_000
