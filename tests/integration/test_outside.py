"""Maker and backer settle a pledge outside the platform: both must say so, and nothing moves here (X15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.errors import Invalid, NotFound
from backend.common.states import MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.notifications.models import Message
from backend.payments.models import Refund
from crowdfunding.campaigns.errors import SaidAlready
from crowdfunding.campaigns.models import OutsideSettlement, Pledge
from crowdfunding.campaigns.operations import outside, pledges
from crowdfunding.fulfilment.models import Parcel
from tests.builders import (
    acting,
    beat,
    come_to_nothing,
    deliver_events,
    live_campaign,
    move_on,
    owner_of,
    paid_pledge,
    person,
    produced,
)

HOW = "已在县城门店当面交付同款食盒一只"


@pytest.fixture
def under_way(db, cashier):
    """A campaign in production with two pledges; its maker and the backer of the first."""
    campaign, (made, _other) = produced(cashier, 1, 1, pays_out=False)
    backer = person_of(made)
    yield campaign, made, acting(owner_of(campaign)), acting(backer)
    cashier.control(clock=clock.now().isoformat())


def person_of(made: Pledge):
    from backend.accounts.models import User

    return User.objects.select_related("party").get(party_id=made.backer_id)


def state(made: Pledge) -> str:
    return str(Pledge.objects.values_list("state", flat=True).get(pk=made.pk))


def escrow(campaign) -> int:
    return books.balance(ledger.escrow_of("campaign", campaign.pk))


@pytest.mark.parametrize("is_makers_word", [True, False])
def test_one_says_and_the_other_confirms(under_way, is_makers_word):
    campaign, made, maker, backer = under_way
    first, second = (maker, backer) if is_makers_word else (backer, maker)
    before = escrow(campaign)
    outside.say(pledge_id=made.pk, text=HOW, by=first, at=clock.now())
    assert state(made) == "paid"

    outside.agree(made.pk, second, clock.now())
    deliver_events()

    assert state(made) == "settled_outside"
    assert (escrow(campaign), Refund.objects.count()) == (before, 0)
    assert Parcel.objects.get(pledge=made).state == "void"
    told = Message.objects.filter(kind="refund").order_by("pk").values_list("party_id", flat=True)
    assert list(told) == [second.party_id, first.party_id]
    assert list(books.differences()) == []


def test_nobody_confirms_their_own_word_and_strangers_see_nothing(under_way):
    _campaign, made, maker, backer = under_way
    outside.say(pledge_id=made.pk, text=HOW, by=maker, at=clock.now())
    for who in (maker, acting(person(name="路人"))):
        with pytest.raises(NotFound):
            outside.agree(made.pk, who, clock.now())
    with pytest.raises(NotFound):
        outside.withdraw(made.pk, backer, clock.now())
    assert (state(made), OutsideSettlement.objects.get().state) == ("paid", "said")


def test_what_is_denied_withdrawn_or_not_answered_changes_nothing(under_way, cashier):
    _campaign, made, maker, backer = under_way
    for end in ("deny", "withdraw"):
        outside.say(pledge_id=made.pk, text=HOW, by=maker, at=clock.now())
        outside.ANSWERS[end](made.pk, backer if end == "deny" else maker, clock.now())
    outside.say(pledge_id=made.pk, text=HOW, by=maker, at=clock.now())
    with pytest.raises(SaidAlready):
        outside.say(pledge_id=made.pk, text=HOW, by=backer, at=clock.now())
    move_on(cashier, timedelta(days=15, minutes=1))
    ends = OutsideSettlement.objects.order_by("said_at", "pk").values_list("state", flat=True)
    assert sorted(ends) == ["denied", "lapsed", "withdrawn"]
    assert state(made) == "paid"
    assert pledges.may_ask(Pledge.objects.get(pk=made.pk), made.campaign, clock.now())


def test_a_refund_that_was_asked_for_is_closed_by_it(under_way):
    _campaign, made, maker, backer = under_way
    pledges.ask_refund(pledge_id=made.pk, reason="等不及了", by=backer, at=clock.now())
    outside.say(pledge_id=made.pk, text=HOW, by=backer, at=clock.now())
    outside.agree(made.pk, maker, clock.now())
    assert state(made) == "settled_outside"
    with pytest.raises(MoveRefused):
        pledges.answer_refund(pledge_id=made.pk, agree=True, reason="", by=maker, at=clock.now())


def test_it_is_refused_before_success_after_the_end_and_without_words(under_way, cashier):
    campaign, made, maker, backer = under_way
    with pytest.raises(Invalid):
        outside.say(pledge_id=made.pk, text="  交了 ", by=maker, at=clock.now())
    fresh, tier = live_campaign(price_fen=10_000)
    early = paid_pledge(cashier, fresh, tier)
    with pytest.raises(MoveRefused):
        outside.say(pledge_id=early.pk, text=HOW, by=acting(owner_of(fresh)), at=clock.now())
    outside.say(pledge_id=made.pk, text=HOW, by=maker, at=clock.now())
    come_to_nothing(campaign)
    beat()
    assert OutsideSettlement.objects.get().state == "lapsed", "the pledge was refunded"
    with pytest.raises(NotFound):
        outside.agree(made.pk, backer, clock.now())
    assert state(made) == "refunded"


def test_the_money_stays_for_the_others_when_the_campaign_comes_to_nothing(under_way):
    campaign, made, maker, backer = under_way
    outside.say(pledge_id=made.pk, text=HOW, by=maker, at=clock.now())
    outside.agree(made.pk, backer, clock.now())
    come_to_nothing(campaign)
    assert Refund.objects.filter(intent__subject_id=made.pk).count() == 0
    assert sum(Refund.objects.values_list("amount_fen", flat=True)) == 100_000, "the other backer has all of it"
    assert list(books.differences()) == []
