"""Late pledges: for goods that are left, never for the goal, whole in escrow until delivery."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.accounts.models import User
from backend.common import clock, rules
from backend.common.errors import Invalid, NotFound, Refusal
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.errors import (
    CampaignNotLive,
    CancelTooLate,
    LateNeedsReward,
    NoLatePledges,
    TierSoldOut,
)
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import delivery, late, pledges, talk
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.operations import surveys
from crowdfunding.pots.models import Match
from tests.builders import (
    acting,
    deliver_events,
    hand_on,
    live_campaign,
    moderator,
    move_on,
    open_pot,
    owner_of,
    paid_pledge,
    pay,
    payable_account,
    person,
    produced,
    reserve,
)


def _today() -> date:
    return clock.now().astimezone(rules.SHANGHAI).date()


def _open(campaign: Campaign, days: int = 5, by: User | None = None) -> Campaign:
    last = _today() + timedelta(days=days)
    return late.open_until(campaign_id=campaign.pk, last_day=last, by=acting(by or owner_of(campaign)), at=clock.now())


def _tier(campaign: Campaign) -> Tier:
    return campaign.tiers.get()


def _clean() -> None:
    assert list(books.differences()) == []


def test_only_the_maker_of_what_succeeded_and_is_not_sent_takes_late_pledges(own_db, cashier):
    live, _reward = live_campaign()
    with pytest.raises(NoLatePledges):
        _open(live)
    campaign, _made = produced(cashier, 1, pays_out=False)
    with pytest.raises(NotFound):
        _open(campaign, by=person())
    for days in (-1, 60, (date.max - _today()).days):
        with pytest.raises(Invalid):
            _open(campaign, days)
    with pytest.raises(CampaignNotLive):
        reserve(campaign, _tier(campaign))
    assert _open(campaign).is_open_late(clock.now())
    delivery.start_shipping(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    with pytest.raises(CampaignNotLive):
        reserve(campaign, _tier(campaign))
    with pytest.raises(NoLatePledges):
        _open(campaign)


def test_a_led_campaign_takes_none(own_db, cashier):
    campaign, _made = produced(cashier, 1, pays_out=False)
    Campaign.objects.filter(pk=campaign.pk).update(is_led=True)
    with pytest.raises(NoLatePledges):
        _open(campaign)


def test_it_counts_for_nothing_but_its_goods(own_db, cashier):
    campaign, made = produced(cashier, 1)
    open_pot(cashier)
    _open(campaign)
    with pytest.raises(LateNeedsReward):
        reserve(campaign, None, amount_fen=10_000)
    comer = paid_pledge(cashier, campaign, _tier(campaign))
    after = Campaign.objects.get(pk=campaign.pk)
    assert (after.raised_fen, after.pledges_n) == (100_000, 1)
    assert queries.late_pledges(after) == queries.Late(100_000, 1)
    assert comer.is_late
    assert not Match.objects.filter(pledge=comer).exists()
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 30_000 + 100_000
    assert list(Parcel.objects.order_by("no").values_list("pledge_id", "no", "state")) == [
        (made[0].pk, 1, "asked"),
        (comer.pk, 2, "asked"),
    ]
    _clean()


def test_its_fee_is_taken_with_the_tail(own_db, cashier):
    campaign, _made = produced(cashier, 1)
    _open(campaign)
    comer = paid_pledge(cashier, campaign, _tier(campaign))
    fees = books.balance(ledger.PLATFORM_FEES)
    maker = acting(owner_of(campaign))
    delivery.start_shipping(campaign_id=campaign.pk, by=maker, at=clock.now())
    for one in (_made[0], comer):
        backer = User.objects.get(party_id=one.backer_id)
        pledges.confirm_receipt(pledge_id=one.pk, by=acting(backer), at=clock.now())
    deliver_events()
    talk.post_update(campaign_id=campaign.pk, title="发货", body="已全部寄出", by=maker, at=clock.now())
    move_on(cashier, timedelta(hours=2))
    move_on(cashier, timedelta(days=8))
    assert Campaign.objects.get(pk=campaign.pk).state == "closed"
    assert books.balance(ledger.PLATFORM_FEES) == 2 * fees
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 0
    _clean()


def test_its_backer_leaves_while_it_is_open_and_not_after(own_db, cashier):
    campaign, _made = produced(cashier, 1)
    _open(campaign)
    comer, other = (paid_pledge(cashier, campaign, _tier(campaign)) for _ in range(2))
    backer, stays = (User.objects.get(party_id=one.backer_id) for one in (comer, other))
    pledges.cancel_pledge(pledge_id=comer.pk, by=acting(backer), at=clock.now())
    deliver_events()
    assert Campaign.objects.get(pk=campaign.pk).raised_fen == 100_000
    assert Parcel.objects.get(pledge=comer).state == "void"
    late.close(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    with pytest.raises(CancelTooLate):
        pledges.cancel_pledge(pledge_id=other.pk, by=acting(stays), at=clock.now())
    with pytest.raises(NotFound):
        late.close(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    move_on(cashier, timedelta(minutes=1))
    assert PaymentIntent.objects.get(subject_id=comer.pk).refunded_fen == 100_000
    _clean()


def test_whoever_orders_in_time_and_pays_after_the_lock_is_asked_like_those_who_missed_it(own_db, cashier):
    campaign, _made = produced(cashier, 1)
    _open(campaign)
    comer = reserve(campaign, _tier(campaign))
    surveys.announce_lock(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    Survey.objects.filter(campaign=campaign).update(due_at=clock.now())
    surveys.advance(survey_id=Survey.objects.get(campaign=campaign).pk, at=clock.now())
    pay(cashier, comer)
    assert Parcel.objects.get(pledge=comer).state == "missed"


def test_what_is_paid_after_its_time_counts_only_while_it_is_open(own_db, cashier):
    campaign, _made = produced(cashier, 1)
    _open(campaign)
    first, second = (reserve(campaign, _tier(campaign)) for _ in range(2))
    links = [
        intents.cashier_url(intent_id=pledges.intent_of(one.pk).pk, phone=False, at=clock.now())
        for one in (first, second)
    ]
    cashier.pay(links[0])
    late.close(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    move_on(cashier, timedelta(minutes=40))
    # the first was paid in time, and only the news came late: the order is settled, not late
    assert Pledge.objects.get(pk=first.pk).state == "paid"
    assert Pledge.objects.get(pk=second.pk).state == "expired"
    _clean()


def test_a_campaign_that_comes_to_nothing_gives_late_pledges_their_share(own_db, cashier):
    campaign, made = produced(cashier, 1)
    _open(campaign)
    comer = paid_pledge(cashier, campaign, _tier(campaign))
    maker = acting(owner_of(campaign))
    delivery.ask_to_cancel(campaign_id=campaign.pk, ruling="窑炉损毁", by=maker, at=clock.now())

    delivery.confirm_cancel(campaign_id=campaign.pk, by=moderator(), at=clock.now())
    hand_on()
    back = [PaymentIntent.objects.get(subject_id=one.pk).refunded_fen for one in (made[0], comer)]
    assert back == [65_000, 65_000]
    _clean()


def test_late_pledges_take_what_stock_is_left(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(price_fen=100_000, stock=2)
    payable_account(owner_of(campaign))
    paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    _open(campaign)
    paid_pledge(cashier, campaign, tier)
    with pytest.raises(TierSoldOut):
        reserve(campaign, tier)
    with pytest.raises(Refusal):
        reserve(campaign, tier, quantity=0)
    _clean()
