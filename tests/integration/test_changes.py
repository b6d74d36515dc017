"""Changing one's mind about the reward: the old pledge stands until the new one is paid, never both, never neither."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Refusal
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Refund
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import changes, pledges
from tests.builders import acting, beat, live_campaign, paid_pledge, pay, person


@pytest.fixture
def backed(own_db, cashier):
    """A campaign with a plain reward and a scarce one, and a backer who has the plain one."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, plain = live_campaign(goal_fen=100_000, price_fen=20_000)
    scarce = Tier.objects.create(
        campaign=campaign,
        title="大匣",
        price_fen=50_000,
        stock=2,
        left=2,
        per_person=1,
        right_class="fresh",
        position=9,
    )
    made = paid_pledge(cashier, campaign, plain, person())
    return campaign, plain, scarce, made


def change(made: Pledge, tier: Tier | None, **more) -> Pledge:
    chosen = changes.Order(tier_id=tier.pk if tier else None, replaces=made.pk, **more)
    backer = User.objects.select_related("party").get(party_id=made.backer_id)
    return changes.order(campaign_id=made.campaign_id, chosen=chosen, by=acting(backer), at=clock.now())


def codes(caught) -> set[str]:
    return {reason.code for reason in caught.value.reasons}


def test_the_new_reward_takes_the_place_of_the_old_when_it_is_paid(backed, cashier):
    campaign, _plain, scarce, old = backed
    new = change(old, scarce)
    old.refresh_from_db()
    assert (old.state, new.state) == ("paid", "reserved")
    pay(cashier, new)
    beat()
    old.refresh_from_db()
    new.refresh_from_db()
    campaign.refresh_from_db()
    assert (old.state, new.state) == ("cancelled", "paid")
    assert (campaign.raised_fen, campaign.pledges_n) == (50_000, 1)
    assert Refund.objects.get(intent=pledges.intent_of(old.pk)).state == "succeeded"
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 50_000
    scarce.refresh_from_db()
    assert scarce.left == 1


def test_who_does_not_pay_keeps_what_they_had(backed):
    _campaign, _plain, scarce, old = backed
    new = change(old, scarce)
    pledges.expire_pledge(pledge_id=new.pk, at=clock.now())
    old.refresh_from_db()
    scarce.refresh_from_db()
    assert (old.state, scarce.left) == ("paid", 2)
    assert change(old, None, amount_fen=10_000).replaces_id == old.pk


def test_one_change_at_a_time_of_a_paid_pledge_into_something_else(backed, cashier):
    campaign, plain, scarce, old = backed
    with pytest.raises(Refusal) as caught:
        change(old, plain)
    assert codes(caught) == {"same_reward"}
    new = change(old, scarce)
    with pytest.raises(Refusal) as caught:
        change(old, None, amount_fen=10_000)
    assert codes(caught) == {"change_under_way"}
    with pytest.raises(Refusal) as caught:
        change(new, None, amount_fen=10_000)
    assert codes(caught) == {"change_too_late"}
    stranger = acting(person())
    chosen = changes.Order(tier_id=None, amount_fen=10_000, replaces=old.pk)
    with pytest.raises(Refusal) as caught:
        changes.order(campaign_id=campaign.pk, chosen=chosen, by=stranger, at=clock.now())
    assert codes(caught) == {"not_found"}
    assert Pledge.objects.filter(campaign=campaign).count() == 2


def test_nothing_changes_in_the_last_hour(backed):
    campaign, _plain, scarce, old = backed
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=clock.now() + timedelta(minutes=59))
    with pytest.raises(Refusal) as caught:
        change(old, scarce)
    assert codes(caught) == {"change_too_late"}


def test_leaving_meanwhile_and_paying_after_all_counts_the_new_one_alone(backed, cashier):
    campaign, _plain, scarce, old = backed
    new = change(old, scarce)
    backer = User.objects.select_related("party").get(party_id=old.backer_id)
    pledges.cancel_pledge(pledge_id=old.pk, by=acting(backer), at=clock.now())
    pay(cashier, new)
    beat()
    campaign.refresh_from_db()
    assert (campaign.raised_fen, campaign.pledges_n) == (50_000, 1)
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 50_000
