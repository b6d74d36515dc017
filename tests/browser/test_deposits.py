"""A large campaign's deposit, in a real Chromium: asked for, paid at the cashier, shown to everyone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import approved_campaign, deliver_events, owner_of


@pytest.fixture
def approved(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, _tier = approved_campaign(goal_fen=8_000_000)
    yield campaign
    cashier.control(clock=clock.now().isoformat())


@pytest.mark.parametrize("view", ["phone", "phone-dark-large", "desk", "desk-dark"])
def test_a_maker_pays_the_deposit_and_publishes(chromium, approved, site, view):
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(owner_of(approved)))
    page.goto(f"{site}/create/{approved.pk}/")
    expect(page.get_by_role("main")).to_contain_text("¥1,600")
    expect(page.get_by_role("button", name="发布", exact=True)).to_have_count(0)
    assert check(page) == []
    shot(page, f"deposit-due-{view}")

    page.get_by_role("button", name="用支付宝缴存").click()
    page.wait_for_url("**/sandbox/**")
    order = PaymentIntent.objects.get(subject_kind="deposit")
    page.locator("button").first.click()
    page.wait_for_url(f"**/create/{approved.pk}/")
    intents.look_after(intent_id=order.pk, at=clock.now())
    deliver_events()
    page.goto(f"{site}/create/{approved.pk}/")
    expect(page.get_by_role("main")).to_contain_text("已缴存")
    page.get_by_role("button", name="发布", exact=True).click()
    page.wait_for_load_state()
    expect(page.get_by_role("main")).to_contain_text("众筹中")
    shot(page, f"deposit-held-{view}")

    page.goto(f"{site}/campaigns/{approved.pk}/")
    expect(page.get_by_text("发起人已缴存保证金")).to_be_visible()
    assert check(page) == []
    shot(page, f"deposit-public-{view}")
