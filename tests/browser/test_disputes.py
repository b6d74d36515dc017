"""A refused refund, complained about, heard and decided, in a real Chromium."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.accounts.models import User
from backend.common import clock
from backend.disputes.models import Case
from backend.disputes.operations import cases, rulings
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import complaints, pledges
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, beat, live_campaign, moderator, move_on, owner_of, paid_pledge, picture


def refused(cashier) -> Pledge:
    """A pledge of a campaign that succeeded, whose refund its maker declined with many words."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=60_000)
    made = paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    backer = acting(User.objects.get(party_id=made.backer_id))
    reason = "收到的食盒第三层合缝处开裂约四厘米，盖子合不严，已当天拍照并联系客服，客服让等通知但两周没有下文"
    pledges.ask_refund(pledge_id=made.pk, reason=reason, by=backer, at=clock.now())
    answer = "竹器遇干燥会有细纹，属于天然材料的正常现象，不影响使用，因此不同意退款"
    maker = acting(owner_of(campaign))
    pledges.answer_refund(pledge_id=made.pk, agree=False, reason=answer, by=maker, at=clock.now())
    return made


@pytest.mark.parametrize("kind", ["phone", "desk-dark"])
def test_a_backer_complains_brings_a_photo_and_takes_the_makers_offer(chromium, site, own_db, cashier, kind, tmp_path):
    made = refused(cashier)
    page = open_page(chromium, site, kind)
    sign_in(page, site, phone_of(User.objects.get(party_id=made.backer_id)))
    page.goto(f"{site}/pledges/{made.pk}/")
    expect(page.get_by_text("您的退款申请未被接受")).to_be_visible()
    assert check(page) == []
    page.get_by_role("main").get_by_role("link", name="投诉").click()
    page.wait_for_url("**/complain/")
    assert check(page) == []
    shot(page, f"complain-{kind}")
    page.get_by_label("事实经过").fill("开箱当天即开裂，照片见证据；客服电话三次无人处理。")
    page.get_by_role("button", name="提交投诉").click()
    page.wait_for_url("**/cases/**")
    file = tmp_path / "开裂.png"
    file.write_bytes(picture())
    page.get_by_label("证据文件").set_input_files(str(file))
    page.get_by_label("说明").fill("第三层合缝处")
    page.get_by_role("button", name="提交证据").click()
    expect(page.get_by_role("link", name="开裂.png")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="开裂.png").click()
    assert saved.value.suggested_filename.endswith(".png")
    case = Case.objects.get()
    maker = acting(owner_of(made.campaign))
    cases.offer(case_id=case.pk, to_claimant_fen=25_000, by=maker, at=clock.now())
    page.reload()
    assert check(page) == []
    shot(page, f"case-{kind}")
    page.get_by_role("button", name="接受并立即执行").click()
    expect(page.get_by_text("双方已和解").first).to_be_visible()
    assert check(page) == []
    beat()
    page.goto(f"{site}/cases/")
    assert check(page) == []
    shot(page, f"mine-{kind}")


@pytest.mark.parametrize(("kind", "english"), [("phone-dark-large", False), ("desk", True)])
def test_both_sides_read_the_ruling_and_may_appeal(chromium, site, own_db, cashier, kind, english):
    made = refused(cashier)
    backer = User.objects.get(party_id=made.backer_id)
    case = complaints.complain(
        pledge_id=made.pk, facts="开箱即裂", wanted_fen=40_000, by=acting(backer), at=clock.now()
    )
    cases.take_up(case_id=case.pk, by=moderator(), at=clock.now())
    move_on(cashier, timedelta(days=7, minutes=1))
    rulings.rule(
        case_id=case.pk,
        to_claimant_fen=36_000,
        to_respondent_fen=24_000,
        text="照片显示开裂在合缝处，属工艺问题；其余两层完好可用，故按六成退还。",
        by=moderator(),
        at=clock.now(),
    )
    page = open_page(chromium, site, kind)
    sign_in(page, site, phone_of(backer))
    if english:
        page.context.add_cookies([{"name": "language", "value": "en", "url": site}])
    page.goto(f"{site}/cases/{case.pk}/")
    assert check(page) == []
    shot(page, f"ruled-{kind}")
    page.get_by_label("Why you appeal" if english else "申诉理由").fill("盖子合不严，整套不能用。")
    page.get_by_role("button", name="Appeal" if english else "提交申诉").click()
    expect(page.get_by_text("Another decider" if english else "由另一位审核员复核").first).to_be_visible()
    assert check(page) == []
