"""Reminders: at the opening and before the end, once, and not for those who have backed already."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from backend.common import clock
from backend.common.errors import NotFound, Refusal
from backend.notifications.models import Choice, Message
from crowdfunding.campaigns import tasks
from crowdfunding.campaigns.models import Campaign, Reminder
from crowdfunding.campaigns.operations import drafts, reminders, reviews
from tests.builders import acting, beat, deliver_events, draft, live_campaign, moderator, offer, paid_pledge, person
from tests.security.test_matrix import signed_in


def told(user) -> list[str]:
    found = Message.objects.filter(party_id=user.party_id, kind="reminder").order_by("id")
    return list(found.values_list("zh", flat=True))


def remind(campaign, user, *, is_wanted: bool = True) -> None:
    reminders.choose(campaign_id=campaign.pk, is_wanted=is_wanted, by=acting(user), at=clock.now())


def ends_in(campaign, **time) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=clock.now() + timedelta(**time))


def test_whoever_waits_hears_of_the_end_once_and_whoever_backed_does_not(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(goal_fen=100_000, price_fen=20_000)
    waiting, backer, muted, gone = person(), person(), person(), person()
    for user in (waiting, waiting, backer, muted, gone):
        remind(campaign, user)
    remind(campaign, gone, is_wanted=False)
    Choice.objects.create(party_id=muted.party_id, kind="reminder", in_inbox=False, mail="off")
    paid_pledge(cashier, campaign, tier, backer)
    assert tasks.remind_of_ends() == 0
    ends_in(campaign, hours=47)
    assert tasks.remind_of_ends() == 1
    assert tasks.remind_of_ends() == 0
    assert [told(user) for user in (waiting, backer, muted, gone)] == [
        [f"您关注的《{campaign.title}》将在 48 小时内截止"],
        [],
        [],
        [],
    ]
    assert not Reminder.objects.filter(told_at=None).exists()


@pytest.mark.django_db
def test_too_late_or_unseen_is_refused():
    campaign, _tier = live_campaign()
    ends_in(campaign, hours=47)
    with pytest.raises(Refusal) as caught:
        remind(campaign, person())
    assert [reason.code for reason in caught.value.reasons] == ["too_late_to_remind"]
    with pytest.raises(NotFound):
        remind(draft(person()), person())
    assert not Reminder.objects.exists()


def test_whoever_waits_for_the_opening_hears_of_it(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    owner, waiting = person(), person()
    campaign = draft(owner)
    offer(campaign, owner)
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    opens = clock.now() + timedelta(days=2)
    drafts.launch(campaign_id=campaign.pk, opens_at=opens, by=acting(owner), at=clock.now())
    remind(campaign, waiting)
    Campaign.objects.filter(pk=campaign.pk).update(opens_at=clock.now(), due_at=clock.now())
    beat()
    deliver_events()
    campaign.refresh_from_db()
    assert campaign.state == "live"
    assert told(waiting) == [f"《{campaign.title}》已开放支持"]


@pytest.mark.django_db
def test_the_page_offers_it_and_takes_it_back():
    campaign, _tier = live_campaign()
    mine, path = signed_in(person(), factor=False), f"/campaigns/{campaign.pk}/"
    assert "截止前提醒我" in Client().get(path).content.decode()
    assert "截止前提醒我" in mine.get(path).content.decode()
    assert mine.post(f"{path}remind/", {"wanted": "1"}).status_code == 302
    assert "到时提醒我" in mine.get(path).content.decode()
    mine.post(f"{path}remind/", {})
    assert not Reminder.objects.exists()
    ends_in(campaign, hours=40)
    assert "提醒我" not in mine.get(path).content.decode()
