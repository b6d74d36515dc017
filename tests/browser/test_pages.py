"""Every page in a real Chromium: no console error, no sideways scroll, no axe finding; and the main flow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from backend.accounts import operations as accounts
from backend.accounts.errors import CodeWrong
from backend.accounts.models import SignInCode
from backend.common import clock
from crowdfunding.campaigns.models import Pledge
from tests.browser.helpers import VIEWS, check, open_page, phone_of, sign_in
from tests.builders import acting, draft, live_campaign, offer, owner_of, person


def test_public_pages_have_no_finding_in_any_view_or_language(chromium, site):
    campaign, _tier = live_campaign(price_fen=10_000, stock=5)
    paths = ["/", "/campaigns/", "/campaigns/?q=没有这样的词", f"/campaigns/{campaign.pk}/", "/sign-in/", "/fees/",
             "/rules/", "/accessibility/", "/demo/inbox/", "/accounts/login/"]  # fmt: skip
    wrong = []
    for view in VIEWS:
        for english in (False, True) if view in ("phone", "desk") else (False,):
            page = open_page(chromium, site, view, english)
            for path in paths:
                assert page.goto(site + path).status == 200, path
                wrong += [(view, english, path, problem) for problem in check(page)]
            page.context.close()
    assert wrong == [], "\n".join(str(row) for row in wrong[:40])


def test_pages_of_a_signed_in_maker_have_no_finding(chromium, site):
    campaign, _tier = live_campaign(price_fen=10_000, stock=5)
    owner = owner_of(campaign)
    unfinished = draft(owner)
    offer(unfinished, owner)
    phone = phone_of(owner)
    paths = ["/my/", "/my/account/", "/my/inbox/", "/my/notifications/", "/my/pledges/", "/create/", "/create/money/",
             f"/create/{campaign.pk}/", f"/create/{campaign.pk}/backers/", f"/create/{unfinished.pk}/edit/",
             f"/create/{unfinished.pk}/preview/"]  # fmt: skip
    wrong = []
    for view in ("phone", "desk-dark"):
        page = open_page(chromium, site, view)
        sign_in(page, site, phone)
        for path in paths:
            assert page.goto(site + path).status == 200, path
            wrong += [(view, path, problem) for problem in check(page)]
        page.context.close()
    assert wrong == [], "\n".join(str(row) for row in wrong[:40])


def test_a_backer_signs_in_pledges_pays_and_sees_where_the_money_is(chromium, site, cashier):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(price_fen=10_000, shipping_fen=800, stock=3)
    backer = person(level="L1", name="王小明")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(backer))

    page.goto(f"{site}/campaigns/{campaign.pk}/")
    page.get_by_role("link", name=re.compile("选择这份回报")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("确认支持")
    expect(page.get_by_text("¥108", exact=True)).to_be_visible()
    assert check(page) == []
    page.get_by_role("button", name="确认支持 ¥108").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("名额已为您保留")
    page.get_by_role("button", name="用支付宝付款").click()
    page.wait_for_url("**/sandbox/alipay/cashier/**")
    page.get_by_role("button", name="确认付款").click()
    page.wait_for_url(f"{site}/pledges/**")
    for _ in range(40):
        if page.get_by_text("您的支持已计入。").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_text("记入该项目的托管账户")).to_be_visible()
    assert check(page) == []
    assert Pledge.objects.get(backer_id=backer.party_id).state == "paid"
    page.context.close()


def test_the_editor_saves_by_itself_and_shows_the_coach(chromium, site):
    owner = person(name="编辑的人")
    unfinished = draft(owner)
    page = open_page(chromium, site)
    sign_in(page, site, phone_of(owner))
    page.goto(f"{site}/create/{unfinished.pk}/edit/")
    page.get_by_label("一句话介绍").fill("自动保存的一句话")
    expect(page.get_by_role("status")).to_have_text("已自动保存", timeout=15_000)
    unfinished.refresh_from_db()
    assert unfinished.summary == "自动保存的一句话"
    expect(page.get_by_text("还没有可比的历史项目")).to_be_visible()
    page.context.close()


def test_hostile_text_is_shown_and_not_run(chromium, site):
    from backend.common.richtext import render
    from crowdfunding.campaigns.models import Campaign
    from crowdfunding.campaigns.operations import talk

    campaign, _tier = live_campaign()
    evil = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>[x](javascript:window.pwned=1)"
    talk.post_update(campaign_id=campaign.pk, title=evil[:80], body=evil, by=acting(owner_of(campaign)), at=clock.now())
    Campaign.objects.filter(pk=campaign.pk).update(
        title=evil[:80], summary=evil, risks=evil, story=evil, story_html=render(evil)
    )
    page = open_page(chromium, site)
    page.goto(f"{site}/campaigns/{campaign.pk}/")
    assert page.evaluate("window.pwned") is None
    assert page.locator("main script:not([src])").count() == 0
    page.context.close()


def test_a_code_that_was_never_asked_for_does_not_sign_in(chromium, site):
    page = open_page(chromium, site)
    page.goto(f"{site}/sign-in/code/")
    assert page.url.endswith("/sign-in/")
    assert SignInCode.objects.count() == 0
    with pytest.raises(CodeWrong):
        accounts.redeem_code(identifier="13900000000", code="123456", session_key="x", at=clock.now())
    page.context.close()
