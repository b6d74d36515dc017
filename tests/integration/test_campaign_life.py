"""A campaign's life on real parts: pledge, pay at the gateway, verdict, parts, refunds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction

from backend.common import clock
from backend.common.actors import SamePerson
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.gateways import provider
from backend.payments.models import Payout, Refund
from backend.payments.operations import intents, payouts
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations import delivery, pledges, shared, talk
from tests.builders import (
    acting,
    beat,
    deliver_events,
    live_campaign,
    move_on,
    officer,
    owner_of,
    paid_pledge,
    payable_account,
    person,
    reserve,
)


def escrow(campaign: Campaign) -> int:
    return books.balance(ledger.escrow_of("campaign", campaign.id))


@pytest.fixture(autouse=True)
def _clocks(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())


def test_a_campaign_that_succeeds_pays_first_part_and_tail_after_two_officers(cashier):
    campaign, tier = live_campaign(goal_fen=60_000, price_fen=20_000, shipping_fen=1_000)
    payable_account(owner_of(campaign))
    made = [paid_pledge(cashier, campaign, tier) for _ in range(4)]

    campaign.refresh_from_db()
    assert (campaign.raised_fen, campaign.pledges_n, escrow(campaign)) == (84_000, 4, 84_000)

    move_on(cashier, timedelta(days=30, minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "successful"
    move_on(cashier, timedelta(days=3, minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "producing"

    first = Payout.objects.get()
    assert first.amount_fen == 58_800 - 2_520
    assert books.balance(ledger.PLATFORM_FEES) == 2_520
    one, two = officer(), officer()
    payouts.check_payout(payout_id=first.id, by=one, at=clock.now())
    with pytest.raises(SamePerson):
        payouts.authorize_payout(payout_id=first.id, by=one, at=clock.now())
    payouts.authorize_payout(payout_id=first.id, by=two, at=clock.now())
    beat()
    first.refresh_from_db()
    assert first.state == "paid"
    assert escrow(campaign) == 84_000 - 58_800

    delivery.start_shipping(campaign_id=campaign.id, by=acting(owner_of(campaign)), at=clock.now())
    for pledge in made:
        backer = owner_of_party(pledge)
        pledges.confirm_receipt(pledge_id=pledge.id, by=backer, at=clock.now())
    move_on(cashier, timedelta(hours=2))
    campaign.refresh_from_db()
    assert campaign.state == "delivered"
    talk.post_update(
        campaign_id=campaign.id, title="全部寄出", body="谢谢大家", by=acting(owner_of(campaign)), at=clock.now()
    )
    move_on(cashier, timedelta(days=8))
    campaign.refresh_from_db()
    assert campaign.state == "closed"
    tail = Payout.objects.exclude(pk=first.pk).get()
    assert tail.amount_fen == 84_000 - 58_800
    assert escrow(campaign) == 0
    assert list(books.differences()) == []


def owner_of_party(pledge: Pledge):
    from backend.accounts.models import User

    return acting(User.objects.select_related("party").get(party_id=pledge.backer_id))


def test_a_campaign_that_falls_short_refunds_every_backer(cashier):
    campaign, tier = live_campaign(goal_fen=100_000, price_fen=10_000)
    for _ in range(3):
        paid_pledge(cashier, campaign, tier)
    never_paid = reserve(campaign, tier)

    move_on(cashier, timedelta(days=30, minutes=1))
    beat()
    move_on(cashier, timedelta(hours=1))

    campaign.refresh_from_db()
    never_paid.refresh_from_db()
    assert campaign.state == "failed"
    assert never_paid.state == "expired"
    assert list(Refund.objects.values_list("amount_fen", "state")) == [(10_000, "succeeded")] * 3
    assert escrow(campaign) == 0
    assert cashier.control()["balance_fen"] >= 0
    assert list(books.differences()) == []


def test_keep_it_all_succeeds_with_one_pledge(cashier):
    campaign, tier = live_campaign(goal_fen=100_000, price_fen=10_000, rule="keep_it_all")
    paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "successful"


def test_a_backer_may_cancel_until_the_last_hour(cashier):
    campaign, tier = live_campaign(price_fen=10_000, stock=1)
    backer = person(name="反悔的人")
    made = paid_pledge(cashier, campaign, tier, backer)
    pledges.cancel_pledge(pledge_id=made.id, by=acting(backer), at=clock.now())
    beat()

    tier.refresh_from_db()
    campaign.refresh_from_db()
    assert (tier.left, campaign.raised_fen, escrow(campaign)) == (1, 0, 0)
    assert Refund.objects.get().state == "succeeded"
    assert list(books.differences()) == []


def test_late_money_counts_while_stock_remains_and_goes_back_when_not(cashier):
    campaign, tier = live_campaign(price_fen=10_000, stock=1)
    late = reserve(campaign, tier)
    intent = pledges.intent_of(late.id)
    url = intents.cashier_url(intent_id=intent.id, phone=False, at=clock.now())
    page = cashier.visit(url)
    cashier.http.post(page + "pay", data={"choice": "enter"})
    clock.advance(timedelta(minutes=31))
    intents.expire(intent_id=intent.id, at=clock.now())
    deliver_events()
    paid_pledge(cashier, campaign, tier)
    cashier.http.post(page + "pay", data={"choice": "pay"})
    fact = provider().query(number=intent.number, at=clock.now())
    intents.apply_trade(intent_id=intent.id, fact=fact, at=clock.now())
    deliver_events()
    beat()

    late.refresh_from_db()
    intent.refresh_from_db()
    assert (late.state, intent.state) == ("expired", "returned")
    assert books.balance(ledger.SUSPENSE) == 0
    assert list(books.differences()) == []


def test_who_pledges_does_not_wait_for_whoever_holds_the_campaign(cashier):
    """A new row that only points at a held campaign is kept at once; waiting for it at its end closed circles of locks."""
    campaign, tier = live_campaign()
    backer = person(name="支持者")

    def take() -> Pledge:
        try:
            return reserve(campaign, tier, backer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        shared.locked(campaign.pk)
        made = pool.submit(take).result()
    assert Pledge.objects.get(pk=made.pk).campaign_id == campaign.pk
