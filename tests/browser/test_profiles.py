"""A worker's profile in a real Chromium: written, with pieces shown, seen by others; and the work that fits, with its reason."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from marketplace.profiles.models import Piece, Profile
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, person
from tests.contest_builders import drawing
from tests.integration.test_profiles import shown, written
from tests.knowledge_builders import open_gap

LONG = "二十年竹编手艺，能画图能打样能批量，做过三层食盒灯罩茶席与大型装置，作坊在崇阳青山镇"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_profile_is_written_and_seen_and_work_that_fits_is_suggested(chromium, now, site, cashier):
    who = person(name="竹匠")
    open_gap(cashier)
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(who))
    page.goto(f"{site}/work/suggested/")
    expect(page.get_by_text("先写下您会什么")).to_be_visible()
    assert check(page) == []
    page.get_by_role("link", name="填写主页").click()
    page.get_by_label("一句话介绍").fill("加微信 zhujiang888")
    page.get_by_label("技能").fill("熏蒸、竹编")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("请勿填写联系方式或链接").first).to_be_visible()
    expect(page.get_by_label("技能")).to_have_value("熏蒸、竹编")
    page.errors.clear()
    page.get_by_label("一句话介绍").fill(LONG)
    page.get_by_label("工程技术").check()
    page.get_by_label("崇阳县").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    assert check(page) == []
    page.get_by_label("作品名").fill("三层食盒")
    page.get_by_label("图片").set_input_files({"name": "图.png", "mimeType": "image/png", "buffer": drawing(3)})
    page.get_by_role("button", name="添加作品").click()
    expect(page.get_by_text("作品已添加")).to_be_visible()
    assert check(page) == []
    shot(page, "profile-mine-phone")
    assert Profile.objects.get().skills == ["熏蒸", "竹编"]
    page.goto(f"{site}/work/suggested/")
    expect(page.get_by_text("您会 熏蒸")).to_be_visible()
    assert check(page) == []
    shot(page, "profile-suggested-phone")
    page.get_by_role("link", name="楠竹熏蒸防虫怎样做").click()
    expect(page.get_by_role("button", name="我来补上")).to_be_visible()


def test_others_see_the_profile_and_a_moderator_takes_a_piece_from_view(chromium, now, site):
    by = acting(person(name="竹匠"))
    written(by, headline=LONG)
    for number in range(3):
        shown(by, number, title=f"作品{number}")
    page = open_page(chromium, site, "desk-dark")
    page.goto(f"{site}/work/people/{by.party_id}/")
    expect(page.get_by_role("heading", name="作品0")).to_be_visible()
    assert check(page) == []
    shot(page, "profile-desk-dark")
    desk = open_page(chromium, site, "desk")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/work/people/{by.party_id}/")
    desk.get_by_label("理由：作品0").fill("非本人作品")
    assert check(desk) == []
    desk.locator("li", has_text="作品0").get_by_role("button", name="隐藏").click()
    expect(desk.get_by_text("已被平台隐藏：非本人作品")).to_be_visible()
    assert Piece.objects.filter(hidden_at__isnull=False).count() == 1
    page.reload()
    expect(page.get_by_role("heading", name="作品0")).to_have_count(0)
    large = open_page(chromium, site, "phone-dark-large")
    large.goto(f"{site}/work/people/{by.party_id}/")
    assert check(large) == []
