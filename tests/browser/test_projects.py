"""A venture's passport from its name to the campaign that begins from it, in a real Chromium."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from backend.common import clock
from backend.common.actors import Role
from backend.projects.models import Passport
from backend.projects.operations import passports
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.browser.test_staff_and_account import sign_in_staff, staff
from tests.builders import STORY, moderator, passport, person

LONG = "湖北省咸宁市通山县大畈镇隐水村楠竹深加工与传统篾编技艺传承创新合作项目（第二期）"


def _file(name: str, mime: str, body: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": mime, "buffer": body}


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 140, 90)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("view", ["phone", "desk"])
def test_from_a_name_to_a_campaign(chromium, own_db, site, view):
    maker = person(name="楚竹坊")
    page = open_page(chromium, site, view)
    page.goto(f"{site}/projects/")
    expect(page.get_by_text("还没有公开的创业项目")).to_be_visible()
    assert check(page) == []
    sign_in(page, site, phone_of(maker))
    page.goto(f"{site}/my/projects/")
    assert check(page) == []
    shot(page, f"projects-mine-empty-{view}")
    page.get_by_label("项目名称").fill(LONG)
    page.get_by_role("button", name="建立", exact=True).click()
    expect(page.get_by_role("heading", level=1, name=LONG)).to_be_visible()
    page.get_by_label("一句话介绍").fill("老篾匠与年轻设计师合作的竹编食盒")
    page.get_by_label("项目介绍（支持 Markdown）").fill(STORY)
    page.get_by_label("阶段").select_option("pilot")
    page.get_by_label("类别").select_option("tea")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    for kind, number in (("origin", "CD001"), ("quality", "JC002")):
        page.get_by_text("提交凭证", exact=True).first.click()
        page.locator("#d-kind").select_option(kind)
        page.locator("#f-number").fill(number)
        page.locator("#f-issuer").fill("县农业农村局")
        page.locator("#d-file").set_input_files(_file("a.pdf", "application/pdf", b"%PDF-1.4"))
        page.get_by_role("button", name="提交凭证").click()
        expect(page.get_by_text("凭证已提交，等待核验")).to_be_visible()
    page.get_by_text("上传图片", exact=True).click()
    page.get_by_label("图片说明").fill("第三版样品")
    page.locator("#p-file").set_input_files(_file("a.png", "image/png", _png()))
    page.get_by_role("button", name="上传", exact=True).click()
    expect(page.get_by_text("图片已上传")).to_be_visible()
    page.get_by_role("button", name="生成邀请链接").click()
    link = page.get_by_label("邀请链接（只显示这一次）").input_value()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("已提交审核，通过后公开")).to_be_visible()
    assert check(page) == []
    shot(page, f"projects-workbench-{view}")
    _join(chromium, site, link)
    _review(chromium, site)
    page.goto(f"{site}/projects/")
    assert check(page) == []
    shot(page, f"projects-{view}")
    page.get_by_role("link", name=LONG).click()
    expect(page.get_by_text("CD001")).to_be_visible()
    expect(page.get_by_text("小王")).to_be_visible()
    assert check(page) == []
    shot(page, f"project-{view}")
    page.goto(f"{site}/create/")
    page.get_by_label("从创业项目档案填好").select_option(label=LONG)
    page.get_by_role("button", name="新建项目").click()
    expect(page.get_by_label("标题")).to_have_value(LONG)
    expect(page.get_by_text("✓ 已核验")).to_have_count(2)
    assert check(page) == []
    shot(page, f"projects-prefilled-{view}")


def _join(chromium, site, link: str) -> None:
    page = open_page(chromium, site, "phone-dark-large")
    sign_in(page, site, phone_of(person(name="王小明")))
    page.goto(f"{site}/projects/join/{link.rstrip('/').rsplit('/', 1)[1]}/")
    page.get_by_label("公开的称呼").fill("小王")
    page.get_by_label("负责什么").fill("设计")
    assert check(page) == []
    page.get_by_role("button", name="加入团队").click()
    expect(page.get_by_text("您已加入团队")).to_be_visible()


def _review(chromium, site) -> None:
    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "审核员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=f"项目：{LONG}").click()
    assert check(desk) == []
    shot(desk, "projects-review")
    for _ in range(2):
        desk.get_by_label("核对了什么，或为什么不通过").first.fill("与原件一致")
        desk.get_by_role("button", name="核验通过").first.click()
        expect(desk.get_by_text("已记录")).to_be_visible()
    desk.get_by_label("理由（发起人可见）").fill("介绍属实")
    desk.get_by_role("button", name="通过并公开").click()
    expect(desk.get_by_text("已公开").first).to_be_visible()
    assert Passport.objects.get().state == "published"


def test_a_reader_follows_in_english_in_the_dark(chromium, own_db, site):
    made = passport(person(), "origin")
    fan = person()
    page = open_page(chromium, site, "desk-dark")
    sign_in(page, site, phone_of(fan))
    page.goto(f"{site}/projects/{made.pk}/")
    page.get_by_role("button", name="English").first.click()
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_text("You follow it and will hear of its progress")).to_be_visible()
    assert check(page) == []
    shot(page, "project-english-dark")
    page.goto(f"{site}/my/projects/")
    expect(page.get_by_role("link", name=made.name)).to_be_visible()
    assert check(page) == []


def test_a_maker_appeals_and_another_moderator_grants_it(chromium, own_db, site):
    maker = person(name="楚竹坊")
    made = passport(maker)
    passports.hide(made.pk, "介绍中的产量没有出处", moderator(), clock.now())
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(maker))
    page.goto(f"{site}/my/projects/{made.pk}/")
    page.get_by_label("为什么决定不当").fill("产量来自合作社的收购台账，已上传照片，请再看一次。")
    page.get_by_role("button", name="提交申诉").click()
    expect(page.get_by_text("待另一位审核员答复")).to_be_visible()
    assert check(page) == []
    shot(page, "appeal-filed-phone")
    desk = open_page(chromium, site, "desk-dark")
    sign_in_staff(desk, site, staff(Role.MODERATOR, "复审员"))
    desk.goto(f"{site}/review/")
    desk.get_by_role("link", name=made.name, exact=True).click()
    assert check(desk) == []
    shot(desk, "appeal-desk-dark")
    desk.get_by_label("答复（申诉人可见）").fill("台账属实，恢复公开")
    desk.get_by_role("button", name="申诉成立").click()
    expect(desk.get_by_text("已记录")).to_be_visible()
    assert check(desk) == []
    page.reload()
    expect(page.get_by_text("台账属实，恢复公开").first).to_be_visible()
    assert check(page) == []
    assert Passport.objects.get().state == "published"
