"""The take-home calculation in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.helpers import check, open_page, shot


@pytest.mark.parametrize("view", ["phone", "desk-dark"])
def test_a_worker_sees_every_step_before_accepting(chromium, own_db, site, view):
    page = open_page(chromium, site, view)
    page.goto(f"{site}/take-home/")
    assert check(page) == []
    shot(page, f"take-home-empty-{view}")
    page.get_by_label("报酬（元，税前）").fill("30000")
    page.get_by_role("button", name="计算").click()
    expect(page.locator("#result")).to_contain_text("¥24,800")
    page.get_by_text("之前已有收入").click()
    page.get_by_label("已付（元）").fill("10000")
    page.get_by_label("已预扣（元）").fill("90")
    page.get_by_label("连续月数（含本月）").fill("2")
    page.get_by_label("平台直接支付：按年累计预扣").check()
    page.get_by_role("button", name="计算").click()
    expect(page.locator("#result")).to_contain_text("累计预扣")
    assert check(page) == []
    shot(page, f"take-home-{view}")
    page.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    page.reload()
    expect(page.locator("#result")).to_contain_text("Withheld now")
    assert check(page) == []
    shot(page, f"take-home-english-{view}")
