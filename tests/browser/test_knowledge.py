"""Knowledge in a real Chromium: written, reviewed by somebody else, changed, compared; and a bounty for what is missing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from marketplace.knowledge.models import Article, Change, Gap
from marketplace.knowledge.states import Changing, Missing
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, deliver_events, person
from tests.knowledge_builders import (
    TEXT,
    WANTED,
    answered,
    changed,
    entry,
    experienced,
    handed_in,
    judged,
    open_gap,
    reviewed,
)

LONG = "咸宁市崇阳县楠竹产业从选材砍伐运输到防霉防蛀存放全流程经验汇编与常见误区"
REFUSED = "console: Failed to load resource: the server responded with a status of 409 (Conflict)"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_an_entry_is_written_and_published_by_somebody_else(chromium, now, site):
    author, reader = person(name="竹匠"), experienced("老评审")
    page = open_page(chromium, site, "phone")
    page.goto(f"{site}/knowledge/?q=没有这个词")
    expect(page.get_by_text("没有符合条件的条目")).to_be_visible()
    assert check(page) == []
    sign_in(page, site, phone_of(author))
    page.goto(f"{site}/knowledge/mine/")
    assert check(page) == []
    shot(page, "knowledge-mine-empty")
    page.get_by_role("button", name="新建条目").click()
    page.get_by_label("标题").fill(LONG)
    page.get_by_label("一句话说明").fill("从选竹到存放，照着做就行")
    page.get_by_label("正文").fill(TEXT)
    page.get_by_role("button", name="保存并提交评审").click()
    expect(page.get_by_text("请选择贡献许可").first).to_be_visible()
    expect(page.get_by_label("正文")).to_have_value(TEXT)
    assert check(page) == [REFUSED]
    page.errors.clear()
    shot(page, "knowledge-edit-phone")
    page.get_by_label("CC BY-SA 4.0").check()
    page.get_by_role("button", name="保存并提交评审").click()
    expect(page.get_by_text("等待评审")).to_be_visible()
    assert check(page) == []
    change = Change.objects.get(title=LONG)
    assert change.state == Changing.REVIEW

    desk = open_page(chromium, site, "desk-dark")
    sign_in(desk, site, phone_of(reader))
    desk.goto(f"{site}/knowledge/reviews/")
    assert check(desk) == []
    shot(desk, "knowledge-reviews-dark")
    desk.get_by_role("link", name=LONG).click()
    desk.get_by_role("button", name="领取评审").click()
    expect(desk.get_by_role("button", name="属实、有据、无侵权，发布")).to_be_visible()
    assert check(desk) == []
    shot(desk, "knowledge-change-dark")
    desk.get_by_role("button", name="属实、有据、无侵权，发布").click()
    expect(desk.get_by_text("已发布").first).to_be_visible()
    page.goto(f"{site}/knowledge/{change.article_id}/")
    expect(page.get_by_role("heading", name="怎样防霉")).to_be_visible()
    expect(page.get_by_text("CC BY-SA 4.0").first).to_be_visible()
    assert check(page) == []
    shot(page, "knowledge-article-phone")


def test_a_change_is_compared_sent_back_and_brought_to_the_latest(chromium, now, site):
    article, _by = entry()
    author = person(name="篾匠")
    mine = changed(article, acting(author), text=TEXT.replace("两小时", "三小时"))
    reviewed(changed(article, acting(person(name="别人"))))
    page = open_page(chromium, site, "phone-dark-large")
    sign_in(page, site, phone_of(author))
    page.goto(f"{site}/knowledge/changes/{mine.pk}/")
    expect(page.get_by_role("heading", name="条目已有新版本")).to_be_visible()
    expect(page.locator(".hit").filter(has_text="三").first).to_be_visible()
    assert check(page) == []
    shot(page, "knowledge-moved-on-dark-large")
    page.get_by_role("button", name="已对照，更新基准版本").click()
    expect(page.get_by_role("heading", name="条目已有新版本")).to_have_count(0)
    assert Change.objects.get(pk=mine.pk).base_no == 2

    desk = open_page(chromium, site, "desk")
    desk.goto(f"{site}/knowledge/{article.pk}/history/")
    assert check(desk) == []
    shot(desk, "knowledge-history")
    desk.get_by_role("link", name="改了什么").click()
    expect(desk.get_by_text("竹节朝外放置")).to_be_visible()
    assert check(desk) == []
    shot(desk, "knowledge-diff")
    desk.goto(f"{site}/knowledge/{article.pk}/versions/1/")
    expect(desk.get_by_text("这是旧版本")).to_be_visible()
    desk.get_by_role("button", name="English").first.click()
    expect(desk.get_by_text("This is an old version")).to_be_visible()
    assert check(desk) == []


def test_a_bounty_is_posted_reviewed_answered_and_confirmed(chromium, now, site, cashier):
    poster, author = person(name="悬赏人"), person(name="竹匠")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/knowledge/gaps/new/")
    page.get_by_label("标题").fill("楠竹熏蒸防虫怎样做")
    page.get_by_label("缺什么、怎样算补上").fill(WANTED)
    page.get_by_label("赏金（元）").fill("10")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("赏金不得低于 ¥50").first).to_be_visible()
    page.errors.clear()
    page.get_by_label("赏金（元）").fill("300")
    assert check(page) == []
    shot(page, "gap-edit-phone")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    assert check(page) == []

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="知识悬赏：").click()
    for box in desk.get_by_role("checkbox").all():
        box.check()
    assert check(desk) == []
    shot(desk, "gap-review-dark")
    desk.get_by_role("button", name="通过，请悬赏方托管赏金").click()
    page.reload()
    expect(page.get_by_role("button", name="托管赏金")).to_be_visible()

    gap, _by = open_gap(cashier, acting(person(name="另一位悬赏人")))
    reader = open_page(chromium, site, "phone")
    sign_in(reader, site, phone_of(author))
    reader.goto(f"{site}/knowledge/gaps/{gap.pk}/")
    expect(reader.get_by_text("补上后到手")).to_be_visible()
    assert check(reader) == []
    shot(reader, "gap-phone")
    reader.get_by_role("button", name="我来补上").click()
    expect(reader.get_by_label("正文")).to_be_visible()
    assert Change.objects.get(gap=gap).state == Changing.DRAFT
    reader.goto(f"{site}/knowledge/gaps/")
    assert check(reader) == []


def test_a_poster_confirms_or_contests_and_a_moderator_decides(chromium, now, site, cashier):
    poster = person(name="悬赏人")
    gap, _by = open_gap(cashier, acting(poster))
    judged(answered(gap, acting(person(name="竹匠"))), fills=True)
    page = open_page(chromium, site, "desk")
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/knowledge/gaps/{gap.pk}/")
    expect(page.get_by_role("button", name="确认补上，立即发放")).to_be_visible()
    assert check(page) == []
    shot(page, "gap-filled-desk")
    page.get_by_label("还缺什么").fill("没有写药剂用量和标准编号")
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_text("平台裁定中")).to_be_visible()

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "裁定员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="知识悬赏异议：").click()
    desk.get_by_label("公开的理由").fill("对照说明，已写明用量")
    assert check(desk) == []
    desk.get_by_role("button", name="已补上，发放赏金").click()
    expect(desk.get_by_text("已发放").first).to_be_visible()
    deliver_events()
    assert Gap.objects.get(pk=gap.pk).state == Missing.COMPLETED


def test_what_waits_is_not_there_for_others(chromium, now, site):
    change = handed_in(acting(person(name="竹匠")))
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(person(name="路人")))
    assert page.goto(f"{site}/knowledge/changes/{change.pk}/").status == 404
    page.errors.clear()
    page.goto(f"{site}/knowledge/reviews/")
    expect(page.get_by_text("评审需实名等级 L2").first).to_be_visible()
    assert check(page) == []
    shot(page, "knowledge-reviews-newcomer")
    assert not Article.objects.exclude(state="blank").exists()
