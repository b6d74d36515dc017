"""The bar moves for everyone who watches, within a second of the money being booked."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from backend.common import clock
from backend.notifications import operations as notifications
from backend.notifications.kinds import KINDS
from backend.payments.operations import intents
from crowdfunding.campaigns.operations import pledges
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import live_campaign, person, reserve


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


def test_a_new_message_shows_on_every_page_that_is_open(chromium, site):
    owner = person()
    pages = {view: open_page(chromium, site, view) for view in ("desk", "phone")}
    for page in pages.values():
        sign_in(page, site, phone_of(owner))
        page.goto(f"{site}/my/inbox/")
        expect(page.locator("[data-news]")).to_be_hidden()
        page.wait_for_timeout(800)
    for number in range(2):
        kind = next(iter(KINDS))
        notifications.tell([owner.party_id], key=f"news {number}", kind=kind, zh="到了", en="here", at=clock.now())
    for view, page in pages.items():
        expect(page.locator("[data-unread]:visible")).to_have_text("2", timeout=5_000)
        page.locator("[data-news] a").click()
        expect(page.locator("[data-news]")).to_be_hidden()
        expect(page.locator(".msg.new")).to_have_count(2)
        shot(page, f"inbox-news-{view}")
        assert check(page) == []
        page.context.close()
