"""Poster, hand-over, backers' list, extension and change of number in a real Chromium."""

from __future__ import annotations

from playwright.sync_api import expect

from backend.common import clock
from crowdfunding.campaigns.models import Campaign
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import live_campaign, owner_of, paid_pledge, person


def test_poster_and_two_rounds_have_no_finding(chromium, own_db, site, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(rule="two_rounds", goal_fen=100_000, price_fen=20_000)
    backer = person(name="支持的人")
    made = paid_pledge(cashier, campaign, tier, backer)
    for view in ("phone", "desk-dark"):
        page = open_page(chromium, site, view)
        page.goto(f"{site}/campaigns/{campaign.pk}/share/")
        assert check(page) == []
        shot(page, f"share-{view}")
        page.goto(f"{site}/campaigns/{campaign.pk}/")
        assert check(page) == []
        shot(page, f"two-rounds-{view}")
    maker = open_page(chromium, site, "desk")
    sign_in(maker, site, phone_of(owner_of(campaign)))
    maker.goto(f"{site}/create/{campaign.pk}/backers/")
    assert check(maker) == []
    shot(maker, "backers")
    maker.goto(f"{site}/create/{campaign.pk}/")
    maker.get_by_text("延期（仅一次）").click()
    maker.get_by_label("延期天数（1–30）").fill("7")
    maker.locator("details[open]").get_by_label("公开的理由").fill("设备晚到一周")
    maker.get_by_role("button", name="确认延期").click()
    expect(maker.get_by_text("已延期，支持者将收到重新确认的请求")).to_be_visible()
    assert check(maker) == []
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(backer))
    page.goto(f"{site}/pledges/{made.pk}/")
    assert check(page) == []
    shot(page, "pledge-extended")
    page.get_by_role("button", name="确认继续支持").click()
    expect(page.get_by_text("您的支持已计入。")).to_be_visible()
    assert Campaign.objects.get(pk=campaign.pk).extended_at is not None
    page.goto(f"{site}/my/account/contact/")
    assert check(page) == []
    shot(page, "contact")
