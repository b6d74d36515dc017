"""Another reward instead of the chosen one, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from crowdfunding.campaigns.models import Pledge, Tier
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import beat, live_campaign, paid_pledge, pay, person


@pytest.mark.parametrize("kind", ["phone", "desk-dark"])
def test_a_backer_changes_the_reward_and_pays_the_new_one(chromium, site, own_db, cashier, kind):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, plain = live_campaign(goal_fen=100_000, price_fen=20_000)
    Tier.objects.create(
        campaign=campaign,
        title="大匣，附手抄茶单与三年陈砖茶小样，包装可再利用",
        price_fen=50_000,
        shipping_fen=1_200,
        right_class="fresh",
        position=9,
    )
    old = paid_pledge(cashier, campaign, plain, person())
    page = open_page(chromium, site, kind)
    sign_in(page, site, phone_of(User.objects.get(party_id=old.backer_id)))
    page.goto(f"{site}/pledges/{old.pk}/")
    page.get_by_role("link", name="更换回报").click()
    page.wait_for_url("**replaces=**")
    expect(page.get_by_text("原来的自动取消并全额退回")).to_be_visible()
    expect(page.get_by_role("radio", name=plain.title)).to_have_count(0)
    assert check(page) == []
    shot(page, f"choose-{kind}")
    page.get_by_role("radio", name="大匣").check()
    page.get_by_role("button", name="下一步：确认").click()
    expect(page.get_by_role("button", name="确认支持")).to_be_visible()
    assert check(page) == []
    shot(page, f"confirm-{kind}")
    page.get_by_role("button", name="确认支持").click()
    page.wait_for_url("**/pay/")
    new = Pledge.objects.get(replaces=old)
    page.goto(f"{site}/pledges/{old.pk}/")
    expect(page.get_by_text("更换回报待付款")).to_be_visible()
    assert check(page) == []
    shot(page, f"waiting-{kind}")
    pay(cashier, new)
    beat()
    page.goto(f"{site}/pledges/{old.pk}/")
    expect(page.get_by_text("已取消并退款")).to_be_visible()
    expect(page.get_by_role("link", name="更换回报")).to_have_count(0)
