"""Covers in a real Chromium: chosen in the editor, seen in the hall and on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backend.common import clock
from backend.listings.models import Listing
from tests.browser.helpers import check, open_page, phone_of, shot, sign_in
from tests.builders import acting, person
from tests.contest_builders import drawing
from tests.work_builders import open_task, task_draft


@pytest.fixture
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    yield
    cashier.control(clock=clock.now().isoformat())


def test_a_cover_is_chosen_in_the_editor_and_seen_in_the_hall(chromium, now, site):
    who = person(name="发包人")
    made = task_draft(acting(who))
    page = open_page(chromium, site, "phone")
    sign_in(page, site, phone_of(who))
    page.goto(f"{site}/work/{made.pk}/edit/")
    page.get_by_label("选择封面图片").set_input_files({"name": "图.png", "mimeType": "image/png", "buffer": drawing(4)})
    page.get_by_role("button", name="保存封面").click()
    expect(page.get_by_text("封面已保存")).to_be_visible()
    expect(page.get_by_role("button", name="移除封面")).to_be_visible()
    assert check(page) == []
    shot(page, "cover-editor-phone")
    shown, _by = open_task(acting(person(name="另一人")))
    open_task(acting(person(name="没有图的")))
    kept = Listing.objects.get(subject_id=made.pk)
    Listing.objects.filter(subject_id=shown.pk).update(
        cover_sha256=kept.cover_sha256, cover_mime=kept.cover_mime, cover_width=kept.cover_width,
        cover_height=kept.cover_height,
    )  # fmt: skip
    for view in ("phone", "desk-dark"):
        page = open_page(chromium, site, view)
        page.goto(f"{site}/work/")
        assert page.locator("img.thumb").evaluate("one => one.complete && one.naturalWidth > 0")
        assert check(page) == []
        shot(page, f"cover-hall-{view}")
        page.goto(f"{site}/work/{shown.pk}/")
        expect(page.locator("img.cover")).to_be_visible()
        assert check(page) == []
        shot(page, f"cover-page-{view}")
