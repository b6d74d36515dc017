"""What browser tests share: pages of every view, signing in, and what is wrong with a page."""

from __future__ import annotations

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

from backend.accounts import operations as accounts
from backend.accounts.models import phone_place
from backend.common import encryption
from backend.notifications.models import DemoMessage

SHOTS = os.environ.get("SHOTS", "")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
VIEWS = {
    "phone": (390, 844, "light", ""),
    "phone-dark-large": (390, 844, "dark", "large"),
    "desk": (1440, 900, "light", ""),
    "desk-dark": (1440, 900, "dark", ""),
}


def open_page(chromium, site, view="desk", english=False):
    width, height, scheme, size = VIEWS[view]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="zh-CN",
        timezone_id="Asia/Shanghai", reduced_motion="reduce",
    )  # fmt: skip
    cookies = ([{"name": "size", "value": "large", "url": site}] if size else []) + (
        [{"name": "language", "value": "en", "url": site}] if english else []
    )
    if cookies:
        context.add_cookies(cookies)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    return page


def sign_in(page, site, phone: str) -> None:
    """By code, as a person does; the code is read where the demo shows it."""
    page.goto(f"{site}/sign-in/")
    page.get_by_label("手机号或邮箱").fill(phone)
    page.get_by_role("button", name="获取验证码").click()
    page.wait_for_url("**/sign-in/code/")
    text = DemoMessage.objects.order_by("-id").values_list("text", flat=True).first()
    page.get_by_label("6 位验证码").fill(re.search(r"\d{6}", text).group())
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"/my/$|/sign-in/proof/$"))
    if page.url.endswith("/sign-in/proof/"):
        page.get_by_label("账户姓名（全名）").fill(accounts.find_user("phone", phone).party.name)
        page.get_by_role("button", name="确认并登录").click()
    page.wait_for_url("**/my/")


def check(page) -> list[str]:
    """What is wrong with the page as it stands."""
    page.wait_for_load_state()
    page.wait_for_selector("main")
    found = [f"console: {text}" for text in page.errors]
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append("sideways scroll")
    for violation in Axe().run(page).response["violations"]:
        found.append(f"axe {violation['id']}: {[node['html'][:120] for node in violation['nodes']][:3]}")
    return found


def shot(page, name: str) -> None:
    """Keep a picture of the whole page where SHOTS names a folder, to be looked at."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def phone_of(user) -> str:
    """The number a test person signs in with."""
    return encryption.decrypt(user.phone_sealed, place=phone_place(user.pk))
