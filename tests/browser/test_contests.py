"""A contest in a real Chromium: posted, funded, entered, judged blind, objected to, decided; each side on its own screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Role
from backend.judging.models import Objection
from marketplace.contests.models import SOURCE, Contest, Entry
from marketplace.contests.operations import entries
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, beat, deliver_events, person
from tests.contest_builders import (
    BRIEF,
    call_of,
    close,
    drawing,
    entered,
    give,
    judge_for,
    judged,
    open_contest,
    publish,
    spend,
    story,
    wait_out,
)

LONG = "崇阳县青山镇楠竹产业园三层食盒造型与纹样公开征集大赛"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_contest_is_posted_reviewed_funded_and_entered(chromium, now, site):
    host, maker = person(name="主办人"), person(name="设计师")
    page = open_page(chromium, site, "phone")
    page.goto(f"{site}/contests/")
    expect(page.get_by_text("没有符合条件的赛事")).to_be_visible()
    assert check(page) == []
    sign_in(page, site, phone_of(host))
    page.goto(f"{site}/contests/board/")
    assert check(page) == []
    shot(page, "contest-board-empty")
    page.get_by_role("button", name="新建赛事").click()
    page.get_by_label("标题").fill(LONG)
    page.get_by_label("一句话说明").fill("三层食盒的造型与纹样，能手工编成")
    page.get_by_label("征集说明").fill(BRIEF + "所有作品的著作权均归主办方所有。")
    page.get_by_label("多奖").check()
    page.get_by_label("奖金（元）").fill("6000、3000")
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("请选定同分规则").first).to_be_visible()
    expect(page.get_by_text("未获奖作品的权利属于作者").first).to_be_visible()
    assert check(page) == ["console: Failed to load resource: the server responded with a status of 409 (Conflict)"]
    page.errors.clear()
    shot(page, "contest-edit-refused")
    page.get_by_label("征集说明").fill(BRIEF)
    page.get_by_text("仍相同的平分所占名次的奖金").last.click()
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    assert check(page) == []
    contest = Contest.objects.get()

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="赛事：").click()
    for box in desk.get_by_role("checkbox").all():
        box.check()
    assert check(desk) == []
    shot(desk, "contest-review-dark")
    desk.get_by_role("button", name="通过，请主办方托管奖金").click()
    expect(desk.get_by_text("已记录")).to_be_visible()

    page.goto(f"{site}/contests/{contest.pk}/")
    assert check(page) == []
    shot(page, "contest-funding")
    page.get_by_role("button", name="托管奖金").click()
    page.get_by_role("button", name="确认付款").click()
    page.wait_for_url(f"{site}/**")
    beat()
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_text("已全额托管")).to_be_visible()

    phone = open_page(chromium, site, "phone-dark-large")
    sign_in(phone, site, phone_of(maker))
    phone.goto(f"{site}/contests/")
    assert check(phone) == []
    shot(phone, "contests-phone-dark-large")
    phone.get_by_role("link", name=LONG).click()
    expect(phone.get_by_role("heading", name="获奖后到手")).to_be_visible()
    assert check(phone) == []
    shot(phone, "contest-phone-dark-large")
    phone.get_by_role("link", name="我要参赛").last.click()
    phone.get_by_label("作品名").fill("叠翠")
    phone.get_by_label("创作说明").fill(story(1))
    assert check(phone) == []
    phone.get_by_role("button", name="下一步：上传文件").click()
    phone.locator("#f-file").set_input_files({"name": "效果图.png", "mimeType": "image/png", "buffer": drawing(1)})
    phone.get_by_role("button", name="上传").click()
    expect(phone.get_by_text("文件已添加")).to_be_visible()
    phone.get_by_role("button", name="提交作品").click()
    expect(phone.get_by_text("作品已提交，摘要已存证")).to_be_visible()
    assert check(phone) == []
    shot(phone, "entry-phone-dark-large")
    phone.get_by_role("link", name="存证").last.click()
    expect(phone.get_by_text("链环相符")).to_be_visible()
    assert check(phone) == []
    shot(phone, "proof-phone-dark-large")
    page.goto(f"{site}/entries/{Entry.objects.get().pk}/")
    expect(page.get_by_text("没有找到").first).to_be_visible()


def test_judges_score_blind_and_the_result_is_public(chromium, now, site, cashier):
    host = person(name="主办人")
    contest, _by = open_contest(cashier, acting(host))
    made = [entered(contest, seed=number, title=f"作品{number}")[0] for number in (1, 2, 3)]
    second = judge_for(contest)
    judge = person(name="王评委")
    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(judge))
    desk.goto(f"{site}/judging/join/{call_of(contest).judge_code}/")
    assert check(desk) == []
    shot(desk, "judge-join")
    desk.get_by_role("button", name="接受邀请，担任评委").click()
    expect(desk.get_by_text("征集截止后才能看到作品")).to_be_visible()
    desk.get_by_role("button", name="我声明").click()
    expect(desk.get_by_text("已声明", exact=True)).to_be_visible()
    close(contest)
    cashier.control(clock=clock.now().isoformat())
    for entry, mark in zip(made, (80, 90, 70), strict=True):
        give(second, entry, mark, mark, mark)
    desk.goto(f"{site}/judging/{call_of(contest).pk}/")
    assert check(desk) == []
    shot(desk, "judging-desk")
    for entry, mark in zip(made, (82, 90, 60), strict=True):
        card = desk.locator(f"#w-{entry.application_id}")
        for box in card.get_by_role("textbox").all()[:3]:
            box.fill(str(mark))
        card.get_by_role("button", name="评分").click()
        expect(desk.get_by_text("评分已保存")).to_be_visible()

    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(host))
    page.goto(f"{site}/judging/{call_of(contest).pk}/")
    assert check(page) == []
    shot(page, "judging-host-phone")
    page.get_by_role("button", name="按评分公布并开始公示").click()
    expect(page.get_by_text("评分结果已公示")).to_be_visible()
    deliver_events()
    for view in ("phone", "phone-dark-large", "desk", "desk-dark"):
        reader = open_page(chromium, site, view)
        reader.goto(f"{site}/contests/{contest.pk}/")
        expect(reader.get_by_role("heading", name="公平面板")).to_be_visible()
        reader.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
        assert check(reader) == []
        shot(reader, f"contest-result-{view}")
    english = open_page(chromium, site, "desk", english=True)
    english.goto(f"{site}/contests/{contest.pk}/")
    expect(english.get_by_role("heading", name="Fairness")).to_be_visible()
    assert check(english) == []
    shot(english, "contest-result-english")


def test_an_objection_is_raised_answered_and_decided(chromium, now, site, cashier):
    contest, _host, made = judged(cashier, 90, 80)
    cashier.control(clock=clock.now().isoformat())
    raiser, maker = person(name="异议人"), Party.objects.get(pk=made[0].entrant_id).user
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(raiser))
    page.goto(f"{site}/entries/{made[0].pk}/")
    assert check(page) == []
    shot(page, "entry-public")
    page.get_by_text("提出异议").click()
    page.get_by_label("理由和依据").fill("纹样与去年公开的作品一致，附对照图")
    page.get_by_role("button", name="提交异议").click()
    expect(page.get_by_text("异议已提出，对方答辩后由平台裁定")).to_be_visible()
    page.locator("#f-file").set_input_files({"name": "对照.png", "mimeType": "image/png", "buffer": drawing(5)})
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("证据已提交")).to_be_visible()
    assert check(page) == []
    shot(page, "objection-raised")
    objection = Objection.objects.get()
    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(maker))
    desk.goto(f"{site}/objections/{objection.pk}/")
    desk.get_by_label("答辩").fill("纹样来自同一本老图谱，并非抄袭。")
    desk.get_by_role("button", name="提交答辩").click()
    expect(desk.get_by_text("已记录")).to_be_visible()
    officer = open_page(chromium, site, "desk-dark")
    sign_in_staff(officer, site, staff(Role.MODERATOR, "审核员"))
    officer.goto(f"{site}/objections/")
    assert check(officer) == []
    shot(officer, "objections-dark")
    officer.get_by_role("link", name=contest.title).click()
    officer.get_by_label("裁定理由（公开）").fill("两图特征一致且无法说明来源，构成抄袭")
    assert check(officer) == []
    shot(officer, "objection-dark")
    officer.get_by_role("button", name="异议成立").click()
    expect(officer.get_by_text("已记录")).to_be_visible()
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_text("次公示")).to_be_visible()
    assert check(page) == []
    shot(page, "contest-next-in-line")


def test_a_winner_sees_what_was_paid_and_the_host_gets_the_source(chromium, now, site, cashier):
    host, maker = person(name="主办人"), person(name="获奖者")
    contest, _by = open_contest(cashier, acting(host), prizes=(2_000_000,))
    entry, by = entered(contest, maker)
    entries.attach(entry_id=entry.pk, use=SOURCE, name="源.png", body=drawing(9), by=by, at=clock.now())
    judge = judge_for(contest)
    close(contest)
    give(judge, entry, 90, 90, 90)
    publish(contest, acting(host))
    wait_out(contest)
    clock.advance(timedelta(seconds=1))
    cashier.control(clock=clock.now().isoformat())
    phone = open_page(chromium, site, "phone")
    sign_in(phone, site, phone_of(maker))
    phone.goto(f"{site}/contests/mine/")
    assert check(phone) == []
    shot(phone, "contest-mine")
    phone.get_by_role("link", name="叠翠").click()
    expect(phone.get_by_text("权利转移")).to_be_visible()
    assert check(phone) == []
    shot(phone, "entry-paid")
    phone.goto(f"{site}/earnings/")
    expect(phone.get_by_text("竹器新生设计赛").first).to_be_visible()
    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(host))
    desk.goto(f"{site}/entries/{entry.pk}/")
    expect(desk.get_by_role("link", name="源文件")).to_be_visible()
    assert check(desk) == []
    shot(desk, "entry-host-paid")


def test_a_copy_found_after_payment_is_given_back_and_the_next_is_paid(chromium, now, site, cashier):
    contest, _host, made = judged(cashier, 90, 80, prizes=(2_000_000,))
    wait_out(contest)
    thief, heir = (Party.objects.get(pk=one.entrant_id).user for one in made)
    spend(thief.party_id)
    cashier.control(clock=clock.now().isoformat())
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(person(name="异议人")))
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_text("前在作品页提出异议")).to_be_visible()
    assert check(page) == []
    shot(page, "contest-look-back")
    page.goto(f"{site}/entries/{made[0].pk}/")
    page.get_by_text("提出异议").click()
    page.get_by_label("理由和依据").fill("与三年前出版的作品一致，附书影")
    page.get_by_role("button", name="提交异议").click()
    expect(page.get_by_text("异议已提出，对方答辩后由平台裁定")).to_be_visible()
    clock.advance(timedelta(days=4))
    cashier.control(clock=clock.now().isoformat())
    beat()
    officer = open_page(chromium, site, "desk")
    sign_in_staff(officer, site, staff(Role.MODERATOR, "审核员"))
    officer.goto(f"{site}/objections/{Objection.objects.get().pk}/")
    expect(officer.get_by_text("结果已确定：异议成立即撤销奖项并追回奖金")).to_be_visible()
    officer.get_by_label("裁定理由（公开）").fill("两件作品一致，构成抄袭")
    assert check(officer) == []
    shot(officer, "objection-after-payment")
    officer.get_by_role("button", name="异议成立").click()
    expect(officer.get_by_text("已记录")).to_be_visible()
    deliver_events()
    debtor = open_page(chromium, site, "desk-dark")
    sign_in(debtor, site, phone_of(thief))
    debtor.goto(f"{site}/entries/{made[0].pk}/")
    expect(debtor.get_by_text("到手的奖金须退回")).to_be_visible()
    assert check(debtor) == []
    shot(debtor, "entry-revoked-dark")
    debtor.goto(f"{site}/create/money/")
    expect(debtor.get_by_text("退回奖金：作品的奖项已撤销")).to_be_visible()
    assert check(debtor) == []
    shot(debtor, "money-prize-owed-dark")
    debtor.goto(f"{site}/earnings/")
    expect(debtor.get_by_text("更正：款项已退回")).to_be_visible()
    assert check(debtor) == []
    next_one = open_page(chromium, site, "phone-dark-large")
    sign_in(next_one, site, phone_of(heir))
    next_one.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    next_one.goto(f"{site}/entries/{made[1].pk}/")
    expect(next_one.get_by_text("the rights pass when all of it has come")).to_be_visible()
    assert check(next_one) == []
    shot(next_one, "entry-heir-english")
    page.goto(f"{site}/contests/{contest.pk}/")
    expect(page.get_by_text("奖项撤销，追回奖金")).to_be_visible()
    assert check(page) == []
    shot(page, "contest-revoked")


def test_a_contest_for_the_invited_opens_to_who_has_the_address(chromium, now, site, cashier):
    host, guest = person(name="主办人"), person(name="受邀者")
    contest, _by = open_contest(cashier, acting(host), visibility="invited")
    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(host))
    desk.goto(f"{site}/contests/{contest.pk}/")
    address = desk.get_by_label("邀请链接").input_value()
    assert check(desk) == []
    shot(desk, "contest-invited-host")
    phone = open_page(chromium, site, "phone")
    phone.goto(f"{site}/contests/")
    expect(phone.get_by_text("没有符合条件的赛事")).to_be_visible()
    sign_in(phone, site, phone_of(guest))
    assert phone.request.get(f"{site}/contests/{contest.pk}/").status == 404
    phone.goto(address.replace(address.split("/work/")[0], site))
    expect(phone.get_by_text("仅受邀者可见")).to_be_visible()
    assert check(phone) == []
    shot(phone, "contest-invited")
    phone.goto(f"{site}/contests/mine/")
    phone.get_by_role("link", name="邀请我的").click()
    expect(phone.get_by_role("link", name="竹器新生设计赛")).to_be_visible()
    assert check(phone) == []
    shot(phone, "contest-invited-mine")
    desk.get_by_role("button", name="更换链接，旧链接失效").click()
    expect(desk.get_by_label("邀请链接")).not_to_have_value(address)
