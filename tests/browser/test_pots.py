"""A match pot from the offer to the pledge it goes with, in a real Chromium."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from backend.common.rules import SHANGHAI
from backend.payments.operations import intents
from crowdfunding.pots import tasks
from crowdfunding.pots.models import Match, Pot
from crowdfunding.pots.operations import pots
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import deliver_events, firm, live_campaign, owner_of, paid_pledge, person


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_from_the_offer_to_the_pledge_it_goes_with(chromium, now, site, cashier):
    campaign, tier = live_campaign(goal_fen=100_000, price_fen=20_000)
    boss, hat = firm(name="咸宁市香城文化旅游投资发展集团有限公司")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(boss))
    page.goto(f"{site}/pots/")
    expect(page.get_by_text("目前没有配捐")).to_be_visible()
    assert check(page) == []
    shot(page, "pots-empty")
    _offer(page, site)
    expect(page.get_by_text("配捐由单位出资")).to_be_visible()
    page.errors.clear()  # Chromium logs the refused form as an error
    assert check(page) == []
    shot(page, "pot-refused")
    page.goto(f"{site}/my/account/")
    page.get_by_label("以谁的名义操作").select_option(str(hat.party_id))
    page.get_by_role("button", name="切换", exact=True).click()
    _offer(page, site)
    expect(page.get_by_text("方案已提交，等待平台审核")).to_be_visible()
    assert check(page) == []
    pot = Pot.objects.get()

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="配捐：非遗手作配捐").click()
    desk.get_by_label("核对了什么").fill("出资方与方案相符")
    assert check(desk) == []
    desk.get_by_role("button", name="通过", exact=True).click()
    expect(desk.get_by_text("审核通过，待注资")).to_be_visible()

    page.goto(f"{site}/pots/{pot.pk}/")
    expect(page.get_by_role("button", name="去支付")).to_be_visible()
    shot(page, "pot-approved")
    order = pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=order.pk, at=clock.now())
    deliver_events()
    tasks.advance_pots()
    assert Pot.objects.get().state == "open"

    backer = person(name="支持的人")
    buyer = open_page(chromium, site, "phone-dark-large")
    sign_in(buyer, site, phone_of(backer))
    buyer.goto(f"{site}/campaigns/{campaign.pk}/")
    expect(buyer.locator("#match")).to_contain_text("每支持")
    assert check(buyer) == []
    shot(buyer, "campaign-with-pot")
    buyer.goto(f"{site}/campaigns/{campaign.pk}/pledge/")
    expect(buyer.get_by_text("您这笔最多还可配")).to_be_visible()
    assert check(buyer) == []
    shot(buyer, "pledge-form-with-pot")
    made = paid_pledge(cashier, campaign, tier, backer)
    assert Match.objects.get().fen == 10_000
    buyer.goto(f"{site}/pledges/{made.pk}/")
    expect(buyer.get_by_text("已配，交付后拨付")).to_be_visible()
    assert check(buyer) == []
    shot(buyer, "pledge-matched")

    maker = open_page(chromium, site, "desk")
    sign_in(maker, site, phone_of(owner_of(campaign)))
    maker.goto(f"{site}/create/{campaign.pk}/")
    expect(maker.locator("#match")).to_contain_text("¥100")
    assert check(maker) == []
    for view in ("desk", "phone"):
        anyone = open_page(chromium, site, view, english=view == "phone")
        for path, name in ((f"pots/{pot.pk}/", "pot"), ("pots/", "pots")):
            anyone.goto(f"{site}/{path}")
            assert check(anyone) == []
            shot(anyone, f"{name}-{view}")
        anyone.context.close()


def _offer(page, site) -> None:
    today = clock.now().astimezone(SHANGHAI).date()
    page.goto(f"{site}/pots/new/")
    page.get_by_label("名称").fill("非遗手作配捐")
    page.get_by_label("说明").fill("支持本市非遗手作走出去，先到先得，配完为止。")
    page.get_by_label("总额（元）").fill("10000")
    page.get_by_label("比例（每支持 100 元配几元）").fill("50")
    page.get_by_label("每个项目上限（元）").fill("2000")
    page.get_by_label("每人上限（元）").fill("100")
    page.get_by_label("开始日期").fill(today.isoformat())
    page.get_by_label("最后一天").fill((today + timedelta(days=60)).isoformat())
    page.get_by_label("竹艺").check()
    page.get_by_role("button", name="提交审核").click()
