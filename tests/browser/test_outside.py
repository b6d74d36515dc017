"""A settlement outside the platform, in a real Chromium: the maker says it, the backer is warned and confirms."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from crowdfunding.campaigns.models import Pledge
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import owner_of, produced


@pytest.mark.parametrize("view", ["phone", "desk-dark"])
def test_a_maker_says_it_and_the_backer_confirms(chromium, own_db, cashier, site, view):
    campaign, (made, _other) = produced(cashier, 1, 2, pays_out=False)
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(owner_of(campaign)))
    page.goto(f"{site}/create/{campaign.pk}/backers/")
    row = page.get_by_role("row").filter(has_text="¥1,000")
    row.get_by_text("平台外结清").click()
    row.get_by_label("结清了什么、怎样结清").fill("已在县城门店当面交付同款食盒一只，含提手")
    assert check(page) == []
    row.get_by_role("button", name="请对方确认").click()
    expect(page.get_by_role("heading", name="平台外结清，待确认")).to_be_visible()
    assert check(page) == []
    shot(page, f"outside-maker-{view}")

    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(User.objects.get(party_id=made.backer_id)))
    page.goto(f"{site}/pledges/{made.pk}/")
    expect(page.get_by_text("确认后平台不再退款")).to_be_visible()
    assert check(page) == []
    shot(page, f"outside-backer-{view}")
    page.get_by_role("button", name="确认已结清").click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("双方已在平台外结清")
    assert Pledge.objects.get(pk=made.pk).state == "settled_outside"
    cashier.control(clock=clock.now().isoformat())
