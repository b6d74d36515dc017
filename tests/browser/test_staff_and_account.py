"""Pages of staff and of one's account in a real Chromium, and what is done on them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from playwright.sync_api import expect

from backend.accounts import operations as accounts
from backend.accounts.models import Device, Membership, User
from backend.common import clock
from backend.common.actors import Role
from backend.demo.people import authenticator_of, code_of
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Dispute, Refund, RefundBatch
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import drafts, pledges
from tests.browser.helpers import check, open_page, phone_of, sign_in
from tests.builders import (
    acting,
    beat,
    deliver_events,
    draft,
    live_campaign,
    move_on,
    offer,
    owner_of,
    paid_pledge,
    payable_account,
    person,
)

PASSWORD = "a-long-password-1"


def staff(role: Role, name: str) -> User:
    user = person(name=name)
    user.set_password(PASSWORD)
    user.save()
    accounts.appoint(user=user, role=role)
    TOTP.activate(user, generate_totp_secret())
    return User.objects.select_related("party").get(pk=user.pk)


def sign_in_staff(page, site, user: User) -> None:
    """By password, then by authenticator."""
    page.goto(f"{site}/accounts/login/")
    page.locator("input[name=login]").fill(phone_of(user))
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/2fa/authenticate/**")
    page.locator("input[name=code]").first.fill(code_of(authenticator_of(user)))
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/my/")


@pytest.fixture
def successful(own_db, cashier):
    """A campaign after success with three pledges of ¥200, its maker with an account to be paid to."""
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=20_000)
    payable_account(owner_of(campaign))
    made = [paid_pledge(cashier, campaign, tier) for _ in range(3)]
    move_on(cashier, timedelta(days=30, minutes=1))
    yield campaign, made
    cashier.control(clock=clock.now().isoformat())


def test_staff_pages_have_no_finding(chromium, successful, site, cashier):
    campaign, made = successful
    pledges.ask_refund(
        pledge_id=made[0].pk, reason="搬家", at=clock.now(),
        by=acting(User.objects.select_related("party").get(party_id=made[0].backer_id)),
    )  # fmt: skip
    pledges.answer_refund(pledge_id=made[0].pk, agree=True, reason="", by=acting(owner_of(campaign)), at=clock.now())
    Dispute.objects.create(
        provider_no="CB-1", intent=pledges.intent_of(made[1].pk), amount_fen=20_000, opened_at=clock.now(),
        opened_by=person().party_id, answer_by=clock.now() + timedelta(days=7),
    )  # fmt: skip
    move_on(cashier, timedelta(days=3, minutes=1))
    owner = owner_of(campaign)
    waiting = draft(owner)
    offer(waiting, owner)
    drafts.submit(campaign_id=waiting.pk, by=acting(owner), at=clock.now())
    paths = {
        Role.MODERATOR: ["/review/", f"/review/{waiting.pk}/", f"/review/{campaign.pk}/", "/back-office/"],
        Role.FINANCE: ["/finance/", "/finance/verify/", f"/finance/bulk/{campaign.pk}/"],
        Role.AUDITOR: ["/finance/", "/finance/verify/"],
    }
    wrong = []
    for role, pages in paths.items():
        for view, english in (("phone", False), ("desk-dark", True)):
            page = open_page(chromium, site, view, english)
            sign_in_staff(page, site, staff(role, f"{role} {view}"))  # a code works once
            for path in pages:
                assert page.goto(site + path).status == 200, path
                if path != "/back-office/":  # django-unfold's own pages
                    wrong += [(role, view, english, path, problem) for problem in check(page)]
            page.context.close()
    assert wrong == [], "\n".join(str(row) for row in wrong[:40])


def test_a_bulk_refund_is_previewed_asked_for_and_approved_by_another_officer(chromium, successful, site, cashier):
    campaign, _made = successful
    one, two = staff(Role.FINANCE, "财务甲"), staff(Role.FINANCE, "财务乙")
    page = open_page(chromium, site, "desk")
    sign_in_staff(page, site, one)
    page.goto(f"{site}/finance/bulk/{campaign.pk}/")
    page.get_by_label(re.compile("事由")).fill("原料召回")
    page.get_by_role("button", name=re.compile("申请退款 3 · ¥600")).click()
    expect(page.get_by_text("您提出的申请，须另一位财务人员复核。")).to_be_visible()
    page.context.close()

    page = open_page(chromium, site, "phone")
    sign_in_staff(page, site, two)
    page.goto(f"{site}/finance/")
    page.get_by_role("button", name=re.compile("复核并执行 ¥600")).click()
    expect(page.get_by_text("已办理")).to_be_visible()
    assert RefundBatch.objects.get().state == "approved"
    beat()
    assert list(Refund.objects.values_list("state", flat=True)) == ["succeeded"] * 3
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 0
    page.context.close()


def test_a_chargeback_is_recorded_by_one_officer_and_decided_by_another(chromium, successful, site):
    campaign, made = successful
    one, two = staff(Role.FINANCE, "财务甲"), staff(Role.FINANCE, "财务乙")
    page = open_page(chromium, site, "desk")
    sign_in_staff(page, site, one)
    page.goto(f"{site}/finance/")
    page.get_by_text("登记拒付", exact=True).click()
    page.get_by_label(re.compile("商户订单号")).fill(pledges.intent_of(made[0].pk).number)
    page.get_by_label(re.compile("案件编号")).fill("CB-2026-1")
    page.get_by_label(re.compile("金额")).fill("200")
    page.get_by_role("button", name="登记并冻结").click()
    expect(page.get_by_text("您登记的案件，结果须由另一位财务人员记录。")).to_be_visible()
    assert books.available(ledger.escrow_of("campaign", campaign.pk)) == 40_000
    page.context.close()

    page = open_page(chromium, site, "desk")
    sign_in_staff(page, site, two)
    page.goto(f"{site}/finance/")
    page.get_by_role("button", name=re.compile("败诉或认赔 ¥200")).click()
    expect(page.get_by_text("没有未结的拒付。")).to_be_visible()
    deliver_events()
    made[0].refresh_from_db()
    assert (Dispute.objects.get().state, made[0].state) == ("lost", "refunded")
    page.context.close()


def test_an_owner_registers_a_firm_and_authorises_a_clerk_until_a_date(chromium, site):
    owner, clerk = person(name="厂长"), person(name="经办")
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(owner))
    page.goto(f"{site}/my/organisations/")
    assert check(page) == []
    page.get_by_text("登记组织", exact=True).click()
    page.get_by_label(re.compile("组织全称")).fill("崇阳竹器厂")
    page.get_by_label(re.compile("统一社会信用代码")).fill("91350100M000100Y44")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("统一社会信用代码不正确")).to_be_visible()
    page.errors.clear()  # Chromium notes the 400 itself
    page.get_by_label(re.compile("统一社会信用代码")).fill("91350100M000100Y43")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("崇阳竹器厂")
    assert check(page) == []
    page.get_by_label(re.compile("对方的手机号或邮箱")).fill(phone_of(clerk))
    page.get_by_label("发起和管理项目").check()
    page.get_by_label(re.compile("截止日期")).fill("2099-12-31")
    page.get_by_role("button", name="授权", exact=True).click()
    expect(page.get_by_text("已授权")).to_be_visible()
    given = Membership.objects.get(user=clerk)
    assert (given.role, set(given.scopes), given.valid_to.year) == ("clerk", {"read", "campaigns"}, 2099)
    assert check(page) == []
    page.get_by_role("button", name="撤销授权 经办").click()
    expect(page.get_by_text("授权已撤销，立即生效")).to_be_visible()
    given.refresh_from_db()
    assert given.revoked_at is not None
    page.context.close()


def test_a_known_browser_signs_in_by_code_alone_and_a_new_one_proves_more(chromium, site):
    user = person(name="王小明")
    phone = phone_of(user)
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone)
    assert Device.objects.filter(user=user).count() == 1
    page.goto(f"{site}/my/")
    page.evaluate("document.querySelector('form[action*=\"sign-out\"]').submit()")
    page.wait_for_url(f"{site}/")
    seen = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    sign_in(page, site, phone)
    assert not any("/sign-in/proof/" in url for url in seen)
    page.context.close()


def test_a_passkey_is_added_and_signs_in_as_a_second_factor(chromium, site):
    user = person(name="用通行密钥的人")
    user.set_password(PASSWORD)
    user.save()
    page = open_page(chromium, site, "desk")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                     "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )  # fmt: skip
    page.goto(f"{site}/accounts/login/")
    page.locator("input[name=login]").fill(phone_of(user))
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/my/")
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/webauthn/add/")
    assert check(page) == []
    page.locator("input[name=name]").fill("我的电脑")
    if page.locator("input[name=passwordless]").count():
        page.locator("input[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: not url.endswith("/add/"), timeout=10_000)
    assert user.authenticator_set.filter(type="webauthn").count() == 1
    page.goto(f"{site}/my/")
    page.evaluate("document.querySelector('form[action*=\"sign-out\"]').submit()")
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/accounts/login/")
    page.locator("#passkey_login").click()
    page.wait_for_url("**/my/")
    assert [text for text in page.errors if "Content Security" in text] == []
    assert Campaign.objects.count() == 0
    page.context.close()
