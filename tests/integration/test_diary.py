"""Calendar and diary of a campaign: what was promised stays, what was seen is told, and only the maker writes."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from backend.accounts.models import User
from backend.common import clock, files, rules
from backend.common.errors import Forbidden, Invalid, NotFound
from crowdfunding.campaigns.errors import Stale
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import drafts
from crowdfunding.diary import operations, queries
from crowdfunding.diary.errors import DiaryClosed, StepPromised
from crowdfunding.diary.models import Entry, Step
from crowdfunding.diary.operations import Note
from tests.builders import acting, draft, live_campaign, owner_of, person

pytestmark = pytest.mark.django_db


def _today() -> date:
    return clock.now().astimezone(rules.SHANGHAI).date()


def _step(campaign: Campaign, title: str = "采摘", days: int = 10, by: User | None = None) -> Step:
    hat = acting(by or owner_of(campaign))
    day = _today() + timedelta(days=days)
    return operations.add_step(campaign_id=campaign.pk, title=title, planned_on=day, by=hat, at=clock.now())


def _write(campaign: Campaign, by: User | None = None, **more: object) -> Entry:
    note = Note(**({"day": _today(), "text": "春茶开采，天晴"} | more))
    return operations.write(campaign_id=campaign.pk, note=note, by=acting(by or owner_of(campaign)), at=clock.now())


def _photo(size: tuple[int, int] = (40, 30)) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", size, "green").save(body, "JPEG", exif=b"Exif\0\0secret place")
    return body.getvalue()


def test_a_draft_s_calendar_may_change_and_what_is_public_keeps_its_first_day():
    maker = person()
    campaign = draft(maker)
    step = _step(campaign)
    later = _today() + timedelta(days=20)
    moved = operations.move_step(step_id=step.pk, planned_on=later, reason="", by=acting(maker), at=clock.now())
    assert (moved.first_planned_on, moved.moved_because) == (later, "")
    operations.remove_step(step_id=step.pk, by=acting(maker))
    assert queries.steps(campaign.pk) == []

    live, _tier = live_campaign()
    hat, shown = acting(owner_of(live)), _step(live)
    with pytest.raises(Invalid):
        operations.move_step(step_id=shown.pk, planned_on=later, reason=" ", by=hat, at=clock.now())
    moved = operations.move_step(step_id=shown.pk, planned_on=later, reason="连阴雨", by=hat, at=clock.now())
    assert (moved.planned_on, moved.first_planned_on, moved.moved_because) == (later, shown.planned_on, "连阴雨")
    with pytest.raises(StepPromised):
        operations.remove_step(step_id=shown.pk, by=hat)
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.filter(pk=shown.pk).update(moved_because="")


def test_a_day_of_the_diary_ends_a_step_once_and_taking_it_back_opens_it_again():
    campaign, _tier = live_campaign()
    step = _step(campaign)
    entry = _write(campaign, step_id=step.pk)
    step.refresh_from_db()
    assert step.done_on == _today()
    with pytest.raises(Stale):
        _write(campaign, step_id=step.pk)
    with pytest.raises(Stale):
        operations.move_step(
            step_id=step.pk, planned_on=_today(), reason="r", by=acting(owner_of(campaign)), at=clock.now()
        )
    for _ in range(2):
        operations.withdraw(entry_id=entry.pk, by=acting(owner_of(campaign)), at=clock.now())
    step.refresh_from_db()
    assert (step.done_on, Entry.objects.get().withdrawn_at is not None) == (None, True)
    again = _write(campaign, step_id=step.pk)
    operations.withdraw(entry_id=entry.pk, by=acting(owner_of(campaign)), at=clock.now())
    step.refresh_from_db()
    assert (step.done_on, again.step_id) == (_today(), step.pk), "an old mark does not open it once more"


@pytest.mark.parametrize(
    "note",
    [
        {"text": " "},
        {"text": "字" * 501},
        {"day": date(1999, 1, 1)},
        {"photo": ("a.jpg", b"no picture")},
        {"photo": ("a.pdf", b"%PDF-1.7")},
    ],
)
def test_what_is_no_day_of_a_diary_is_refused_and_changes_nothing(note):
    campaign, _tier = live_campaign()
    step = _step(campaign)
    with pytest.raises(Invalid):
        _write(campaign, step_id=step.pk, **note)
    with pytest.raises(Invalid):
        _write(campaign, day=_today() + timedelta(days=1))
    step.refresh_from_db()
    assert (Entry.objects.count(), step.done_on) == (0, None)


def test_only_the_maker_writes_and_only_while_the_campaign_goes_on():
    campaign, _tier = live_campaign()
    other, _tier = live_campaign()
    step, foreign = _step(campaign), _step(other)
    entry = _write(campaign)
    stranger = person()
    with pytest.raises(NotFound):
        _write(campaign, by=stranger)
    with pytest.raises(NotFound):
        operations.withdraw(entry_id=entry.pk, by=acting(stranger), at=clock.now())
    with pytest.raises(NotFound):
        operations.move_step(step_id=step.pk, planned_on=_today(), reason="r", by=acting(stranger), at=clock.now())
    with pytest.raises(NotFound):
        _write(campaign, step_id=foreign.pk)
    hat = replace(acting(owner_of(campaign)), scopes=frozenset({"money"}))
    with pytest.raises(Forbidden):
        operations.withdraw(entry_id=entry.pk, by=hat, at=clock.now())
    ended = draft(stranger)
    drafts.withdraw(campaign_id=ended.pk, by=acting(stranger), at=clock.now())
    with pytest.raises(DiaryClosed):
        _write(ended, by=stranger)


def test_names_bounds_and_days_of_the_calendar():
    campaign, _tier = live_campaign()
    _step(campaign)
    with pytest.raises(Invalid):
        _step(campaign)
    with pytest.raises(Invalid):
        _step(campaign, title=" ")
    with pytest.raises(Invalid):
        _step(campaign, title="十年后", days=3_650)
    for number in range(operations.MOST_STEPS - 1):
        _step(campaign, title=f"第 {number} 步")
    with pytest.raises(Invalid):
        _step(campaign, title="再一步")


def test_photos_lose_their_place_and_drafts_are_seen_by_their_maker_alone():
    maker = person()
    campaign = draft(maker)
    entry = _write(campaign, by=maker, photo=("茶园.jpg", _photo()))
    assert (entry.width, entry.height) == (40, 30)
    assert b"secret place" not in files.read(entry.sha256)
    paths = [
        f"/campaigns/diary/{entry.pk}/photo/",
        f"/campaigns/{campaign.pk}/diary/",
        f"/api/v1/campaigns/{campaign.pk}/diary",
    ]
    mine, theirs, nobody = Client(), Client(), Client()
    mine.force_login(maker)
    theirs.force_login(person())
    assert [mine.get(path).status_code for path in paths] == [200, 200, 200]
    assert [theirs.get(path).status_code for path in paths] == [404, 404, 404]
    assert [nobody.get(path).status_code for path in paths] == [404, 404, 404]
    operations.withdraw(entry_id=entry.pk, by=acting(maker), at=clock.now())
    assert mine.get(paths[0]).status_code == 404, "what was taken back is shown to nobody"
    assert "春茶" not in mine.get(paths[2]).content.decode()


def test_the_public_page_and_the_api_show_calendar_and_diary():
    campaign, _tier = live_campaign()
    client = Client()
    assert "农事历" not in client.get(f"/campaigns/{campaign.pk}/").content.decode()
    _step(campaign, title="采摘")
    _write(campaign, text="<b>不是标签</b>")
    shown = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "采摘" in shown
    assert "&lt;b&gt;" in shown
    assert [row["title"] for row in client.get(f"/api/v1/campaigns/{campaign.pk}/calendar").json()] == ["采摘"]
    assert client.get(f"/api/v1/campaigns/{campaign.pk}/diary").json()["rows"][0]["text"] == "<b>不是标签</b>"
