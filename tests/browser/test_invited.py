"""Work for the invited alone in a real Chromium: posted so, its address sent, opened, listed, renewed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from marketplace.ideas.models import Solicitation
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, person
from tests.errand_builders import open_errand
from tests.idea_builders import BRIEF, open_solicitation
from tests.microtask_builders import open_job


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


OPEN = {
    "microtasks": lambda cashier, by: open_job(cashier, by=by, visibility="invited"),
    "errands": lambda cashier, by: open_errand(cashier, by=by, visibility="invited"),
    "ideas": lambda _cashier, by: open_solicitation(by=by, visibility="invited"),
}


@pytest.mark.parametrize(
    ("hall", "poster_view", "guest_view"),
    [("microtasks", "desk", "phone"), ("errands", "desk-dark", "phone-dark-large"), ("ideas", "phone", "desk")],
)
def test_who_has_the_address_comes_in(chromium, site, cashier, hall, poster_view, guest_view):
    host, guest = person(name="发布人"), person(name="受邀者")
    work, _by = OPEN[hall](cashier, acting(host))
    poster = open_page(chromium, site, poster_view)
    sign_in(poster, site, phone_of(host))
    poster.goto(f"{site}/{hall}/{work.pk}/")
    address = poster.get_by_label("邀请链接").input_value()
    assert check(poster) == []
    shot(poster, f"invited-{hall}-poster")

    page = open_page(chromium, site, guest_view)
    page.goto(f"{site}/{hall}/")
    expect(page.get_by_text(work.title)).to_have_count(0)
    sign_in(page, site, phone_of(guest))
    page.goto(f"{site}/work/invited/")
    expect(page.get_by_text("还没有邀请")).to_be_visible()
    assert check(page) == []
    assert page.request.get(f"{site}/{hall}/{work.pk}/").status == 404
    page.goto(address.replace(address.split("/work/")[0], site))
    expect(page.get_by_role("heading", name=work.title)).to_be_visible()
    expect(page.get_by_text("仅受邀者可见")).to_be_visible()
    expect(page.get_by_label("邀请链接")).to_have_count(0)
    assert check(page) == []
    page.goto(f"{site}/{hall}/mine/" if hall != "errands" else f"{site}/work/mine/")
    page.get_by_role("link", name="邀请我的").click()
    expect(page.get_by_role("link", name=work.title)).to_be_visible()
    assert check(page) == []
    shot(page, f"invited-{hall}-mine")

    poster.get_by_role("button", name="更换链接，旧链接失效").click()
    expect(poster.get_by_text("邀请链接已更换")).to_be_visible()
    expect(poster.get_by_label("邀请链接")).not_to_have_value(address)
    expect(poster.get_by_label("邀请链接")).to_be_visible()


def test_who_sees_it_is_chosen_in_the_editor(chromium, site):
    poster = person(name="发起人")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/ideas/board/")
    page.get_by_role("button", name="新建征集").click()
    page.get_by_label("标题").fill("内部金点子")
    page.get_by_label("一句话说明").fill("只问自己人")
    page.get_by_label("征集说明").fill(BRIEF)
    expect(page.get_by_label("公开", exact=True)).to_be_checked()
    page.get_by_label("仅受邀者可见").check()
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    assert Solicitation.objects.get().is_restricted
    page.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    page.reload()
    expect(page.get_by_text("nobody else finds it")).to_be_visible()
    assert check(page) == []
    shot(page, "invited-ideas-english")
