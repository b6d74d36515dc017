"""A short harvest, a batch behind rewards and late pledges, in a real Chromium: what maker, moderator and backer see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock, rules
from backend.common.actors import Role
from crowdfunding.campaigns.models import Batch, Tier
from crowdfunding.harvest.models import Clause, Shortfall
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import draft, hand_on, owner_of, person, produced

VIEWS = ["phone", "desk-dark"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_maker_agrees_on_a_clause_and_rewards_draw_from_one_batch(chromium, own_db, site, view):
    maker = person(name="头春山笋合作社")
    campaign = draft(maker)
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(maker))
    page.goto(f"{site}/create/{campaign.pk}/edit/")
    clause = page.locator("#harvest")
    clause.get_by_label("最低收成（%）").fill("30")
    clause.get_by_label("收成怎么算").fill("三片竹林共六百斤鲜笋，以合作社过磅单为准；阴雨绵延的年份往往只有七八成")
    clause.get_by_role("button", name="保存").click()
    expect(page.get_by_text("最低收成须在 50% 至 95% 之间")).to_be_visible()
    clause.get_by_label("最低收成（%）").fill("60")
    clause.get_by_label("收成怎么算").fill("三片竹林共六百斤鲜笋，以合作社过磅单为准")
    clause.get_by_role("button", name="保存").click()
    expect(page.locator("#harvest")).to_contain_text("60%")
    assert Clause.objects.get().least_percent == 60

    batches = page.locator("#batches")
    batches.get_by_text("添加批次").click()
    batches.get_by_label("批次名称").fill("2026 头春")
    batches.get_by_label("总量").fill("600")
    batches.get_by_label("单位").fill("斤")
    batches.get_by_role("button", name="添加", exact=True).click()
    expect(page.locator("#batches")).to_contain_text("600/600 斤")
    page.locator("input[name=title]").last.fill("鲜笋一箱")
    page.get_by_label("价格（元）").fill("88")
    page.get_by_label("出自批次").select_option(label="2026 头春（斤）")
    page.get_by_label("每份用量").fill("5")
    page.get_by_role("button", name="添加", exact=True).last.click()
    expect(page.get_by_text("鲜笋一箱").first).to_be_visible()
    assert Tier.objects.get().batch == Batch.objects.get()
    assert check(page) == []
    shot(page, f"clause-{view}")


@pytest.fixture
def short(own_db, cashier):
    campaign, made = produced(cashier, 1, 2, least_percent=60)
    yield campaign, made
    cashier.control(clock=clock.now().isoformat())


@pytest.mark.parametrize("view", VIEWS)
def test_a_short_harvest_is_said_checked_and_given_back(chromium, short, site, view):
    campaign, made = short
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(owner_of(campaign)))
    page.goto(f"{site}/create/{campaign.pk}/")
    page.get_by_text("收成不足，申报歉收").click()
    page.get_by_label("实收（占承诺的百分比）").fill("80")
    page.get_by_label("发生了什么、怎么核实").fill("四月下旬连续低温，两片竹林未能出笋；合作社过磅单共四百八十斤。" * 3)
    page.get_by_role("button", name="提交申报").click()
    expect(page.get_by_text("歉收待核实")).to_be_visible()
    assert check(page) == []
    shot(page, f"harvest-declared-{view}")
    page.goto(f"{site}/campaigns/{campaign.pk}/")
    expect(page.locator("#harvest")).to_contain_text("80%")
    assert check(page) == []
    shot(page, f"harvest-public-{view}")

    desk = open_page(chromium, site, view)
    sign_in_staff(desk, site, staff(Role.MODERATOR, f"审核员{view}"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=f"歉收：{campaign.title}").click()
    expect(desk.get_by_role("main")).to_contain_text("¥600")
    assert check(desk) == []
    shot(desk, f"harvest-check-{view}")
    desk.get_by_label("核对了什么（公开）").fill("核对过磅单与合作社台账，属实")
    desk.get_by_role("button", name="属实", exact=True).click()
    expect(desk.get_by_role("main")).to_contain_text("退还中")
    hand_on()
    assert Shortfall.objects.get().state == "settled"

    page.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    page.goto(f"{site}/campaigns/{campaign.pk}/")
    expect(page.locator("#harvest")).to_contain_text("Given back")
    assert check(page) == []
    shot(page, f"harvest-public-english-{view}")
    backer = open_page(chromium, site, view)
    sign_in(backer, site, phone_of(User.objects.get(party_id=made[0].backer_id)))
    backer.goto(f"{site}/pledges/{made[0].pk}/")
    expect(backer.locator("#harvest")).to_contain_text("¥200")
    assert check(backer) == []
    shot(backer, f"harvest-backer-{view}")


@pytest.mark.parametrize("view", VIEWS)
def test_a_latecomer_orders_what_is_left(chromium, short, site, view):
    campaign, _made = short
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(owner_of(campaign)))
    page.goto(f"{site}/create/{campaign.pk}/")
    page.get_by_text("后续支持", exact=True).click()
    last = (clock.now().astimezone(rules.SHANGHAI) + timedelta(days=5)).date()
    page.get_by_label("接受到哪一天").fill(last.isoformat())
    page.get_by_role("button", name="开放后续支持").click()
    expect(page.get_by_text("后续支持已开放")).to_be_visible()
    assert check(page) == []
    shot(page, f"late-maker-{view}")

    comer = open_page(chromium, site, view)
    sign_in(comer, site, phone_of(person(name="后到者")))
    comer.goto(f"{site}/campaigns/{campaign.pk}/")
    comer.get_by_role("link", name="后续支持", exact=True).click()
    expect(comer.get_by_text("后续支持不计入目标")).to_be_visible()
    comer.get_by_role("radio").first.check()
    comer.get_by_role("button", name="下一步：确认").click()
    expect(comer.get_by_role("main")).to_contain_text("后续支持截止前可自行取消")
    assert check(comer) == []
    shot(comer, f"late-form-{view}")
    comer.get_by_role("button", name="确认支持").click()
    comer.wait_for_url("**/pay/")
