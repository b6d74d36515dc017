"""The desk in a real Chromium: what waits and until when, all that one posted, what one keeps an eye on."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from marketplace.contests.operations import entries
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, person
from tests.contest_builders import open_contest, story
from tests.errand_builders import open_errand
from tests.work_builders import open_task, sealed_bid

LONG = "崇阳县青山镇楠竹产业园礼盒包装与十二件衍生品整套视觉设计及打样跟进"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_worker_sees_every_clock_and_keeps_what_they_like(chromium, now, site, cashier):
    worker = person(name="设计师")
    task, _host = open_task(title=LONG)
    sealed_bid(task, worker)
    contest, _by = open_contest(cashier)
    entries.begin(contest_id=contest.pk, title="叠翠", text=story(1), by=acting(worker), at=clock.now())
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(worker))
    page.goto(f"{site}/work/favourites/")
    expect(page.get_by_text("还没有收藏")).to_be_visible()
    assert check(page) == []
    page.goto(f"{site}/contests/{contest.pk}/")
    page.get_by_role("button", name="收藏").click()
    expect(page.get_by_text("已收藏")).to_be_visible()
    page.goto(f"{site}/work/{task.pk}/")
    page.get_by_role("button", name="收藏").click()
    page.goto(f"{site}/contests/?category=design")
    page.get_by_text("保存这个筛选").click()
    page.get_by_label("名称").fill("竹编设计")
    assert check(page) == []
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("link", name="竹编设计")).to_be_visible()
    assert check(page) == []
    page.goto(f"{site}/work/mine/")
    page.get_by_role("link", name="我的收藏").click()
    expect(page.get_by_role("link", name=LONG)).to_be_visible()
    assert check(page) == []
    shot(page, "favourites-phone")
    page.get_by_role("button", name="取消收藏：竹器新生设计赛").click()
    expect(page.get_by_text("已取消收藏")).to_be_visible()
    expect(page.get_by_role("link", name="竹器新生设计赛")).to_have_count(0)
    page.goto(f"{site}/work/agenda/")
    expect(page.get_by_role("heading", name="等我处理")).to_be_visible()
    expect(page.get_by_text("若无人操作，届时变为").first).to_be_visible()
    assert check(page) == []
    shot(page, "agenda-phone")
    large = open_page(chromium, site, "phone-dark-large")
    sign_in(large, site, phone_of(worker))
    large.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    large.goto(f"{site}/work/agenda/")
    expect(large.get_by_text("if nobody acts, it becomes").first).to_be_visible()
    assert check(large) == []
    shot(large, "agenda-english-dark-large")


def test_a_poster_has_everything_on_one_board(chromium, now, site, cashier):
    poster = person(name="发布者")
    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(poster))
    desk.goto(f"{site}/work/posted/")
    expect(desk.get_by_text("还没有发布过")).to_be_visible()
    assert check(desk) == []
    desk.goto(f"{site}/work/agenda/")
    expect(desk.get_by_text("没有在办的事")).to_be_visible()
    assert check(desk) == []
    by = acting(poster)
    open_task(by, title=LONG)
    open_contest(cashier, by)
    open_errand(cashier, by)
    desk.goto(f"{site}/work/board/")
    desk.get_by_role("link", name="我发布的全部").click()
    expect(desk.get_by_role("link", name=LONG)).to_be_visible()
    assert check(desk) == []
    shot(desk, "posted-desk")
    desk.get_by_role("link", name="赛事 1").click()
    expect(desk.get_by_role("link", name=LONG)).to_have_count(0)
    dark = open_page(chromium, site, "phone-dark-large")
    sign_in(dark, site, phone_of(poster))
    dark.goto(f"{site}/work/posted/")
    assert check(dark) == []
    shot(dark, "posted-dark-large")
