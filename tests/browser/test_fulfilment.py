"""From the address to the tracking number in a real Chromium: a backer's phone and a maker's desk."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from crowdfunding.fulfilment.models import Parcel
from tests.browser.helpers import check, open_page, phone_of, sign_in
from tests.builders import live_campaign, move_on, owner_of, paid_pledge, person

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def won(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=20_000)
    made = [paid_pledge(cashier, campaign, tier, person(name=f"支持者{n}")) for n in range(3)]
    move_on(cashier, timedelta(days=30, minutes=1))
    yield campaign, made
    cashier.control(clock=clock.now().isoformat())


def shot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_address_lock_packing_list_batch_receipt_and_loss(chromium, won, site, cashier):
    campaign, made = won
    backer = open_page(chromium, site, "phone-dark-large")
    sign_in(backer, site, phone_of(User.objects.get(party_id=made[0].backer_id)))
    maker = open_page(chromium, site, "desk")
    sign_in(maker, site, phone_of(owner_of(campaign)))

    maker.goto(f"{site}/fulfilment/{campaign.pk}/")
    maker.get_by_label("除地址外要问的（每行一题）").fill("颜色：竹青|竹黄\n刻字")
    maker.get_by_role("button", name="保存问卷").click()
    expect(maker.get_by_text("问卷已保存")).to_be_visible()
    assert check(maker) == []
    shot(maker, "desk-open")

    backer.goto(f"{site}/pledges/{made[0].pk}/")
    assert check(backer) == []
    shot(backer, "pledge-asked")
    backer.get_by_role("link", name="填写收货信息").click()
    backer.get_by_label("收件人").fill("王小明")
    backer.get_by_label("电话").fill("123")
    backer.get_by_label("省市区").fill("湖北省咸宁市咸安区")
    backer.get_by_label("详细地址").fill("桂乡大道 8 号桂花苑 3 栋 1 单元 502 室，电话打不通请放物业")
    backer.get_by_label("颜色").select_option("竹黄")
    backer.get_by_label("刻字").fill("秋")
    backer.get_by_role("button", name="保存").click()
    expect(backer.get_by_text("请填写有效的手机或座机号码")).to_be_visible()
    expect(backer.get_by_label("收件人")).to_have_value("王小明")
    backer.errors.clear()  # Chromium logs the refused form as an error
    assert check(backer) == []
    shot(backer, "address")
    backer.get_by_label("电话").fill("13812345678")
    backer.get_by_role("button", name="保存").click()
    expect(backer.get_by_text("王*，138****5678，湖北省咸宁市咸安区")).to_be_visible()

    maker.get_by_role("button", name="预告锁定地址").click()
    expect(maker.get_by_text("48 小时后锁定地址")).to_be_visible()
    move_on(cashier, timedelta(days=4))
    maker.reload()
    with maker.expect_download() as download:
        maker.get_by_role("button", name="下载打包清单（Excel）").click()
    book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    lines = list(book.active.iter_rows(values_only=True))
    assert len(lines) == 2 and "王小明" in lines[1] and "竹黄" in lines[1]
    maker.get_by_role("button", name="打印面单").click()
    expect(maker.get_by_text("13812345678")).to_be_visible()
    assert check(maker) == []
    shot(maker, "labels")
    maker.goto(f"{site}/fulfilment/{campaign.pk}/")
    _send(maker, "9,顺丰,SF123456\n")
    expect(maker.get_by_text("第 2 行：没有这个包裹编号")).to_be_visible()
    _send(maker, f"{Parcel.objects.get(pledge=made[0]).no},顺丰,SF123456\n")
    expect(maker.get_by_text("已发出 1 个包裹")).to_be_visible()
    move_on(cashier, timedelta(days=8))
    backer.goto(f"{site}/pledges/{made[0].pk}/")
    expect(backer.get_by_text("SF123456")).to_be_visible()
    shot(backer, "pledge-shipped")
    backer.get_by_role("button", name="报告丢失").click()
    expect(backer.get_by_text("发起人须在 14 天内补发或退款；逾期自动从托管余额退款。")).to_be_visible()
    maker.reload()
    expect(maker.get_by_role("heading", name="丢失的包裹")).to_be_visible()
    assert check(maker) == []
    shot(maker, "desk-lost")
    maker.get_by_role("button", name="补发").click()
    expect(maker.get_by_text("已转为待补发")).to_be_visible()
    english = open_page(chromium, site, "phone", english=True)
    english.context.add_cookies(maker.context.cookies())
    english.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    english.goto(f"{site}/fulfilment/{campaign.pk}/")
    assert check(english) == []
    shot(english, "desk-english-phone")


def _send(page, rows: str) -> None:
    body = f"包裹编号,承运商,运单号\n{rows}".encode()
    page.get_by_label("运单文件（Excel 或 CSV）").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": body}
    )
    page.get_by_role("button", name="导入并发货").click()
