"""On-site errands in a real Chromium: posted with stops, priced by forecast, booked nearby, done with photos, accepted, contested."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Role
from marketplace.errands.models import Errand, Licence, Offer, Stop
from marketplace.errands.operations import work
from marketplace.errands.tasks import reckon_outlooks
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, beat, person
from tests.errand_builders import BRIEF, HERE, book, hand_in, open_errand, picture, row, runner, stops_of
from tests.integration.test_errands import _history

LONG = "咸安城区连锁便利门店陈列价签与营业状态现场核查拍照"
FILE = "task_id,latitude,longitude,price_yuan,address\n" + "".join(
    f"S{number},{29.82 + number / 300:.5f},{114.30 + number % 3 / 200:.5f},{62 + number * 3},淦河大道 {number} 号\n"
    for number in range(1, 9)
)


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_an_errand_is_written_priced_by_forecast_and_reviewed(chromium, now, site, tmp_path):
    _history(tmp_path)
    poster = person(name="连锁门店")
    page = open_page(chromium, site, "phone")
    page.goto(f"{site}/errands/")
    expect(page.get_by_text("没有符合条件的现场任务")).to_be_visible()
    assert check(page) == []
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/errands/board/")
    assert check(page) == []
    page.get_by_role("button", name="新建现场任务").click()
    page.get_by_label("标题").fill(LONG)
    page.get_by_label("一句话说明").fill("到店拍门头、货架和价签")
    page.get_by_label("任务要求").fill(BRIEF)
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_text("从文件导入").click()
    page.get_by_label("点位文件").set_input_files({"name": "s.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    assert check(page) == []
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.locator("#stops p b").first).to_have_text("8")
    page.get_by_label("希望十个里完成").select_option("80")
    page.get_by_role("button", name="预测").click()
    expect(page.get_by_text("正在从附近的历史任务中学习")).to_be_visible()
    reckon_outlooks()
    expect(page.get_by_role("table")).to_be_visible()
    assert check(page) == []
    shot(page, "errand-edit")
    page.reload()
    page.get_by_role("button", name="全部改为建议报酬").click()
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    assert check(page) == []

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=LONG).click()
    assert check(desk) == []
    shot(desk, "errand-review")
    for box in desk.get_by_role("checkbox").all():
        box.check()
    desk.get_by_role("button", name="通过，请发布方托管报酬").click()
    expect(desk).to_have_url(f"{site}/review/")
    page.reload()
    expect(page.get_by_role("button", name="托管报酬")).to_be_visible()
    assert check(page) == []


def test_a_runner_registers_books_nearby_hands_in_and_is_paid(chromium, now, site, cashier):
    poster = person(name="连锁门店")
    errand, by = open_errand(cashier, by=acting(poster), stops=3, title=LONG)
    clock.move_to(clock.now() + timedelta(minutes=31))
    cashier.control(clock=clock.now().isoformat())
    page = open_page(chromium, site, "phone-dark-large")
    user = person(name="跑单人")
    sign_in(page, site, phone_of(user))
    page.goto(f"{site}/errands/nearby/")
    expect(page.get_by_text("先告诉我们从哪里出发")).to_be_visible()
    assert check(page) == []
    page.get_by_role("link", name="登记接单").click()
    page.get_by_label("纬度").fill(str(HERE[0]))
    page.get_by_label("经度").fill(str(HERE[1]))
    page.get_by_label("现场核查与拍照").check()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("您在这里")).to_be_visible()
    assert check(page) == []
    shot(page, "errand-runner")
    page.goto(f"{site}/errands/nearby/")
    expect(page.get_by_text("个可预订的点位，由近到远")).to_be_visible()
    assert check(page) == []
    shot(page, "errand-nearby")
    page.get_by_role("link", name=LONG).first.click()
    expect(page.get_by_text("预订后可见详细地址")).to_be_visible()
    page.get_by_role("button", name="预订", exact=True).click()
    expect(page.get_by_text("须在此前提交")).to_be_visible()
    expect(page.get_by_text("淦河大道 1 号")).to_be_visible()
    assert check(page) == []
    shot(page, "errand-booked")
    stop = Stop.objects.get(state="booked")
    clock.move_to(stop.from_at + timedelta(minutes=1))
    page.reload()
    page.get_by_label("现场照片").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    page.get_by_role("button", name="上传").click()
    page.get_by_label("完成说明").fill("正常营业，已拍")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("发布方须在此前验收")).to_be_visible()
    assert check(page) == []

    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(poster))
    desk.goto(f"{site}/errands/{errand.pk}/")
    assert check(desk) == []
    shot(desk, "errand-poster")
    desk.get_by_role("link", name="P1").click()
    assert check(desk) == []
    shot(desk, "errand-accept")
    desk.get_by_role("button", name="通过并付款").click()
    beat()
    desk.reload()
    expect(desk.locator("main").get_by_text("已付款").first).to_be_visible()
    page.goto(f"{site}/errands/mine/")
    expect(page.locator("main").get_by_text("已付款")).to_be_visible()
    assert check(page) == []
    desk.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    desk.goto(f"{site}/errands/{errand.pk}/")
    expect(desk.get_by_text("Before it is booked")).not_to_be_visible()
    assert check(desk) == []
    shot(desk, "errand-english")
    assert Errand.objects.get(pk=errand.pk).paid_fen == stop.price_fen
    assert by.party_id == poster.party_id


def test_a_refusal_is_contested_and_decided(chromium, now, site, cashier):
    errand, poster = open_errand(cashier, stops=1, title=LONG)
    by = runner()
    stop = hand_in(book(stops_of(errand)[0], by), by)
    work.refuse(stop_id=stop.pk, reason="照片里看不到店名", by=poster, at=clock.now())
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(User.objects.get(party_id=by.party_id)))
    page.goto(f"{site}/errands/stops/{stop.pk}/")
    assert check(page) == []
    shot(page, "errand-refused")
    page.get_by_label("异议理由").fill("店名在左上角，清楚可辨")
    page.get_by_role("button", name="请平台裁定").click()
    expect(page.get_by_text("平台须在此前裁定")).to_be_visible()

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=f"现场任务异议：{LONG}").click()
    assert check(desk) == []
    shot(desk, "errand-finding")
    desk.get_by_label("裁定理由").fill("放大可见店名，应予通过")
    desk.get_by_role("button", name="应予通过").click()
    expect(desk.get_by_text("已通过，正在付款")).to_be_visible()
    assert check(desk) == []


def test_a_licence_is_checked_and_an_offer_is_taken(chromium, now, site, cashier):
    by = runner(kinds=("food",))
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(User.objects.get(party_id=by.party_id)))
    page.goto(f"{site}/errands/runner/#licences")
    page.get_by_label("证号").fill("EJK20260088")
    today = clock.now().date()
    page.get_by_label("有效期起").fill(str(today - timedelta(days=3)))
    page.get_by_label("有效期止").fill(str(today + timedelta(days=200)))
    page.get_by_role("button", name="提交核验").click()
    expect(page.get_by_text("待核验", exact=True)).to_be_visible()
    assert check(page) == []
    desk = open_page(chromium, site, "desk")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "核验员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="健康证明").click()
    expect(desk.get_by_text("EJK20260088")).to_be_visible()
    desk.get_by_label("核验依据或理由").fill("已与健康证系统核对")
    assert check(desk) == []
    shot(desk, "errand-licence")
    desk.get_by_role("button", name="核验无误").click()
    expect(desk.locator("main").get_by_text("有效", exact=True)).to_be_visible()
    assert Licence.objects.get().state == "in_force"

    errand, _ = open_errand(cashier, rows=[row(1, 200)], kind="food", mode="dispatch", title=LONG)
    beat()
    assert Offer.objects.filter(stop__errand=errand).count() == 1
    page.goto(f"{site}/errands/mine/")
    expect(page.get_by_text("派给您的")).to_be_visible()
    assert check(page) == []
    shot(page, "errand-offer")
    page.get_by_role("button", name="接单", exact=True).click()
    expect(page.get_by_text("须在此前提交")).to_be_visible()
