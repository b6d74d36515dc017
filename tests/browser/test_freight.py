"""Shared shipping prices in a real Chromium: a moderator keeps them, a maker charges by one, backers read how."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from backend.common import clock
from backend.common.actors import Role
from crowdfunding.campaigns.models import Tier
from crowdfunding.campaigns.operations import drafts, reviews
from crowdfunding.freight.models import Quote
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, draft, moderator, offer, person
from tests.integration.test_freight import quoted, today


def _fill(form: Locator, first_yuan: str) -> None:
    words = {
        "承运商": "邮政快递包裹", "寄达范围": "全国", "首重（千克）": "1", "首重运费（元）": first_yuan,
        "续重单位（千克）": "0.5", "每续重单位（元）": "1.5", "生效日期": today().isoformat(),
        "依据（协议或报价单编号）": "2026 年运价协议 3 号",
    }  # fmt: skip
    for label, value in words.items():
        form.get_by_label(label).fill(value)


@pytest.mark.parametrize("view", ["phone", "desk-dark"])
def test_a_price_is_kept_chosen_and_read(chromium, own_db, site, view):
    maker = person(name="头春山笋合作社")
    campaign = draft(maker)
    tier = offer(campaign, maker)
    quoted(carrier="城际快运", covers="全国，港澳台和西藏、新疆以及山区乡镇的部分投递点除外", first_fen=1_200)

    desk = open_page(chromium, site, view)
    sign_in_staff(desk, site, staff(Role.MODERATOR, f"审核员{view}"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="登记运价").click()
    form = desk.locator("#offer")
    _fill(form, "6")
    form.get_by_label("县市区").select_option("421223")
    form.get_by_role("button", name="登记").click()
    expect(desk.get_by_text("运价已登记")).to_be_visible()
    desk.get_by_label("打包重量（千克）").fill("2.5")
    desk.get_by_role("button", name="比较").click()
    expect(desk.get_by_role("row", name="邮政快递包裹")).to_contain_text("¥10.50")
    assert check(desk) == []
    shot(desk, f"freight-{view}")

    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(maker))
    page.goto(f"{site}/create/{campaign.pk}/edit/")
    card = page.locator("#freight")
    card.get_by_text(tier.title).first.click()
    card.get_by_label("按哪个运价").select_option(str(Quote.objects.get(carrier="邮政快递包裹").pk))
    card.get_by_label("打包重量（千克）").fill("2.01")
    card.get_by_role("button", name="更新运费").click()
    expect(page.locator("#freight")).to_contain_text("¥10.50")
    assert Tier.objects.get().shipping_fen == 1_050
    assert check(page) == []
    shot(page, f"freight-editor-{view}")
    drafts.submit(campaign_id=campaign.pk, by=acting(maker), at=clock.now())
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    drafts.launch(campaign_id=campaign.pk, opens_at=None, by=acting(maker), at=clock.now())
    page.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    page.goto(f"{site}/campaigns/{campaign.pk}/")
    expect(page.locator("#freight")).to_contain_text("2.01 kg")
    shot(page, f"freight-public-english-{view}")
    page.goto(f"{site}/freight/?county=421202")
    expect(page.get_by_role("main")).to_contain_text("No shared price holds today")
    assert check(page) == []
    shot(page, f"freight-empty-{view}")

    _fill(desk.locator("#offer"), "0")
    desk.locator("#offer").get_by_role("button", name="登记").click()
    expect(desk.locator("#offer").get_by_role("alert")).to_be_visible()
    expect(desk.locator("#offer").get_by_label("承运商")).to_have_value("邮政快递包裹")
    assert Quote.objects.count() == 2
