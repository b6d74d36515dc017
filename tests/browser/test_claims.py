"""What a maker owes its backers, in a real Chromium: seen by both, repaid at the cashier."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import come_to_nothing, hand_on, owner_of, produced


@pytest.fixture
def broken(own_db, cashier):
    campaign, made = produced(cashier, 1, 2)
    come_to_nothing(campaign)
    yield campaign, made
    cashier.control(clock=clock.now().isoformat())


@pytest.mark.parametrize("view", ["phone", "phone-dark-large", "desk", "desk-dark"])
def test_a_maker_repays_at_the_cashier_and_the_backer_sees_what_is_owed(chromium, broken, site, view):
    campaign, (made, _other) = broken
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(User.objects.get(party_id=made.backer_id)))
    page.goto(f"{site}/pledges/{made.pk}/")
    expect(page.locator(".trail")).to_contain_text("发起人尚欠您")
    assert check(page) == []
    shot(page, f"claims-backer-{view}")

    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(owner_of(campaign)))
    page.goto(f"{site}/create/money/")
    expect(page.get_by_role("region", name="欠款")).to_contain_text("¥2,100")
    assert check(page) == []
    shot(page, f"claims-maker-{view}")
    page.get_by_role("button", name="去支付宝还款").click()
    page.wait_for_url("**/sandbox/**")
    order = PaymentIntent.objects.get(subject_kind="debts")
    page.locator("button").first.click()
    page.wait_for_load_state()
    intents.look_after(intent_id=order.pk, at=clock.now())
    hand_on()
    page.goto(f"{site}/create/money/")
    expect(page.get_by_role("region", name="欠款")).to_have_count(0)
    assert PaymentIntent.objects.get(subject_id=made.pk).refunded_fen == 100_000
