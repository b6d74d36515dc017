"""Taking items in hand (领取): a sheet at a time, with a time that is shown, can be made longer, and puts them back.

Who holds what is kept on the rows of items, under their own locks and the database's constraint; no row is everybody's.
The order of locks is job, participant, sheet, answers, items. They are all weaker than a key's (`no_key`): what is
written twice in a transaction has its foreign keys looked up when it commits, and would wait there for whoever waits
for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from backend.accounts import limits
from backend.accounts.models import Party
from backend.common import rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, NotFound, refuse_any
from backend.common.states import move_all
from marketplace.microtasks.errors import (
    ExtensionsSpent,
    JobClosed,
    NothingToTake,
    OtherHat,
    OwnJob,
    PleaRefused,
    SheetInHand,
    SheetLapsed,
    Stopped,
)
from marketplace.microtasks.models import Answer, Item, Job, Participant, Plea, Sheet
from marketplace.microtasks.operations import rows
from marketplace.microtasks.operations.drafts import FREE
from marketplace.microtasks.operations.shared import is_affiliated, may_see, of_worker, shared
from marketplace.microtasks.states import Asking, Given, Pleading, Taking
from marketplace.postings import SCOPE


@transaction.atomic
def take(*, job_id: UUID, by: Actor, at: datetime) -> Sheet:
    """Take the next items of a job in hand until a time (领取题目).

    Raises:
        NotFound, Forbidden, OwnJob, OtherHat, LevelTooLow: not for this person, or not under this hat.
        JobClosed: items are not handed out.
        Stopped: too many gold items were missed.
        SheetInHand: one is in hand, here or in another job.
        NothingToTake: all are in hand or answered.
    """
    party_id, person_id = _worker(by)
    job = shared(job_id)
    if not may_see(job, by):
        raise NotFound
    if not job.gives_items(at):
        raise JobClosed
    part = _part(job, party_id, person_id, by, at)
    sheet = _sheet(job, part, at)
    golds = _golds(job, part)[: job.sheet_size]
    is_able = part.answered_n >= rules.value("microtasks.experienced_from", at=at)
    works = rows.hand_out(sheet, part, most=job.sheet_size - len(golds), golds_n=len(golds), is_able=is_able, at=at)
    if not works and (len(golds) < job.sheet_size or not _has_work(job, part, is_able, at)):
        raise NothingToTake  # gold alone asks nothing that the poster does not know
    _hand_golds(sheet, part, golds)
    again = [one.item_id for one in works if not one.is_new]
    _again(sheet, part, [*again, *(item.pk for item in golds)], by, at)
    return sheet


def _sheet(job: Job, part: Participant, at: datetime) -> Sheet:
    """An empty sheet in hand; one whose time ran out is put back first.

    Raises:
        SheetInHand: one is in hand, in whatever job.
    """
    until = at + timedelta(minutes=job.lease_minutes)
    made = rows.open_sheet(part, until=until, at=at)
    if made is None:
        clear_hand(part.person_id, at)
        made = rows.open_sheet(part, until=until, at=at)
    if made is None:
        raise SheetInHand
    return made


def _worker(by: Actor) -> tuple[UUID, UUID]:
    """The hat and the natural person that would answer."""
    if by.party_id is None or by.person_id is None:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    return by.party_id, by.person_id


def _part(job: Job, party_id: UUID, person_id: UUID, by: Actor, at: datetime) -> Participant:
    """This person's part in the job, its row held; the first time they join."""
    mine = Participant.objects.select_for_update(no_key=True, of=("self",)).select_related("party")
    part = mine.filter(job=job, person_id=person_id).first()
    if part is None:
        if is_affiliated(job, by):
            raise OwnJob
        refuse_any(limits.failures(Party.objects.get(pk=party_id), "work", at=at))
        made, _new = Participant.objects.get_or_create(
            job=job, person_id=person_id, defaults={"party_id": party_id, "joined_at": at, "cursor": 0}
        )
        part = of_worker(made.pk)
    if part.party_id != party_id:
        raise OtherHat
    refuse_any(limits.failures(part.party, "work", at=at))
    if part.barred_at is not None:
        raise Stopped(least=job.gold_least)
    return part


def clear_hand(person_id: UUID, at: datetime) -> None:
    """Go on with empty hands: a sheet whose time ran out is put back first (X31).

    Raises:
        SheetInHand: one is in hand, in whatever job.
    """
    found = Sheet.objects.select_for_update(no_key=True).filter(person_id=person_id, state=Taking.LIVE).first()
    if found is None:
        return
    if at < found.until:
        raise SheetInHand(sheet_id=str(found.pk))
    put_back(found, "lapse", CLOCK, at)


def _untouched(part: Participant) -> Q:
    mine = Answer.objects.filter(item=OuterRef("pk"), person_id=part.person_id).exclude(state=Given.LAPSED)
    return ~Q(Exists(mine))


def _golds(job: Job, part: Participant) -> list[Item]:
    """The gold items that are due to this worker now, so that they are the job's share of what the worker gets."""
    share = job.gold_percent
    due = (part.served_n + job.sheet_size) * share // 100 - part.served_n * share // 100
    if due < 1:
        return []
    free = Item.objects.select_for_update(no_key=True, of=("self",), skip_locked=True).filter(FREE, _untouched(part))
    return list(free.filter(job=job, is_gold=True, state=Asking.OPEN).order_by("leased_n", "done_n", "rank")[:due])


def _has_work(job: Job, part: Participant, is_able: bool, at: datetime) -> bool:
    """Whether there is anything but gold for this worker, at this moment or once others let it go."""
    works = Item.objects.filter(FREE, _untouched(part), job=job, is_gold=False, state=Asking.OPEN)
    return (works if is_able else works.filter(Q(calm_until=None) | Q(calm_until__lte=at))).exists()


def _hand_golds(sheet: Sheet, part: Participant, golds: list[Item]) -> None:
    """Gold items go out like the others; who let one go has an answer already."""
    if not golds:
        return
    ids = [item.pk for item in golds]
    Item.objects.filter(pk__in=ids).update(leased_n=F("leased_n") + 1)
    Answer.objects.bulk_create(
        [Answer(item=item, participant=part, sheet=sheet, person_id=part.person_id) for item in golds],
        ignore_conflicts=True,
    )


def _again(sheet: Sheet, part: Participant, ids: list[UUID], by: Actor, at: datetime) -> None:
    """What this person had in hand before and let go is in hand again, on this sheet."""
    if not ids:
        return
    lapsed = Answer.objects.filter(item__in=ids, person_id=part.person_id, state=Given.LAPSED)
    keys = list(lapsed.values_list("pk", flat=True))
    if keys:
        move_all(Answer, keys, event="take_again", source=Given.LAPSED, by=by.wears(Role.WORKER), at=at)
        Answer.objects.filter(pk__in=keys).update(sheet=sheet)


def in_hand(sheet_id: UUID, by: Actor) -> tuple[Sheet, Participant]:
    """One's own sheet, and one's part in its job, both rows held.

    Raises:
        NotFound: none of this person, or another hat.
    """
    party_id, person_id = _worker(by)
    mine = Sheet.objects.filter(pk=sheet_id, person_id=person_id)
    found = mine.values_list("participant_id", flat=True).first()
    if found is None:
        raise NotFound
    part = of_worker(found)
    if part.party_id != party_id:
        raise NotFound
    return Sheet.objects.select_for_update(no_key=True).get(pk=sheet_id), part


def require_time(sheet: Sheet, at: datetime) -> None:
    """Go on while the sheet is in hand.

    Raises:
        SheetLapsed: its time ran out, or it was handed in or given back.
    """
    if sheet.state != Taking.LIVE or at >= sheet.until:
        raise SheetLapsed


@transaction.atomic
def extend(*, sheet_id: UUID, by: Actor, at: datetime) -> Sheet:
    """Take as much time again (延长作答时间).

    Raises:
        SheetLapsed: the time ran out already.
        ExtensionsSpent: as often as the rule allows.
    """
    sheet, part = in_hand(sheet_id, by)
    require_time(sheet, at)
    most = rules.value("microtasks.extensions_most", at=at)
    if sheet.extensions_n >= most:
        raise ExtensionsSpent(most=most)
    minutes = Job.objects.values_list("lease_minutes", flat=True).get(pk=part.job_id)
    sheet.until += timedelta(minutes=minutes)
    sheet.extensions_n += 1
    sheet.move("extend", by=by.wears(Role.WORKER), at=at)
    sheet.save(update_fields=["until", "extensions_n"])
    return sheet


@transaction.atomic
def drop(*, sheet_id: UUID, by: Actor, at: datetime) -> Sheet:
    """Give back what is not answered; others get it (放回题目)."""
    sheet, _part_in_job = in_hand(sheet_id, by)
    require_time(sheet, at)
    put_back(sheet, "drop", by.wears(Role.WORKER), at)
    return sheet


@transaction.atomic
def lapse(*, sheet_id: UUID, at: datetime) -> None:
    """The time ran out: what is not answered is put back for others. Safe to repeat."""
    participant_id = Sheet.objects.values_list("participant_id", flat=True).get(pk=sheet_id)
    of_worker(participant_id)
    sheet = Sheet.objects.select_for_update(no_key=True).get(pk=sheet_id)
    if sheet.state == Taking.LIVE and sheet.until <= at:
        put_back(sheet, "lapse", CLOCK, at)


def put_back(sheet: Sheet, event: str, by: Actor, at: datetime) -> None:
    """End a sheet, its row held: what is not answered goes back to the others."""
    sheet.move(event, by=by, at=at)
    put_back_answers(Q(sheet=sheet), by if event == "lapse" else SYSTEM, at)


def put_back_answers(which: Q, by: Actor, at: datetime) -> None:
    """Let answers that nobody gave yet go, and free their slots."""
    leased = list(Answer.objects.filter(which, state=Given.LEASED).values_list("pk", "item_id"))
    if not leased:
        return
    gone = set(
        move_all(Answer, [key for key, _item in leased], event="lapse", source=Given.LEASED, by=by, at=at)
    )  # fmt: skip
    items = [item for key, item in leased if key in gone]
    lock_items(items)
    Item.objects.filter(pk__in=items).update(leased_n=F("leased_n") - 1)


def lock_items(ids: list[UUID]) -> list[Item]:
    """Items, their rows held in one order everywhere."""
    return list(Item.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk"))


def drop_all(job: Job, at: datetime) -> None:
    """The job hands out no more: everything in hand goes back."""
    sheets = list(
        Sheet.objects.select_for_update(no_key=True, of=("self",))
        .filter(participant__job=job, state=Taking.LIVE)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not sheets:
        return
    move_all(Sheet, sheets, event="drop", source=Taking.LIVE, by=SYSTEM, at=at)
    leased = list(Answer.objects.filter(sheet__in=sheets, state=Given.LEASED).values_list("pk", "item_id"))
    move_all(Answer, [key for key, _item in leased], event="lapse", source=Given.LEASED, by=SYSTEM, at=at)
    lock_items([item for _key, item in leased])
    job.items.filter(leased_n__gt=0).update(leased_n=0)


@transaction.atomic
def redo(*, answer_id: UUID, by: Actor, at: datetime) -> Sheet:
    """Take a rejected answer of one's own in hand again, before anybody else gets the item (重做退回的题目, X32).

    Raises:
        NotFound: none of this person.
        JobClosed: items are not handed out.
        MoveRefused: it is not rejected, or no longer.
        SheetInHand: another sheet is in hand.
    """
    party_id, person_id = _worker(by)
    found = Answer.objects.filter(pk=answer_id, person_id=person_id).values("participant__job_id").first()
    if found is None:
        raise NotFound
    job = shared(found["participant__job_id"])
    if not job.gives_items(at):
        raise JobClosed
    part = _part(job, party_id, person_id, by, at)
    clear_hand(person_id, at)
    answer = Answer.objects.select_for_update(no_key=True, of=("self",)).get(pk=answer_id)
    answer.machine.step("redo", answer.state)
    if Plea.objects.filter(answer=answer, state__in=Pleading.PENDING).exists():
        raise PleaRefused(days=rules.value("microtasks.plea_days", at=at))
    sheet = Sheet.objects.create(
        participant=part, person_id=part.person_id, taken_at=at, until=at + timedelta(minutes=job.lease_minutes)
    )
    answer.move("redo", by=by.wears(Role.WORKER), at=at)
    answer.sheet, answer.due_at, answer.note_read_at = sheet, None, at
    answer.save(update_fields=["sheet", "due_at", "note_read_at"])
    lock_items([answer.item_id])
    Item.objects.filter(pk=answer.item_id).update(leased_n=F("leased_n") + 1, done_n=F("done_n") - 1)
    return sheet
