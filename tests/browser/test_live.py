"""The bar moves for everyone who watches, within a second of the money being booked."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from backend.common import clock
from backend.payments.operations import intents
from crowdfunding.campaigns.operations import pledges
from tests.browser.helpers import open_page
from tests.builders import live_campaign, reserve


def test_the_bar_moves_within_a_second_for_everyone_watching(chromium, site, cashier):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(goal_fen=100_000, price_fen=25_000)
    watchers = [open_page(chromium, site, view) for view in ("desk", "phone")]
    for page in watchers:
        page.goto(f"{site}/campaigns/{campaign.pk}/")
        page.wait_for_timeout(800)
    made = reserve(campaign, tier)
    intent = pledges.intent_of(made.pk)
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())

    started = time.monotonic()
    for page in watchers:
        expect(page.locator("[data-figure=raised]").first).to_have_text("¥250", timeout=5_000)
        assert page.errors == []
    assert time.monotonic() - started < 5
    for page in watchers:
        page.context.close()
