"""Promises beyond the goal: only upwards, never taken back, nothing physical at the last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusal
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.errors import Incomplete, RuleFixed, StretchTooLate
from crowdfunding.campaigns.models import Campaign, Stretch
from crowdfunding.campaigns.operations import drafts, stretches
from tests.builders import acting, draft, live_campaign, offer, owner_of, person


def _add(campaign, owner, at_fen, *, at=None, physical=False, promise="加送一只小篮", cost="每份多 8 元，发货晚一周"):
    return stretches.add_stretch(
        campaign_id=campaign.pk, at_fen=at_fen, promise=promise, cost=cost, is_physical=physical, by=acting(owner),
        at=at or clock.now(),
    )  # fmt: skip


def test_sums_only_rise_and_words_are_needed(db):
    campaign, _tier = live_campaign(goal_fen=100_000, price_fen=10_000)
    owner = owner_of(campaign)
    _add(campaign, owner, 200_000)
    for wrong in (100_000, 150_000, 200_000):
        with pytest.raises(Invalid):
            _add(campaign, owner, wrong)
    with pytest.raises(Refusal) as caught:
        _add(campaign, owner, 300_000, promise=" ", cost="")
    assert {reason.field for reason in caught.value.reasons} == {"promise", "cost"}
    with pytest.raises(NotFound):
        _add(campaign, person(), 300_000)
    assert Stretch.objects.count() == 1


def test_nothing_physical_in_the_last_hours(db):
    campaign, _tier = live_campaign(goal_fen=100_000, price_fen=10_000)
    owner, late = owner_of(campaign), campaign.closes_at - timedelta(hours=71)
    _add(campaign, owner, 200_000, at=campaign.closes_at - timedelta(hours=73), physical=True)
    with pytest.raises(StretchTooLate):
        _add(campaign, owner, 300_000, at=late, physical=True)
    _add(campaign, owner, 300_000, at=late)


def test_a_public_promise_stays(db):
    campaign, _tier = live_campaign(goal_fen=100_000, price_fen=10_000)
    owner = owner_of(campaign)
    made = _add(campaign, owner, 200_000)
    with pytest.raises(RuleFixed):
        stretches.remove_stretch(stretch_id=made.pk, by=acting(owner))
    Campaign.objects.filter(pk=campaign.pk).update(raised_fen=150_000)
    campaign.refresh_from_db()
    (step,) = queries.stretch_steps(campaign)
    assert (step.is_reached, step.percent) == (False, 75)


def test_a_goal_raised_above_a_promise_is_not_submitted(db):
    owner = person()
    campaign = draft(owner, goal_fen=100_000)
    offer(campaign, owner)
    made = _add(campaign, owner, 200_000)
    Campaign.objects.filter(pk=campaign.pk).update(goal_fen=300_000)
    with pytest.raises(Incomplete):
        drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    stretches.remove_stretch(stretch_id=made.pk, by=acting(owner))
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
