"""Answering what one has in hand (作答): handed in once, seen by nobody else, right or wrong on gold told at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from backend.common.actors import SYSTEM, Actor, Role
from backend.common.errors import Invalid, NotFound, Refusal, refuse_any
from backend.common.states import move_all
from marketplace.microtasks.errors import NoteUnread
from marketplace.microtasks.models import CHOICE, Answer, Item, Job, Sheet
from marketplace.microtasks.operations import verdicts
from marketplace.microtasks.operations.leases import in_hand, lock_items, put_back, require_time
from marketplace.microtasks.states import Asking, Given, Taking

LONGEST = 300


@transaction.atomic
def hand_in(
    *, sheet_id: UUID, values: Mapping[UUID, str], skips: Collection[UUID] = (), by: Actor, at: datetime
) -> Sheet:
    """Hand in answers by item, and let items go that one rather skips; the rest stays in hand (提交答案).

    Raises:
        NotFound: none of this person.
        SheetLapsed: the time ran out, or it was handed in or given back.
        NoteUnread: an item was rejected before, and why was not opened.
        Invalid: an item that is not in hand, or no answer to it; nothing is handed in then.
    """
    sheet, part = in_hand(sheet_id, by)
    require_time(sheet, at)
    job = Job.objects.get(pk=part.job_id)
    mine = _in_hand(sheet)
    if not (values or skips) or not set(values) | set(skips) <= set(mine) or set(values) & set(skips):
        raise Invalid("请作答手上的题目", "Answer the items that you have in hand", field="answers")
    refuse_any(_check(job, mine[item_id], value) for item_id, value in values.items())
    worker = by.wears(Role.WORKER)
    answered = [mine[item_id] for item_id in mine if item_id in values]
    _write(job, answered, values, at)
    _move(answered, "answer", worker, at)
    _move([mine[item_id] for item_id in mine if item_id in skips], "skip", worker, at)
    _count(answered, [mine[item_id] for item_id in skips])
    verdicts.weigh(job, lock_items([row.item_id for row in answered]), at)
    part.answered_n += len(answered)
    if len(values) + len(skips) == len(mine):
        sheet.move("finish", by=worker, at=at)
    verdicts.judge_golds(job, part, answered, at)
    if part.barred_at is not None and sheet.state == Taking.LIVE:
        put_back(sheet, "drop", SYSTEM, at)
    part.save(update_fields=["answered_n", "gold_n", "gold_ok_n", "barred_at", "due_at"])
    return sheet


def _in_hand(sheet: Sheet) -> dict[UUID, Answer]:
    """What is not answered yet, by item, the items' rows held: whether one is gold, and in force, stays as it is."""
    rows = {row.item_id: row for row in Answer.objects.filter(sheet=sheet, state=Given.LEASED).order_by("pk")}
    for item in lock_items(list(rows)):
        rows[item.pk].item = item
    return rows


def _check(job: Job, answer: Answer, value: str) -> Refusal | None:
    if answer.item.note and answer.note_read_at is None:
        return NoteUnread(field=answer.item.key)
    text = value.strip()
    if job.form == CHOICE and text not in job.options:
        return Invalid("请选择一个选项", "Choose one of the options", field=answer.item.key)
    if not 1 <= len(text) <= LONGEST or "\x00" in text:
        return Invalid(f"请填写 1 至 {LONGEST} 字", f"1 to {LONGEST} characters", field=answer.item.key)
    return None


def _write(job: Job, answered: list[Answer], values: Mapping[UUID, str], at: datetime) -> None:
    for row in answered:
        row.value, row.answered_at = values[row.item_id].strip(), at
        is_live = row.item.is_gold and row.item.state == Asking.OPEN
        row.is_right = verdicts.same(job.form, row.value) == verdicts.same(job.form, row.item.gold) if is_live else None
    if answered:
        Answer.objects.bulk_update(answered, ["value", "answered_at", "is_right"])


def _move(rows: list[Answer], event: str, worker: Actor, at: datetime) -> None:
    if rows:
        move_all(Answer, [row.pk for row in rows], event=event, source=Given.LEASED, by=worker, at=at)


def _count(answered: list[Answer], skipped: list[Answer]) -> None:
    if answered:
        Item.objects.filter(pk__in=[row.item_id for row in answered]).update(
            leased_n=F("leased_n") - 1, done_n=F("done_n") + 1, good_n=F("good_n") + 1
        )
    if skipped:
        Item.objects.filter(pk__in=[row.item_id for row in skipped]).update(leased_n=F("leased_n") - 1)


@transaction.atomic
def read_note(*, answer_id: UUID, by: Actor, at: datetime) -> Answer:
    """Open why an earlier answer to this item was rejected, before one answers it (打开退回意见, X32).

    Raises:
        NotFound: nothing that this person has in hand.
    """
    found = Answer.objects.select_for_update(no_key=True, of=("self",)).select_related("item")
    answer = found.filter(pk=answer_id, person_id=by.person_id, state=Given.LEASED).first() if by.person_id else None
    if answer is None:
        raise NotFound
    if answer.note_read_at is None:
        answer.note_read_at = at
        answer.save(update_fields=["note_read_at"])
    return answer
