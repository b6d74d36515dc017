"""Price cards in a real Chromium: written by a provider, found near a place, ordered, paid into escrow and taken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from backend.common.rules import SHANGHAI
from marketplace.errands.models import Errand, Service
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import person
from tests.errand_builders import HERE, row_of, runner

LONG = "含两人上门、自带全部清洁剂与工具，不含高处玻璃、油烟机拆洗和家电内部清洗，超出面积按实际小时另计"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_card_is_written_and_its_service_found_ordered_and_taken(chromium, now, site, cashier):
    by = runner("保洁员", kinds=("housekeeping",))
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(row_of(by).party.user))
    page.goto(f"{site}/errands/card/")
    expect(page.get_by_text("价目表还是空的")).to_be_visible()
    assert check(page) == []
    page.get_by_label("服务 (必填)").fill("日常保洁")
    page.get_by_label("类型").select_option("housekeeping")
    page.get_by_label("单价（元）").fill("40")
    page.get_by_label("单位").select_option("hour")
    page.get_by_label("起订数量").fill("2")
    page.get_by_label("说明").fill("微信 baojie888")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("请勿填写联系方式或链接").first).to_be_visible()
    expect(page.get_by_label("单价（元）")).to_have_value("40")
    page.errors.clear()
    page.get_by_label("说明").fill(LONG)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    page.get_by_role("link", name="修改 日常保洁").click()
    page.get_by_label("单价（元）").fill("45.50")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("¥45.50 / 小时")).to_be_visible()
    assert check(page) == []
    shot(page, "card-mine-phone")

    who = person(name="客户")
    desk = open_page(chromium, site, "desk")
    desk.goto(f"{site}/errands/services/?latitude={HERE[0]}&longitude={HERE[1]}")
    assert check(desk) == []
    shot(desk, "services-desk")
    sign_in(desk, site, phone_of(who))
    desk.goto(f"{site}/errands/services/?latitude={HERE[0]}&longitude={HERE[1]}")
    desk.get_by_role("link", name="日常保洁").click()
    desk.get_by_label("数量").fill("1")
    desk.get_by_label("详细地址").fill("温泉路 8 号")
    start = clock.now().astimezone(SHANGHAI) + timedelta(days=1)
    desk.get_by_label("最早").fill(start.strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_label("最晚").fill((start + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M"))
    desk.get_by_role("button", name="下单").click()
    expect(desk.get_by_text("数量须为 2 至 1000").first).to_be_visible()
    expect(desk.get_by_label("详细地址")).to_have_value("温泉路 8 号")
    desk.errors.clear()
    assert check(desk) == []
    shot(desk, "card-refused-desk")
    desk.get_by_label("数量").fill("3")
    desk.get_by_role("button", name="下单").click()
    expect(desk.get_by_text("已下单，请托管报酬")).to_be_visible()
    expect(desk.get_by_text("¥136.50").first).to_be_visible()
    expect(desk.get_by_text("直接下单：只问所选的服务者")).to_be_visible()
    assert check(desk) == []
    shot(desk, "card-ordered-desk")
    made = Errand.objects.get()
    assert (made.state, made.total_fen, made.service.price_fen) == ("funding", 13_650, 4_550)


def test_a_card_for_everybody_at_night_and_a_line_taken_down_by_a_moderator(chromium, now, site):
    by = runner("服务者", kinds=("housekeeping", "repair"))
    for number, (title, kind, unit) in enumerate(
        (("日常保洁", "housekeeping", "hour"), ("水电维修", "repair", "visit")), 1
    ):
        Service.objects.create(
            runner=row_of(by),
            kind=kind,
            title=title,
            text=LONG,
            unit=unit,
            price_fen=4_000 * number,
            created_at=clock.now(),
        )
    for view, is_english in (("desk-dark", False), ("phone", True)):
        page = open_page(chromium, site, view, english=is_english)
        page.goto(f"{site}/errands/providers/{row_of(by).pk}/")
        expect(page.get_by_role("radio")).to_have_count(2)
        assert check(page) == []
        shot(page, f"card-{view}-{is_english}")
    desk = open_page(chromium, site, "desk")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/errands/providers/{row_of(by).pk}/")
    desk.get_by_label("理由：水电维修").fill("无电工证")
    assert check(desk) == []
    desk.locator("form", has_text="理由：水电维修").get_by_role("button", name="下架").click()
    expect(desk.get_by_role("radio")).to_have_count(1)
    assert Service.objects.get(title="水电维修").hidden_why == "无电工证"
