"""What a moderator must sign, and what the page points to."""

from __future__ import annotations

import pytest

from backend.common import clock
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.errors import ChecklistOpen
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import drafts, reviews
from tests.builders import acting, draft, moderator, offer, person


@pytest.fixture
def waiting(db):
    owner = person()
    campaign = draft(owner)
    offer(campaign, owner)
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    return campaign


@pytest.mark.parametrize("signed", [(), ("nonsense",), reviews.EVERYWHERE[:4], (*reviews.EVERYWHERE[:4], "nonsense")])
def test_no_campaign_is_approved_with_a_line_unsigned(waiting, signed):
    with pytest.raises(ChecklistOpen):
        reviews.approve(campaign_id=waiting.pk, checklist=signed, by=moderator(), at=clock.now())


def test_a_category_of_more_risk_asks_for_more(waiting):
    Campaign.objects.filter(pk=waiting.pk).update(category="tea")
    with pytest.raises(ChecklistOpen):
        reviews.approve(campaign_id=waiting.pk, checklist=reviews.EVERYWHERE, by=moderator(), at=clock.now())
    lines = reviews.checklist_for("tea")
    assert {"food", "origin"} < set(lines) and "food" not in reviews.checklist_for("bamboo")
    reviews.approve(campaign_id=waiting.pk, checklist=lines, by=moderator(), at=clock.now())
    assert Campaign.objects.get(pk=waiting.pk).state == "approved"


def test_a_copied_story_points_to_where_it_was_read_before(waiting):
    owner = person()
    copy = draft(owner)
    assert [(one.pk, percent) for one, percent in queries.alike(copy)] == [(waiting.pk, 100)]
    Campaign.objects.filter(pk=copy.pk).update(story="详询微信：zhuzi2026，满额享分红")
    copy.refresh_from_db()
    assert {one.kind for one in queries.findings(copy)} == {"chat", "promise"}
    assert not queries.alike(copy)
