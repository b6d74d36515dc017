"""What answers come to: agreement on an item, right or wrong on gold, who is stopped, who is let go on."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Q

from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM
from backend.common.states import move_all
from marketplace.microtasks.events import WorkerStopped
from marketplace.microtasks.models import TEXT, Answer, Item, Job, Participant
from marketplace.microtasks.operations.leases import lock_items
from marketplace.microtasks.states import Asking, Given


def same(form: str, value: str) -> str:
    """What two answers must share to be the same: an option as it is; words without regard to case, width and spaces."""
    return unicodedata.normalize("NFKC", value).casefold().replace(" ", "") if form == TEXT else value


def weigh(job: Job, items: Sequence[Item], at: datetime, *, at_least: int | None = None) -> None:
    """Say of items that have their answers whether these agree; of `at_least` so many where the job has ended.

    Items' rows are held by the caller.
    """
    ready = [
        item
        for item in items
        if not item.is_gold and item.state == Asking.OPEN and item.good_n >= (at_least or item.need)
    ]
    given: dict[UUID, list[str]] = {item.pk: [] for item in ready}
    rows = Answer.objects.filter(item__in=ready, state=Given.ANSWERED).order_by("answered_at", "pk")
    for item_id, value in rows.values_list("item_id", "value"):
        given[item_id].append(value)
    agreed: list[UUID] = []
    for item in ready:
        values = given[item.pk]
        counts = Counter(same(job.form, value) for value in values)
        (top, n), *rest = counts.most_common()
        item.share = n * 100 // len(values)
        tied = bool(rest) and rest[0][1] == n
        item.final = "" if tied else next(value for value in values if same(job.form, value) == top)
        if not tied and n * 100 >= job.agree_percent * len(values):
            agreed.append(item.pk)
    Item.objects.bulk_update(ready, ["share", "final"])
    differ = [item.pk for item in ready if item.pk not in set(agreed)]
    for event, ids in (("agree", agreed), ("differ", differ)):
        if ids:
            move_all(Item, ids, event=event, source=Asking.OPEN, by=SYSTEM, at=at)


def reopen(items: Sequence[Item], at: datetime) -> None:
    """An answer of each no longer counts: items that were settled are open again. Items' rows are held by the caller."""
    for state in Asking.FULL:
        ids = [item.pk for item in items if item.state == state]
        if ids:
            move_all(Item, ids, event="reopen", source=state, by=SYSTEM, at=at)
            Item.objects.filter(pk__in=ids).update(final="", share=None)


def judge_golds(job: Job, part: Participant, answers: Sequence[Answer], at: datetime) -> None:
    """Count this worker's gold answers, and stop them where too few were right. The part's row is held."""
    golds = [answer for answer in answers if answer.is_right is not None]
    part.gold_n += len(golds)
    part.gold_ok_n += sum(1 for answer in golds if answer.is_right)
    if golds and _is_under(job, part, at):
        _stop(job, part, at)


def _is_under(job: Job, part: Participant, at: datetime) -> bool:
    first = rules.value("microtasks.gold_first", at=at)
    return part.gold_n >= first and part.gold_ok_n * 100 < job.gold_least * part.gold_n


def heard_until(at: datetime) -> datetime:
    """Until when somebody may plead against what was held against them."""
    return at + rules.days("microtasks.plea_days", at=at)


def _stop(job: Job, part: Participant, at: datetime) -> None:
    """Nothing of this worker's counts until they were heard; their slots wait so long."""
    part.barred_at, part.due_at = at, heard_until(at)
    answers = list(Answer.objects.filter(participant=part, state=Given.ANSWERED).values_list("pk", "item_id"))
    held = set(move_all(Answer, [key for key, _item in answers], event="hold", source=Given.ANSWERED, by=SYSTEM, at=at))
    ids = [item for key, item in answers if key in held]
    items = lock_items(ids)
    Item.objects.filter(pk__in=ids).update(good_n=F("good_n") - 1)
    reopen(items, at)
    outbox.record(WorkerStopped(at=at, participant_id=part.pk, job_id=job.pk, party_id=part.party_id, is_back=False))


def annul(job: Job, gold_id: UUID, at: datetime) -> None:
    """A gold item was wrong: it counts for nobody, and who was stopped for it goes on, with all they answered (X30).

    The job's row is held, so that nobody takes it in hand meanwhile.
    """
    met = Answer.objects.filter(item=gold_id).values("participant")
    parts = list(Participant.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=met).order_by("pk"))
    gold = lock_items([gold_id])[0]
    if gold.state != Asking.OPEN:
        return
    gold.move("annul", by=SYSTEM, at=at)
    Answer.objects.filter(item=gold).update(is_right=None)
    for part in parts:
        counts = Answer.objects.filter(participant=part, is_right__isnull=False).aggregate(
            n=Count("pk"), ok=Count("pk", filter=Q(is_right=True))
        )
        part.gold_n, part.gold_ok_n = counts["n"], counts["ok"]
        if part.barred_at is not None and not _is_under(job, part, at):
            _let_go_on(job, part, gold, at)
        part.save(update_fields=["gold_n", "gold_ok_n", "barred_at", "due_at"])


def _let_go_on(job: Job, part: Participant, gold: Item, at: datetime) -> None:
    part.barred_at = part.due_at = None
    mine = Answer.objects.filter(participant=part)
    restore(job, list(mine.filter(state=Given.HELD).order_by("pk")), at)
    lost = list(mine.filter(state=Given.FORFEITED, rejected_at=None).select_related("item").order_by("pk"))
    for answer in lost:
        if _slot_for(job, answer, gold):
            restore(job, [answer], at, is_new=True)
    outbox.record(WorkerStopped(at=at, participant_id=part.pk, job_id=job.pk, party_id=part.party_id, is_back=True))


def _slot_for(job: Job, answer: Answer, gold: Item) -> bool:
    """Find a slot, and the money for it, for an answer whose slot may have gone to somebody else.

    The item's own where it is free; else one that the annulled gold item no longer needs, else one of another gold item.
    """
    if Item.objects.filter(pk=answer.item_id, need__gt=F("leased_n") + F("done_n")).exists():
        return True
    spare = Item.objects.select_for_update(no_key=True, of=("self",)).filter(job=job, is_gold=True)
    spare = spare.filter(need__gt=F("leased_n") + F("done_n")).exclude(pk=answer.item_id)
    found = spare.filter(pk=gold.pk).first() or spare.order_by("done_n", "pk").first()
    if found is None:
        return False
    Item.objects.filter(pk=found.pk).update(need=F("need") - 1)
    Item.objects.filter(pk=answer.item_id).update(need=F("need") + 1)
    return True


def restore(job: Job, answers: Sequence[Answer], at: datetime, *, is_new: bool = False) -> None:
    """Let answers count again; `is_new` ones had lost their slot and take one that was found for them."""
    for state in {answer.state for answer in answers}:
        ids = [answer.pk for answer in answers if answer.state == state]
        back = set(move_all(Answer, ids, event="restore", source=state, by=SYSTEM, at=at))
        Answer.objects.filter(pk__in=back).update(due_at=None)
        items = [answer.item_id for answer in answers if answer.pk in back]
        lock_items(items)
        more = {"done_n": F("done_n") + 1} if is_new else {}
        Item.objects.filter(pk__in=items).update(good_n=F("good_n") + 1, **more)
        held = lock_items(items)
        reopen(held, at)
        weigh(job, lock_items(items), at)


def forfeit(which: Q, at: datetime) -> None:
    """Let answers that were held or rejected go unpaid, and free their slots: experienced workers come first (X32)."""

    calm = at + rules.hours("microtasks.calm_hours", at=at)
    for state in (Given.HELD, Given.REJECTED):
        rows = list(Answer.objects.filter(which, state=state).values_list("pk", "item_id"))
        if not rows:
            continue
        gone = set(move_all(Answer, [key for key, _i in rows], event="forfeit", source=state, by=CLOCK, at=at))
        Answer.objects.filter(pk__in=gone).update(due_at=None)
        items = [item for key, item in rows if key in gone]
        lock_items(items)
        Item.objects.filter(pk__in=items).update(done_n=F("done_n") - 1)
        Item.objects.filter(pk__in=items).exclude(note="").update(calm_until=calm)
