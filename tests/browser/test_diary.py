"""Calendar and diary in a real Chromium: the maker writes with a photo, everyone reads."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import expect

from backend.common import clock
from crowdfunding.diary import operations
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, live_campaign, owner_of


@pytest.fixture
def tea(own_db):
    campaign, _tier = live_campaign()
    hat, day = acting(owner_of(campaign)), clock.now().date()
    for title, days in (
        ("采摘", -3),
        ("萎凋与初制", 6),
        ("入仓渥堆，等候三十天后翻堆并取样送检", 20),
        ("装箱发货", 60),
    ):
        operations.add_step(
            campaign_id=campaign.pk, title=title, planned_on=day + timedelta(days=days), by=hat, at=clock.now()
        )
    return campaign


def _photo() -> bytes:
    body = io.BytesIO()
    Image.linear_gradient("L").resize((800, 450)).convert("RGB").save(body, "JPEG")
    return body.getvalue()


@pytest.mark.parametrize("view", ["phone", "phone-dark-large", "desk", "desk-dark"])
def test_a_maker_writes_with_a_photo_and_everyone_reads(chromium, tea, site, view):
    page = open_page(chromium, site, view)
    sign_in(page, site, phone_of(owner_of(tea)))
    page.goto(f"{site}/create/{tea.pk}/")
    expect(page.locator("#diary")).to_contain_text("0/4")
    page.get_by_role("link", name="写日志、改农事历").click()
    expect(page.get_by_text("还没有日志。")).to_be_visible()
    assert check(page) == []
    page.get_by_label("今天做了什么").fill("春茶开采，天晴，二十六人上山，共采鲜叶三百一十斤。")
    page.get_by_label("完成了哪一项").select_option(label="采摘")
    page.get_by_label("照片").set_input_files({"name": "茶园.jpg", "mimeType": "image/jpeg", "buffer": _photo()})
    page.get_by_role("button", name="发布日志").click()
    expect(page.locator("article")).to_contain_text("三百一十斤")
    expect(page.locator("article img")).to_be_visible()
    page.locator(".trail summary").first.click()
    page.locator(".trail input[type=date]").first.fill((clock.now().date() + timedelta(days=9)).isoformat())
    page.locator(".trail input[name=reason]").first.fill("连续阴雨，鲜叶含水过高")
    page.locator(".trail").get_by_role("button", name="改期").first.click()
    expect(page.locator(".trail")).to_contain_text("连续阴雨")
    assert check(page) == []
    shot(page, f"diary-maker-{view}")

    reader = open_page(chromium, site, view)
    reader.goto(f"{site}/campaigns/{tea.pk}/")
    expect(reader.locator("#diary")).to_contain_text("春茶开采")
    expect(reader.locator("#diary .on")).to_have_count(1)
    assert check(reader) == []
    reader.locator("#diary").scroll_into_view_if_needed()
    shot(reader, f"diary-public-{view}")
    reader.goto(f"{site}/campaigns/{tea.pk}/diary/")
    expect(reader.get_by_role("button", name="发布日志")).to_have_count(0)
    assert check(reader) == []
    shot(reader, f"diary-whole-{view}")
