"""One batch of goods behind several rewards is never sold twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connections, transaction

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Invalid, NotFound
from backend.ledger import queries as books
from crowdfunding.campaigns.errors import BatchTaken, TierSoldOut
from crowdfunding.campaigns.models import Batch, Pledge, Tier
from crowdfunding.campaigns.operations import batches, pledges
from tests.builders import (
    acting,
    batch_of,
    draft,
    drawn,
    live_campaign,
    owner_of,
    paid_pledge,
    person,
    reserve,
    sharing,
)


def _left(batch: Batch) -> int:
    return Batch.objects.get(pk=batch.pk).left


@pytest.mark.django_db
def test_a_reward_takes_its_part_of_its_own_campaigns_batch():
    maker = person()
    campaign, other = draft(maker), draft(maker)
    batch = batch_of(campaign, maker)
    for units in (0, 11):
        with pytest.raises(Invalid):
            drawn(campaign, maker, batch, units)
    with pytest.raises(NotFound):
        drawn(other, maker, batch, 1)
    with pytest.raises(NotFound):
        batch_of(campaign, person())
    for wrong in ({"name": "", "total": 1}, {"name": "x", "total": 0}, {"name": batch.name, "total": 1}):
        with pytest.raises(Invalid):
            batch_of(campaign, maker, **wrong)
    assert drawn(campaign, maker, batch, 5).batch_units == 5
    with pytest.raises(IntegrityError), transaction.atomic():
        Tier.objects.filter(campaign=campaign).update(batch_units=0)


@pytest.mark.django_db
def test_boxes_of_two_and_of_five_share_one_harvest():
    campaign, batch, (small, large) = sharing(10, 2, 5)
    reserve(campaign, large)
    first = reserve(campaign, small)
    assert (_left(batch), Tier.objects.select_related("batch").get(pk=small.pk).free) == (3, 1)
    with pytest.raises(TierSoldOut):
        reserve(campaign, large)
    reserve(campaign, small)
    assert Tier.objects.select_related("batch").get(pk=small.pk).is_sold_out
    pledges.expire_pledge(pledge_id=first.pk, at=clock.now())
    assert _left(batch) == 3


@pytest.mark.django_db
def test_a_batch_is_never_cut_below_what_backers_have():
    campaign, batch, (small,) = sharing(10, 2)
    reserve(campaign, small, quantity=3)
    maker = acting(owner_of(campaign))
    with pytest.raises(BatchTaken):
        batches.resize(batch_id=batch.pk, total=5, by=maker)
    assert batches.resize(batch_id=batch.pk, total=6, by=maker).left == 0
    assert batches.resize(batch_id=batch.pk, total=20, by=maker).left == 14
    with pytest.raises(NotFound):
        batches.resize(batch_id=batch.pk, total=30, by=acting(person()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(left=21)


def test_what_goes_back_is_free_again_and_the_books_agree(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, batch, (small, large) = sharing(10, 2, 5)
    made = paid_pledge(cashier, campaign, large)
    paid_pledge(cashier, campaign, small)
    assert _left(batch) == 3
    backer = User.objects.get(party_id=made.backer_id)
    pledges.cancel_pledge(pledge_id=made.pk, by=acting(backer), at=clock.now())
    assert _left(batch) == 8
    assert list(books.differences()) == []
    Batch.objects.filter(pk=batch.pk).update(left=7)
    assert any("batch gives out" in str(found) for found in books.differences())


def test_forty_at_once_share_what_there_is(own_db):
    campaign, batch, rewards = sharing(9, 2, 1)
    backers = [acting(person(name=f"支持者{n}")) for n in range(40)]
    barrier = Barrier(8)

    def take(number: int) -> bool:
        if number < 8:
            barrier.wait()
        try:
            pledges.pledge(
                campaign_id=campaign.pk,
                tier_id=rewards[number % 2].pk,
                quantity=1,
                amount_fen=None,
                expected_total_fen=None,
                is_anonymous=False,
                by=backers[number],
                at=clock.now(),
            )
        except TierSoldOut:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(40)))
    taken = sum(made.tier.batch_units for made in Pledge.objects.select_related("tier"))
    assert taken == 9 - _left(batch)
    assert _left(batch) == 0


@pytest.mark.django_db
def test_a_reward_without_a_batch_is_bounded_by_its_own_stock_alone():
    campaign, tier = live_campaign(stock=2)
    assert Tier.objects.select_related("batch").get(pk=tier.pk).free == 2
    reserve(campaign, tier, quantity=2)
    assert Tier.objects.select_related("batch").get(pk=tier.pk).is_sold_out
