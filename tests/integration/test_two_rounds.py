"""Two rounds: the minimum decides, the optimum is tried for, and one extension needs everybody's yes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.states import MoveRefused
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from crowdfunding.campaigns.errors import RuleFixed
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import confirmations, drafts, extensions, pledges
from tests.builders import (
    acting,
    beat,
    draft,
    live_campaign,
    move_on,
    owner_of,
    paid_pledge,
    pay,
    person,
    reserve,
)


@pytest.fixture
def two(own_db, cashier):
    """A live campaign with a minimum of 1,000 yuan and an optimum of 2,000."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    return live_campaign(rule="two_rounds", price_fen=50_000)


def _state(row) -> str:
    row.refresh_from_db()
    return row.state


def _extend(campaign, days=5, by=None, reason="设备晚到一周"):
    by = by or acting(owner_of(campaign))
    return extensions.extend(campaign_id=campaign.pk, days=days, reason=reason, by=by, at=clock.now())


def _yes(made):
    by = acting(User.objects.get(party_id=made.backer_id))
    return confirmations.confirm(pledge_id=made.pk, by=by, at=clock.now(), reason="接受延期")


def _back(made) -> int:
    return PaymentIntent.objects.get(subject_id=made.pk).refunded_fen


def test_below_the_minimum_all_goes_back(two, cashier):
    campaign, tier = two
    made = paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    assert (_state(campaign), _back(made)) == ("failed", 50_000)


def test_the_minimum_opens_a_second_round_and_its_end_succeeds(two, cashier):
    campaign, tier = two
    for _ in range(2):
        paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    assert (_state(campaign), campaign.round_no) == ("live", 2)
    assert campaign.closes_at - clock.now() > timedelta(days=29)
    late = paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    assert _state(campaign) == "successful"
    assert (campaign.raised_fen, _state(late)) == (150_000, "paid")
    assert list(books.differences()) == []


def test_who_leaves_in_the_second_round_can_bring_it_below_the_minimum(two, cashier):
    campaign, tier = two
    made = [paid_pledge(cashier, campaign, tier) for _ in range(2)]
    move_on(cashier, timedelta(days=30, minutes=1))
    by = acting(User.objects.get(party_id=made[0].backer_id))
    pledges.cancel_pledge(pledge_id=made[0].pk, by=by, at=clock.now())
    move_on(cashier, timedelta(days=30, minutes=1))
    assert (_state(campaign), [_back(one) for one in made]) == ("failed", [50_000, 50_000])


def test_the_optimum_ends_it_after_the_first_round(two, cashier):
    campaign, tier = two
    for _ in range(4):
        paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    assert (_state(campaign), campaign.round_no) == ("successful", 1)


def test_an_extension_binds_nobody_who_did_not_say_yes(two, cashier):
    campaign, tier = two
    stays, silent = (paid_pledge(cashier, campaign, tier) for _ in range(2))
    ordered = reserve(campaign, tier)
    ends = Campaign.objects.get(pk=campaign.pk).closes_at
    _extend(campaign)
    campaign.refresh_from_db()
    assert campaign.closes_at == ends + timedelta(days=5)
    after = paid_pledge(cashier, campaign, tier)
    pay(cashier, ordered)
    assert [_state(one) for one in (stays, silent, ordered, after)] == [
        "to_confirm",
        "to_confirm",
        "to_confirm",
        "paid",
    ]
    with pytest.raises(NotFound):
        confirmations.confirm(pledge_id=stays.pk, by=acting(person()), at=clock.now(), reason="x")
    _yes(stays)
    with pytest.raises(MoveRefused):
        _yes(stays)
    move_on(cashier, timedelta(days=9))
    assert [_state(one) for one in (stays, silent, ordered, after)] == ["paid", "cancelled", "cancelled", "paid"]
    assert (_back(silent), _back(ordered), _back(stays)) == (50_000, 50_000, 0)
    with pytest.raises(MoveRefused):
        _yes(silent)
    campaign.refresh_from_db()
    assert campaign.raised_fen == 100_000
    assert list(books.differences()) == []


def test_a_yes_after_its_time_comes_too_late(two, cashier):
    campaign, tier = two
    made = paid_pledge(cashier, campaign, tier)
    _extend(campaign)
    made.refresh_from_db()
    cashier.control(clock=clock.advance(made.confirm_by - clock.now() + timedelta(seconds=1)).isoformat())
    with pytest.raises(MoveRefused):  # though no clock has let it lapse yet
        _yes(made)
    beat()
    assert _state(made) == "cancelled"


def test_the_verdict_waits_for_the_asked(two, cashier):
    campaign, tier = two
    made = [paid_pledge(cashier, campaign, tier) for _ in range(4)]
    move_on(cashier, timedelta(days=29))
    _extend(campaign, days=1)
    move_on(cashier, timedelta(days=2, minutes=5))
    assert _state(campaign) == "clearing"
    for one in made:
        _yes(one)
    move_on(cashier, timedelta(minutes=1))
    assert _state(campaign) == "successful"


def test_one_extension_and_in_two_rounds_only(two, cashier):
    campaign, _tier = two
    with pytest.raises(NotFound):
        _extend(campaign, by=acting(person()))
    with pytest.raises(Invalid):
        _extend(campaign, days=31)
    with pytest.raises(Invalid):
        _extend(campaign, reason=" ")
    _extend(campaign)
    with pytest.raises(RuleFixed):
        _extend(campaign)
    plain, _ = live_campaign()
    with pytest.raises(RuleFixed):
        _extend(plain)


def test_the_optimum_is_above_the_minimum_and_asked_for(own_db):
    maker = person()
    with pytest.raises(Invalid):
        draft(maker, rule="two_rounds", optimum_fen=100_000)
    campaign = draft(maker, rule="two_rounds", optimum_fen=None)
    with pytest.raises(Refusal) as caught:
        drafts.submit(campaign_id=campaign.pk, by=acting(maker), at=clock.now())
    assert any("理想金额" in reason.text() for reason in caught.value.reasons)
    other = draft(maker, rule="all_or_nothing", optimum_fen=150_000)
    assert other.optimum_fen is None
