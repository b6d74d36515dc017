"""A tender from the first word to the last fen, in a real Chromium: posted, bid for under seal, signed, paid, reviewed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from backend.disputes.models import Case
from backend.disputes.operations import cases
from marketplace.engagements.models import Claim, Contract
from marketplace.engagements.operations import claims
from marketplace.tasks.models import Bid, Task
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import acting, beat, moderator, move_on, person, picture
from tests.work_builders import BRIEF, fund, open_bids, open_task, sealed_bid, signed, submitted

LONG = "崇阳县青山镇楠竹产业园竹编食盒与伴手礼系列外包装设计任务"


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_task_is_posted_reviewed_and_bid_for_under_seal(chromium, now, site):
    poster, bidder = person(name="发包人"), person(name="承接人")
    page = open_page(chromium, site, "phone")
    page.goto(f"{site}/work/")
    expect(page.get_by_text("没有符合条件的任务")).to_be_visible()
    assert check(page) == []
    shot(page, "work-empty")
    sign_in(page, site, phone_of(poster))
    page.goto(f"{site}/work/board/")
    assert check(page) == []
    shot(page, "work-board-empty")
    page.get_by_role("button", name="产品包装设计").click()
    page.get_by_label("标题").fill(LONG)
    page.get_by_label("一句话说明").fill("三款食盒与礼盒的外包装，可直接印刷")
    page.get_by_label("任务书").fill(BRIEF)
    assert check(page) == []
    shot(page, "task-edit")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存")).to_be_visible()
    page.locator("#f-file").set_input_files({"name": "刀版.png", "mimeType": "image/png", "buffer": picture()})
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("附件已添加")).to_be_visible()
    page.get_by_role("button", name="保存并提交审核").click()
    expect(page.get_by_text("平台审核中")).to_be_visible()
    assert check(page) == []
    task = Task.objects.get()

    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name="任务：").click()
    for box in desk.get_by_role("checkbox").all():
        box.check()
    assert check(desk) == []
    shot(desk, "task-review-dark")
    desk.get_by_role("button", name="通过并发布").click()
    expect(desk.get_by_text("已记录")).to_be_visible()

    worker = open_page(chromium, site, "phone-dark-large")
    sign_in(worker, site, phone_of(bidder))
    worker.goto(f"{site}/work/")
    assert check(worker) == []
    shot(worker, "work-hall-phone-dark-large")
    worker.get_by_role("link", name=LONG).click()
    assert check(worker) == []
    shot(worker, "task-phone-dark-large")
    worker.get_by_label("我要提问").fill("刀版尺寸是成品尺寸吗？")
    worker.get_by_role("button", name="提交问题").click()
    expect(worker.get_by_text("问题已提交")).to_be_visible()
    worker.get_by_role("link", name="我要应标").last.click()
    worker.get_by_label("总报价").fill("6000")
    worker.get_by_label("工期（天）").fill("20")
    worker.get_by_label("方案").fill("先走访作坊再出两套方向，附近三年同类作品，可到现场沟通打样。")
    assert check(worker) == []
    shot(worker, "bid-phone-dark-large")
    worker.get_by_role("button", name="封存应标").click()
    expect(worker.get_by_role("heading", name="应标已封存")).to_be_visible()
    assert check(worker) == []
    shot(worker, "bid-receipt")
    worker.goto(f"{site}/work/mine/")
    assert check(worker) == []
    shot(worker, "work-mine-phone-dark-large")

    page.goto(f"{site}/work/{task.pk}/")
    page.get_by_label("答复").fill("是成品尺寸，含粘口。")
    page.get_by_role("button", name="答复").click()
    expect(page.get_by_text("已答复，所有人可见")).to_be_visible()
    page.goto(f"{site}/work/{task.pk}/compare/")
    expect(page.get_by_text("还没有可读的应标")).to_be_visible()
    page.goto(f"{site}/work/{task.pk}/amend/")
    page.get_by_label("期望工期（天）").fill("45")
    page.get_by_label("变更说明（公开）").fill("工期放宽到四十五天")
    assert check(page) == []
    shot(page, "task-amend")
    page.get_by_role("button", name="变更并通知应标方").click()
    expect(page.get_by_text("条款已变更")).to_be_visible()
    worker.goto(f"{site}/work/{task.pk}/")
    expect(worker.get_by_role("heading", name="条款有变，请确认")).to_be_visible()
    assert check(worker) == []
    shot(worker, "task-changed")
    worker.get_by_role("button", name="按新条款确认").click()
    expect(worker.get_by_text("已按新条款确认")).to_be_visible()
    assert Bid.objects.get().state == "sealed"


def test_bids_are_compared_one_is_chosen_signed_and_paid_in_stages(chromium, now, site, cashier):
    poster = person(name="发包人")
    task, _client = open_task(acting(poster))
    bidder = person(name="承接人")
    sealed_bid(task, bidder, amount_fen=600_000)
    for fen in (550_000, 780_000):
        sealed_bid(task, amount_fen=fen, text="我们的方案强调耐用和可重复使用，材料以楠竹纤维为主，印刷环保。")
    open_bids(task)
    cashier.control(clock=clock.now().isoformat())

    desk = open_page(chromium, site, "desk")
    sign_in(desk, site, phone_of(poster))
    desk.goto(f"{site}/work/{task.pk}/compare/")
    assert check(desk) == []
    shot(desk, "compare")
    card = desk.locator("article", has=desk.get_by_text("¥6,000", exact=True))
    card.get_by_role("button", name="入围").click()
    card = desk.locator("article", has=desk.get_by_text("¥6,000", exact=True))
    card.get_by_text("选定这一份").click()
    card.get_by_label("选定理由（应标方可见）").fill("方案最贴合，工期合适")
    card.get_by_role("button", name="选定并发出协议").click()
    expect(desk.get_by_text("已选定，协议已发给承接方确认")).to_be_visible()
    contract = Contract.objects.get()

    phone = open_page(chromium, site, "phone")
    sign_in(phone, site, phone_of(bidder))
    phone.goto(f"{site}/contracts/{contract.pk}/")
    expect(phone.get_by_role("heading", name="预计到手")).to_be_visible()
    assert check(phone) == []
    shot(phone, "contract-offered")
    phone.get_by_label("我已阅读").check()
    phone.get_by_role("button", name="签订协议").click()
    expect(phone.get_by_text("协议已签订")).to_be_visible()
    expect(phone.get_by_text("款项还没有托管，请勿开工。")).to_be_visible()

    desk.goto(f"{site}/contracts/{contract.pk}/")
    assert check(desk) == []
    shot(desk, "contract-to-fund")
    fund(cashier, contract, acting(poster))
    phone.reload()
    phone.get_by_role("button", name="开工").click()
    phone.get_by_label("交付说明").fill("初稿两套见附件")
    phone.locator("#u-1").set_input_files({"name": "初稿.png", "mimeType": "image/png", "buffer": picture("blue")})
    phone.get_by_role("button", name="交付", exact=True).click()
    expect(phone.get_by_text("已交付，等待验收")).to_be_visible()
    assert check(phone) == []
    shot(phone, "contract-submitted")

    desk.reload()
    assert check(desk) == []
    shot(desk, "contract-to-accept")
    desk.get_by_label("给对方留言").fill("主色可以再亮一些吗？")
    desk.get_by_role("button", name="发送").click()
    expect(desk.get_by_text("已发送")).to_be_visible()
    desk.get_by_role("button", name="验收并放款").click()
    expect(desk.get_by_text("已验收，系统将放款")).to_be_visible()
    beat()
    phone.reload()
    expect(phone.get_by_text("到手 ¥2,280")).to_be_visible()
    assert check(phone) == []
    shot(phone, "contract-paid")
    phone.goto(f"{site}/earnings/")
    assert check(phone) == []
    shot(phone, "earnings")
    phone.goto(f"{site}/contracts/")
    assert check(phone) == []
    shot(phone, "contracts")


def test_a_claim_is_refused_and_goes_before_a_decider(chromium, now, site, cashier):
    contract, client, worker = signed(by=acting(person(name="发包人")))
    stage = submitted(cashier, contract, client, worker)
    dark = open_page(chromium, site, "desk-dark")
    sign_in(dark, site, phone_of(_user(client)))
    dark.goto(f"{site}/contracts/{contract.pk}/")
    dark.get_by_text("协商不成，提出诉求").click()
    dark.get_by_label("要求退回（元）").fill("1000")
    dark.locator("#q-1").fill("交付内容与任务书不符，缺少可印刷的源文件")
    dark.get_by_role("button", name="提出诉求").click()
    expect(dark.get_by_text("诉求已提出，款项冻结")).to_be_visible()
    assert check(dark) == []
    shot(dark, "claim-made-dark")
    claims.refuse(Claim.objects.get().pk, "已按任务书交付全部文件", worker, clock.now())
    dark.reload()
    dark.get_by_label("事实经过").fill("约定交付源文件，至今未收到。")
    dark.get_by_role("button", name="提交裁定").click()
    expect(dark.get_by_text("已提交裁定，双方可举证")).to_be_visible()
    dark.get_by_role("link", name="查看裁定过程").click()
    assert check(dark) == []
    shot(dark, "work-case-dark")
    assert stage.pk == Claim.objects.get().milestone_id
    case = Case.objects.get()
    cases.take_up(case_id=case.pk, by=moderator(), at=clock.now())
    move_on(cashier, timedelta(days=7, minutes=1))
    officer = open_page(chromium, site, "phone")
    sign_in_staff(officer, site, staff(Role.MODERATOR, "裁定员"))
    officer.goto(f"{site}/cases/{case.pk}/")
    officer.locator("summary", has_text="裁定重做").click()
    officer.get_by_label("重做天数").fill("10")
    officer.locator("#f-redo-why").fill("交付不完整，可以补正")
    assert check(officer) == []
    shot(officer, "case-redo-decider-phone")
    officer.get_by_role("button", name="裁定重做").click()
    expect(officer.get_by_text("已裁定，申诉期满后执行")).to_be_visible()
    assert check(officer) == []
    move_on(cashier, timedelta(days=7, minutes=1))
    dark.goto(f"{site}/contracts/{contract.pk}/")
    expect(dark.get_by_text("待修改").first).to_be_visible()
    assert check(dark) == []
    shot(dark, "stage-redone-dark")


def _user(actor):
    from backend.accounts.models import User

    return User.objects.get(party_id=actor.person_id)


def test_a_settled_contract_is_reviewed_and_invoiced_and_everything_reads_in_english(chromium, now, site, cashier):
    from tests.work_builders import paid

    contract, client, worker = signed(by=acting(person(name="发包人")), stages=(("全部", 100),))
    paid(cashier, contract, client, worker)
    page = open_page(chromium, site, "desk", english=True)
    sign_in_english(page, site, phone_of(_user(client)))
    page.goto(f"{site}/contracts/{contract.pk}/")
    assert check(page) == []
    page.get_by_role("button", name="Ask for an invoice").click()
    page.get_by_label("5").check()
    page.get_by_label("In words").fill("沟通顺畅，交付及时")
    page.get_by_role("button", name="Submit the review").click()
    expect(page.get_by_text("shown when both have")).to_be_visible()
    assert check(page) == []
    shot(page, "contract-english")
    for path in ("/work/", "/work/mine/", "/work/board/", f"/work/people/{worker.party_id}/", "/earnings/"):
        page.goto(f"{site}{path}")
        assert check(page) == []
        shot(page, "english" + path.replace("/", "-").rstrip("-"))
    move_on(cashier, timedelta(days=15))


def sign_in_english(page, site, phone: str) -> None:
    """Sign in in Chinese and read on in English: the form's words are the other test's."""
    page.context.clear_cookies()
    sign_in(page, site, phone)
    page.context.add_cookies([{"name": "language", "value": "en", "url": site}])
