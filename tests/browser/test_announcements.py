"""Announcements in a real Chromium: said by a poster, heard by who takes part, read by everybody who may see the work."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.notifications.models import Message
from marketplace.announcements import operations
from marketplace.errands.models import Stop
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, deliver_events, person
from tests.errand_builders import book, open_errand, runner

LONG = (
    "集合地点改为南门停车场东侧第二个岗亭，请提前十分钟到并出示订单编号；雨天改到室内连廊，具体位置见门口的指示牌。" * 3
)


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_poster_tells_everybody_who_takes_part(chromium, now, site, cashier):
    who = person(name="发布者")
    errand, by = open_errand(cashier, acting(who), stops=1)
    book(Stop.objects.get(), runner("接单人"))
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(who))
    page.goto(f"{site}/errands/{errand.pk}/")
    page.get_by_role("link", name="公告").click()
    expect(page.get_by_text("还没有公告")).to_be_visible()
    assert check(page) == []
    page.get_by_label("内容").fill(LONG)
    page.get_by_role("button", name="发布公告").click()
    expect(page.get_by_text("公告已发布，参与者都会收到通知")).to_be_visible()
    assert check(page) == []
    shot(page, "announcements-phone")
    deliver_events()
    assert Message.objects.filter(zh__contains="集合地点改为南门").count() == 1
    operations.announce(kind="errand", subject_id=errand.pk, text="明天照常进行", by=by, at=clock.now())
    desk = open_page(chromium, site, "desk-dark", english=True)
    desk.goto(f"{site}/work/announcements/errand/{errand.pk}/")
    expect(desk.get_by_text("明天照常进行")).to_be_visible()
    assert check(desk) == []
    shot(desk, "announcements-desk")
