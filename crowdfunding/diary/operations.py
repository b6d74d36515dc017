"""What a maker does with calendar and diary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.operations import clean_name
from backend.common import files, rules
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from crowdfunding.campaigns.errors import Stale
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.shared import require_owner
from crowdfunding.campaigns.states import State
from crowdfunding.diary.errors import DiaryClosed, StepPromised
from crowdfunding.diary.models import Entry, Step

MOST_STEPS, MOST_ENTRIES, MOST_WORDS = 24, 300, 500
FARTHEST = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Note:
    """A day of the diary; the step it ends, and a photo by name and content, where there are any."""

    day: date
    text: str
    step_id: UUID | None = None
    photo: tuple[str, bytes] | None = None


def _of_maker(campaign_id: UUID, by: Actor) -> Campaign:
    """The campaign, its row held so that lists stay within their bounds.

    Raises:
        NotFound, Forbidden: not the maker's hat, or one that may not.
        DiaryClosed: the campaign has ended.
    """
    campaign = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound
    require_owner(campaign, by)
    if campaign.state in State.ENDED:
        raise DiaryClosed
    return campaign


@transaction.atomic
def add_step(*, campaign_id: UUID, title: str, planned_on: date, by: Actor, at: datetime) -> Step:
    """Put a step of the work on the calendar (添加农时).

    Raises:
        NotFound, Forbidden, DiaryClosed: as for every act here.
        Invalid: no name, the same name twice, too far away, or more than twenty-four.
    """
    campaign = _of_maker(campaign_id, by)
    name = clean_name(title)[:40]
    if not name:
        raise Invalid("请填写名称", "Give it a name", field="title")
    _require_near(planned_on, at, "planned_on")
    if campaign.steps.count() >= MOST_STEPS:
        raise Invalid(f"最多 {MOST_STEPS} 项", f"At most {MOST_STEPS} steps", field="title")
    try:
        with transaction.atomic():
            return Step.objects.create(
                campaign=campaign, title=name, planned_on=planned_on, first_planned_on=planned_on
            )
    except IntegrityError as error:
        raise Invalid("已有同名的一项", "There is one of this name", field="title") from error


@transaction.atomic
def move_step(*, step_id: UUID, planned_on: date, reason: str, by: Actor, at: datetime) -> Step:
    """Another day for a step (改期). Once the campaign is public the reason is, too, and the first day stays visible.

    Raises:
        NotFound, Forbidden, DiaryClosed: as for every act here.
        Stale: it is done.
        Invalid: no reason where one is due, or too far away.
    """
    step, campaign = _step(step_id, by)
    if step.done_on is not None:
        raise Stale
    _require_near(planned_on, at, "planned_on")
    step.planned_on = planned_on
    if campaign.state not in State.PUBLIC:
        step.first_planned_on, step.moved_because = planned_on, ""
    else:
        step.moved_because = clean_name(reason)[:160]
        if not step.moved_because:
            raise Invalid("请写明改期理由", "Say why it moves", field="reason")
    step.save(update_fields=["planned_on", "first_planned_on", "moved_because"])
    return step


@transaction.atomic
def remove_step(*, step_id: UUID, by: Actor) -> UUID:
    """Take a step off the calendar, before anyone has seen it (删除农时); of which campaign.

    Raises:
        NotFound, Forbidden, DiaryClosed: as for every act here.
        StepPromised: the campaign is public, or the diary speaks of it.
    """
    step, campaign = _step(step_id, by)
    if campaign.state in State.PUBLIC or step.entries.exists():
        raise StepPromised
    step.delete()
    return campaign.pk


def _step(step_id: UUID, by: Actor) -> tuple[Step, Campaign]:
    found = Step.objects.filter(pk=step_id).first()
    if found is None:
        raise NotFound
    campaign = _of_maker(found.campaign_id, by)
    found.refresh_from_db()
    return found, campaign


@transaction.atomic
def write(*, campaign_id: UUID, note: Note, by: Actor, at: datetime) -> Entry:
    """Write a day of the diary; where it ends a step, the step is done on that day (记日志).

    Raises:
        NotFound, Forbidden, DiaryClosed: as for every act here; no such step.
        Stale: the step is done.
        Invalid: no words, a day to come or long gone, no picture, or more than three hundred.
    """
    campaign = _of_maker(campaign_id, by)
    text = note.text.strip()
    if not 0 < len(text) <= MOST_WORDS:
        raise Invalid(f"请填写 1 至 {MOST_WORDS} 字", f"Write 1 to {MOST_WORDS} characters", field="text")
    _require_near(note.day, at, "day")
    if note.day > _today(at):
        raise Invalid("日志只记已发生的事", "A diary tells what has happened", field="day")
    if campaign.entries.count() >= MOST_ENTRIES:
        raise Invalid(f"最多 {MOST_ENTRIES} 篇", f"At most {MOST_ENTRIES} entries", field="text")
    entry = Entry(campaign=campaign, day=note.day, text=text, at=at)
    if note.step_id is not None:
        entry.step = _done(campaign, note.step_id, note.day)
    if note.photo is not None:
        kept, entry.width, entry.height = files.keep_picture(*note.photo)
        entry.mime, entry.sha256 = kept.mime, kept.sha256
    entry.save(force_insert=True)
    return entry


def _done(campaign: Campaign, step_id: UUID, day: date) -> Step:
    step = Step.objects.filter(pk=step_id, campaign=campaign).first()
    if step is None:
        raise NotFound
    if step.done_on is not None:
        raise Stale
    step.done_on = day
    step.save(update_fields=["done_on"])
    return step


@transaction.atomic
def withdraw(*, entry_id: UUID, by: Actor, at: datetime) -> Entry:
    """Take a day of the diary back: its words and photo go, its mark stays, and the step that it ended is open again (撤回日志).

    Safe to repeat.

    Raises:
        NotFound, Forbidden, DiaryClosed: as for every act here.
    """
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound
    _of_maker(entry.campaign_id, by)
    entry.refresh_from_db()
    if entry.withdrawn_at is None:
        entry.withdrawn_at = at
        entry.save(update_fields=["withdrawn_at"])
        Step.objects.filter(entries=entry).update(done_on=None)
    return entry


def _today(at: datetime) -> date:
    return at.astimezone(rules.SHANGHAI).date()


def _require_near(day: date, at: datetime, field: str) -> None:
    if abs(day - _today(at)) > FARTHEST:
        raise Invalid("日期须在前后三年之内", "The day must be within three years", field=field)
