"""A solicitation in a real Chromium: asked, reviewed, proposed to, endorsed once, answered, concluded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from marketplace.ideas.models import Idea, Solicitation
from marketplace.ideas.operations import ideas
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, beat, person
from tests.idea_builders import BRIEF, open_solicitation, proposed

LONG = "老码头空置仓库改造用途面向全体市民和在外乡亲公开征集"
TEXT = "把码头仓库改成周末手作市集，本地匠人轮流摆摊，冬天搬进室内，平日借给学校上课。"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_question_is_asked_reviewed_and_answered_by_the_public(chromium, now, site):
    poster, author, reader = person(name="发起人"), person(name="提议人"), person(name="市民")
    page = open_page(chromium, site, "phone")
    page.goto(f"{site}/ideas/")
    expect(page.get_by_text("没有符合条件的征集")).to_be_visible()
    assert check(page) == []
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/ideas/board/")
    assert check(page) == []
    page.get_by_role("button", name="新建征集").click()
    page.get_by_label("标题").fill(LONG)
    page.get_by_label("一句话说明").fill("为空置仓库征集用途")
    page.get_by_label("征集说明").fill(BRIEF)
    assert check(page) == []
    shot(page, "solicitation-edit")
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    assert check(page) == []

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=LONG).click()
    assert check(desk) == []
    for box in desk.get_by_role("checkbox").all():
        box.check()
    desk.get_by_role("button", name="通过并开放").click()
    expect(desk).to_have_url(f"{site}/review/")

    mine = open_page(chromium, site, "phone-dark-large")
    sign_in(mine, site, phone_of(author))
    mine.goto(f"{site}/ideas/")
    mine.get_by_role("link", name=LONG).click()
    expect(mine.get_by_text("还没有创意")).to_be_visible()
    assert check(mine) == []
    shot(mine, "solicitation-empty")
    mine.get_by_role("link", name="提出创意").first.click()
    mine.get_by_label("标题").fill("周末手作市集")
    mine.get_by_label("内容").fill(TEXT)
    assert check(mine) == []
    mine.get_by_role("button", name="提交创意").click()
    expect(mine.get_by_role("link", name="存证")).to_be_visible()
    assert check(mine) == []

    idea = Idea.objects.get()
    other = open_page(chromium, site, "desk")
    sign_in(other, site, phone_of(reader))
    other.goto(f"{site}/ideas/one/{idea.pk}/")
    other.get_by_role("button", name="支持", exact=True).click()
    expect(other.get_by_role("button", name="取消支持")).to_be_visible()
    assert check(other) == []
    other.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    other.goto(f"{site}/ideas/{idea.solicitation_id}/")
    expect(other.get_by_text("you do too")).to_be_visible()
    assert check(other) == []
    shot(other, "solicitation-english")

    page.goto(f"{site}/ideas/one/{idea.pk}/")
    page.get_by_label("答复").fill("今年秋天在码头仓库试办")
    assert check(page) == []
    page.get_by_role("button", name="采纳", exact=True).click()
    expect(page.get_by_text("已采纳").first).to_be_visible()
    assert check(page) == []
    shot(page, "idea-adopted")


def test_a_conclusion_is_public_with_many_ideas(chromium, now, site):
    poster = person(name="发起人")
    made, by = open_solicitation(acting(poster), title=LONG)
    backers = [acting(person(name=f"市民{number}")) for number in range(4)]
    for number in range(5):
        idea, _author = proposed(made, title=f"{LONG}之{number}")
        for backer in backers[:number]:
            ideas.endorse(idea_id=idea.pk, by=backer, at=clock.now())
    ideas.answer(idea_id=idea.pk, adopts=False, words="场地不够，改在别处试办", by=by, at=clock.now())
    closes_at = Solicitation.objects.get(pk=made.pk).closes_at
    clock.move_to(closes_at + timedelta(seconds=1))
    beat()
    page = open_page(chromium, site, "desk")
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/ideas/{made.pk}/")
    page.get_by_label("征集结果").fill("采纳市集一条，秋天试办；其余因场地和预算原因暂不采纳，逐条已答复。")
    assert check(page) == []
    page.get_by_role("button", name="公布结果").click()
    expect(page.get_by_text("已公布结果").first).to_be_visible()
    assert check(page) == []
    shot(page, "solicitation-concluded")
    phone = open_page(chromium, site, "phone")
    phone.goto(f"{site}/ideas/{made.pk}/?order=newest")
    expect(phone.get_by_text("采纳市集一条")).to_be_visible()
    assert check(phone) == []
    shot(phone, "solicitation-concluded-phone")
