"""Leading, following, and choosing again when the lead has left, in a real Chromium."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Role
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.leads.models import Lead, LedRound
from crowdfunding.leads.operations import candidacies
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import (
    acting,
    active_lead,
    beat,
    draft,
    live_campaign,
    move_on,
    offer,
    owner_of,
    paid_pledge,
    pay,
    person,
)

WORDS = "到作坊看过三次，核对了原料合同、两年出货单和三位学徒的工时记录，数字一致；最大的风险是雨季晾竹。" * 3


@pytest.fixture
def led(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield live_campaign(goal_fen=100_000, price_fen=20_000, is_led=True)
    cashier.control(clock=clock.now().isoformat())


def test_from_candidacy_to_following(chromium, led, site, cashier):
    campaign, _tier = led
    leader = person(name="识竹人")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(leader))
    page.goto(f"{site}/leads/")
    expect(page.get_by_role("link", name=campaign.title, exact=True)).to_be_visible()
    assert check(page) == []
    shot(page, "inbox")
    page.get_by_role("link", name="申请领投").click()
    page.get_by_label("领投金额（元）").fill("50")
    page.get_by_label("尽调报告（支持 Markdown）").fill(WORDS)
    page.get_by_label("跟投条款").fill("跟投人按所选回报收货；首年销售分红 5%。")
    page.get_by_label("利益关系").fill("无")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("领投金额须在 ¥100 至 ¥500 之间")).to_be_visible()
    expect(page.get_by_text("领投回报只能是实物或优惠价格")).to_be_visible()
    expect(page.get_by_label("尽调报告（支持 Markdown）")).to_have_value(WORDS)
    page.errors.clear()  # Chromium logs the refused form as an error
    assert check(page) == []
    shot(page, "propose-refused")
    page.get_by_label("领投金额（元）").fill("200")
    page.get_by_label("跟投条款").fill("跟投人按所选回报收货；延期超过三十天可申请退款。")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("申请已提交，等待发起人答复")).to_be_visible()
    assert check(page) == []
    lead = Lead.objects.get()

    maker = open_page(chromium, site, "desk")
    sign_in(maker, site, phone_of(owner_of(campaign)))
    maker.goto(f"{site}/create/{campaign.pk}/")
    assert check(maker) == []
    shot(maker, "console")
    maker.locator("#leads").get_by_role("link").first.click()
    maker.get_by_role("button", name="同意").click()
    expect(maker.get_by_text("已同意，等待平台审核")).to_be_visible()

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=f"领投：{campaign.title}").click()
    desk.get_by_label("核对了什么").fill("材料与实地相符")
    desk.get_by_role("button", name="通过", exact=True).click()
    expect(desk.get_by_text("待资金到账")).to_be_visible()
    assert check(desk) == []
    shot(desk, "lead-desk")

    page.goto(f"{site}/leads/{lead.pk}/")
    page.get_by_role("link", name="去支付").click()
    page.get_by_label("无回报支持，金额自定").check()
    page.get_by_label("自定金额（元，仅无回报支持）").fill("200")
    assert check(page) == []
    page.get_by_role("button", name="下一步：确认").click()
    page.get_by_role("button", name="确认支持").click()
    page.wait_for_url("**/pay/")
    pay(cashier, Pledge.objects.get())
    assert LedRound.objects.get().state == "following"

    follower = open_page(chromium, site, "phone-dark-large")
    sign_in(follower, site, phone_of(person(name="跟投的人")))
    follower.goto(f"{site}/campaigns/{campaign.pk}/")
    expect(follower.get_by_text("开放跟投")).to_be_visible()
    assert check(follower) == []
    shot(follower, "campaign")
    follower.goto(f"{site}/campaigns/{campaign.pk}/pledge/")
    follower.get_by_role("radio", name="食盒一只").check()
    follower.get_by_role("radio", name="识**").check()
    assert check(follower) == []
    shot(follower, "pledge-form")
    follower.get_by_role("button", name="下一步：确认").click()
    follower.get_by_role("button", name="确认支持").click()
    follower.wait_for_url("**/pay/")
    assert Pledge.objects.filter(follow__lead=lead).count() == 1


def test_a_follower_chooses_again_when_the_lead_has_left(chromium, led, site, cashier):
    campaign, tier = led
    first = active_lead(cashier, campaign, person(name="先领者"))
    made = paid_pledge(cashier, campaign, tier, person(name="跟投的人"), under=first.pk)
    candidacies.withdraw(
        lead_id=first.pk,
        reason="家中变故，无力履职",
        by=acting(User.objects.get(party_id=first.party_id)),
        at=clock.now(),
    )
    beat()
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(User.objects.get(party_id=made.backer_id)))
    page.goto(f"{site}/pledges/{made.pk}/")
    expect(page.get_by_text("正在寻找新的领投人")).to_be_visible()
    assert check(page) == []
    shot(page, "pledge-searching")
    page.goto(f"{site}/campaigns/{campaign.pk}/")
    assert check(page) == []
    shot(page, "campaign-searching")
    second = active_lead(cashier, campaign, person(name="后领者"))
    beat()
    page.goto(f"{site}/pledges/{made.pk}/")
    assert check(page) == []
    shot(page, "pledge-to-confirm")
    english = open_page(chromium, site, "desk", english=True)
    english.goto(f"{site}/leads/{second.pk}/")
    assert check(english) == []
    shot(english, "lead-english")
    page.get_by_role("button", name="接受条款，继续支持").click()
    expect(page.get_by_text("已确认继续支持")).to_be_visible()
    made.refresh_from_db()
    assert made.state == "paid"
    move_on(cashier, timedelta(days=9))
    assert Campaign.objects.get(pk=campaign.pk).state == "live"


def test_the_maker_chooses_the_form_before_review(chromium, own_db, site):
    maker = person(name="楚竹坊")
    campaign = draft(maker)
    offer(campaign, maker)
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(maker))
    page.goto(f"{site}/create/{campaign.pk}/")
    page.get_by_role("button", name="采用领投跟投").click()
    expect(page.get_by_role("button", name="改为普通众筹")).to_be_visible()
    assert check(page) == []
    assert Campaign.objects.get(pk=campaign.pk).is_led
    page.get_by_role("button", name="改为普通众筹").click()
    expect(page.get_by_role("button", name="采用领投跟投")).to_be_visible()
    assert not LedRound.objects.exists()
