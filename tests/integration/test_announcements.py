"""What posters say to everybody who takes part at once: told once each, readable by who may see the work, by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusal
from backend.notifications.models import Message
from marketplace.announcements import operations, queries
from marketplace.announcements.errors import NobodyThere, TooManyAnnouncements
from marketplace.announcements.models import Announcement
from marketplace.errands.models import Stop
from marketplace.tasks.errors import Affiliated
from tests.builders import acting, deliver_events, moderator, person
from tests.errand_builders import approved, book, open_errand, runner
from tests.idea_builders import open_solicitation, proposed
from tests.work_builders import open_task, sealed_bid

pytestmark = pytest.mark.django_db

TEXT = "集合地点改为南门，请提前十分钟到"


def say(kind, subject, by, text=TEXT) -> Announcement:
    return operations.announce(kind=kind, subject_id=subject.pk, text=text, by=by, at=clock.now())


def told() -> list[object]:
    deliver_events()
    return sorted(Message.objects.filter(zh__contains="公告：").values_list("party_id", flat=True))


def test_everybody_who_holds_a_stop_hears_it_once_and_nobody_else(cashier):
    errand, by = open_errand(cashier, stops=3)
    first, second, other = runner("甲"), runner("乙"), runner("丙")
    for stop, who in zip(Stop.objects.order_by("rank"), (first, first, second), strict=True):
        book(stop, who)
    made = say("errand", errand, by)
    assert made.told_n == 2 and told() == sorted([first.party_id, second.party_id])
    deliver_events()
    assert len(told()) == 2 and other.party_id not in told()
    assert [one.text for one in queries.of_subject("errand", errand.pk, other)] == [TEXT]


def test_bidders_hear_it_and_their_bids_stay_sealed():
    task, by = open_task()
    bidders = [sealed_bid(task)[1].party_id for _ in range(2)]
    say("task", task, by)
    assert told() == sorted(bidders)


def test_authors_of_ideas_hear_it():
    found, by = open_solicitation()
    authors = [proposed(found)[0].author_id for _ in range(2)]
    say("solicitation", found, by)
    assert told() == sorted(authors)


def test_nobody_announces_about_the_work_of_others_or_to_nobody(cashier):
    errand, by = open_errand(cashier)
    with pytest.raises(NotFound):
        say("errand", errand, acting(person()))
    with pytest.raises(NotFound):
        say("article", errand, by)
    with pytest.raises(NobodyThere):
        say("errand", errand, by)
    hidden, _owner = approved()
    with pytest.raises(NotFound):
        queries.subject("errand", hidden.pk, acting(person()))
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("text", ["", "好", "字" * 601, "加微信 paotui888 领红包", "看 http://a.example/x"])
def test_what_is_too_short_too_long_or_leads_away_is_refused(cashier, text):
    errand, by = open_errand(cashier)
    book(Stop.objects.order_by("rank")[0], runner())
    with pytest.raises(Invalid):
        say("errand", errand, by, text)


def test_a_day_takes_three_and_the_next_day_more(cashier):
    errand, by = open_errand(cashier)
    book(Stop.objects.order_by("rank")[0], runner())
    for _ in range(3):
        say("errand", errand, by)
    with pytest.raises(TooManyAnnouncements):
        say("errand", errand, by)
    clock.move_to(clock.now() + timedelta(days=1, minutes=1))
    say("errand", errand, by)


def test_a_moderator_takes_one_from_view_with_a_reason(cashier):
    errand, by = open_errand(cashier)
    book(Stop.objects.order_by("rank")[0], runner())
    made = say("errand", errand, by)
    act = {"announcement_id": made.pk, "hide": True, "at": clock.now()}
    with pytest.raises(Affiliated):
        operations.moderate(**act, reason="不实", by=by)
    with pytest.raises(Refusal):
        operations.moderate(**act, reason="", by=moderator())
    operations.moderate(**act, reason="夹带广告", by=moderator())
    assert not queries.of_subject("errand", errand.pk, acting(person())).exists()
    assert queries.of_subject("errand", errand.pk, by).get().hidden_why == "夹带广告"
    operations.moderate(**act | {"hide": False}, reason="已改正", by=moderator())
    assert queries.of_subject("errand", errand.pk, acting(person())).exists()
