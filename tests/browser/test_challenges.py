"""An R&D challenge in a real Chromium: written with a secret, promised for, read on record, brought into its final."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.judging.operations import panel
from marketplace.contests.models import Contest, Entry, Pledge
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, person
from tests.challenge_builders import SECRET, in_final, open_challenge, planned
from tests.contest_builders import BRIEF, call_of, close, give, publish, story, wait_out

LONG = "咸宁高新区可降解竹纤维餐盒无氟防水涂层联合研发揭榜挂帅项目"
FORBIDDEN = "console: Failed to load resource: the server responded with a status of 403 (Forbidden)"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_challenge_is_written_with_its_final_and_its_secret(chromium, now, site):
    host = person(name="研发主管")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(host))
    page.goto(f"{site}/contests/board/")
    page.get_by_role("button", name="新建赛事").click()
    page.get_by_label("标题").fill(LONG)
    page.get_by_label("一句话说明").fill("八小时不渗漏")
    page.get_by_label("征集说明").fill(BRIEF)
    page.get_by_text("仍相同的平分所占名次的奖金").last.click()
    page.get_by_label("决赛名额").fill("1")
    page.get_by_label("保密年限").fill("3")
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("入选决赛的名额须为 2 至 10").first).to_be_visible()
    page.errors.clear()
    page.get_by_label("决赛名额").fill("2")
    page.get_by_label("每位决赛者研发补助（元）").fill("3000")
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("请填写保密内容或上传保密附件").first).to_be_visible()
    page.errors.clear()
    page.get_by_label("保密内容").fill(SECRET)
    shot(page, "challenge-edit-phone")
    assert check(page) == []
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    made = Contest.objects.get()
    assert (made.finalists, made.grant_fen, made.secrecy_years, made.secret) == (2, 300_000, 3, SECRET)
    assert made.total_fen == made.prize_fen + 600_000


def test_the_promise_is_read_and_signed_before_the_secret(chromium, now, site, cashier):
    host, maker = person(name="揭榜发布人"), person(name="材料研究员")
    contest, _by = open_challenge(cashier, acting(host))
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(maker))
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_text("需签保密协议")).to_be_visible()
    assert check(page) == []
    shot(page, "challenge-phone")
    page.goto(f"{site}/contests/{contest.pk}/enter/")
    page.get_by_label("作品名").fill("壳聚糖双层涂覆")
    page.get_by_label("创作说明").fill(story(4))
    page.get_by_role("button", name="下一步：上传文件").click()
    expect(page.get_by_text("请先签署保密协议").first).to_be_visible()
    assert check(page) == [FORBIDDEN]
    page.errors.clear()
    page.get_by_role("link", name="阅读保密协议").click()
    expect(page.get_by_text("依《民法典》第五百零一条")).to_be_visible()
    assert SECRET not in page.content()
    assert check(page) == []
    shot(page, "challenge-pledge-phone")
    page.get_by_label("我已阅读全文").check()
    page.get_by_role("button", name="签署并查阅").click()
    expect(page.get_by_text(SECRET)).to_be_visible()
    assert check(page) == []
    shot(page, "challenge-secret-phone")
    with page.expect_download() as got:
        page.get_by_role("link", name="失效样品.png").click()
    assert got.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with page.expect_download() as got:
        page.get_by_role("link", name="下载我签署的协议").click()
    assert got.value.path().read_text("utf-8") == Pledge.objects.get().text

    desk = open_page(chromium, site, "desk-dark")
    sign_in(desk, site, phone_of(host))
    desk.goto(f"{site}/contests/{contest.pk}/secret/pledges/")
    expect(desk.get_by_role("cell", name="失效样品.png")).to_be_visible()
    assert check(desk) == []
    shot(desk, "challenge-pledges-dark")


def test_a_final_shows_who_went_on_and_takes_their_work_alone(chromium, now, site, cashier):
    contest, host, judge, people, _plans = in_final(cashier, 90, 70, 80)
    page = open_page(chromium, site, "desk")
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_role("heading", name="第一轮结果")).to_be_visible()
    expect(page.get_by_text("已入选下一轮").first).to_be_visible()
    assert check(page) == []
    shot(page, "challenge-final-desk")
    sign_in(page, site, phone_of(people[0]))
    page.goto(f"{site}/contests/{contest.pk}/")
    page.get_by_role("link", name="提交决赛方案").first.click()
    page.get_by_label("作品名").fill("壳聚糖双层涂覆·样品")
    page.get_by_label("创作说明").fill(story(44))
    page.get_by_role("button", name="下一步：上传文件").click()
    page.get_by_role("button", name="提交作品").click()
    expect(page.get_by_text("作品已提交")).to_be_visible()
    assert Entry.objects.get(stage=2).application_id is not None

    other = open_page(chromium, site, "phone-dark-large")
    sign_in(other, site, phone_of(people[1]))
    other.goto(f"{site}/contests/{contest.pk}/")
    expect(other.get_by_role("link", name="提交决赛方案")).to_have_count(0)
    assert check(other) == []
    shot(other, "challenge-final-phone-dark")

    second = planned(contest, people[2], seed=45, title="纳米蜡乳")[0]
    panel.declare(call_id=call_of(contest).pk, declaration="", by=judge, at=clock.now())
    contest = close(contest)
    give(judge, Entry.objects.exclude(pk=second.pk).get(stage=2), 90, 90, 90)
    give(judge, second, 60, 60, 60)
    publish(contest, host)
    wait_out(contest)
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_role("heading", name="评审结果")).to_be_visible()
    expect(page.get_by_role("heading", name="第一轮结果")).to_be_visible()
    assert check(page) == []
    shot(page, "challenge-done-desk")
    page.goto(f"{site}/entries/{Entry.objects.exclude(pk=second.pk).get(stage=2).pk}/")
    expect(page.get_by_text("其中研发补助")).to_be_visible()
    assert check(page) == []
