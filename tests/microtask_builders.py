"""Micro-task jobs, sheets and answers as tests need them, made through operations."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from backend.payments.operations import intents
from marketplace.microtasks.models import Answer, Job, Participant, Sheet
from marketplace.microtasks.operations import answers, drafts, leases, money, reviews
from marketplace.microtasks.operations.drafts import Terms
from marketplace.microtasks.states import Given
from tests.builders import acting, beat, deliver_events, firm, moderator, person

BRIEF = "看图或读文字，判断商品是否为竹制品；竹木混合的按主体材料判断，看不清的请跳过。"


def terms(**more: object) -> Terms:
    """Yes or no at 20 fen, three answers an item, no gold."""
    words: dict[str, object] = {
        "title": "竹制品图片判断",
        "summary": "判断商品图片是否为竹制品",
        "brief": BRIEF,
        "category": "data",
        "skills": ("数据标注",),
        "county": "421223",
        "question": "这是竹制品吗？",
        "form": "choice",
        "options": ("是", "否"),
        "price_fen": 20,
        "answers_each": 3,
        "gold_percent": 0,
        "gold_least": 70,
        "agree_percent": 60,
        "lease_minutes": 30,
        "sheet_size": 5,
        "open_days": 7,
    } | more
    return Terms(**words)


def table(works: int, golds: int = 0) -> bytes:
    """A CSV of items; the gold ones, spread among the others, are all 是."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["id", "text", "gold", "why"])
    for number in range(works):
        lines.writerow([f"w{number}", f"商品 {number}", "", ""])
    for number in range(golds):
        lines.writerow([f"g{number}", f"楠竹筷子 {number}", "是", "整根竹材"])
    return out.getvalue().encode()


def job_draft(by: Actor, works: int = 10, golds: int = 0, **more: object) -> Job:
    """A complete draft."""
    made = drafts.start(by=by, at=clock.now())
    drafts.write(job_id=made.pk, terms=terms(**more), version=made.version, by=by, at=clock.now())
    return drafts.load(job_id=made.pk, body=table(works, golds), by=by, at=clock.now())


def approved(by: Actor | None = None, works: int = 10, golds: int = 0, **more: object) -> tuple[Job, Actor]:
    """A job whose pay waits to be put into escrow, and its poster."""
    by = by or firm(name="楚竹坊")[1]
    made = job_draft(by, works, golds, **more)
    drafts.submit(job_id=made.pk, by=by, at=clock.now())
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return Job.objects.get(pk=made.pk), by


def put_in(cashier, job: Job, by: Actor) -> Job:
    """The poster pays."""
    intent = money.order(job_id=job.pk, by=by, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    return Job.objects.get(pk=job.pk)


def open_job(cashier, works: int = 10, golds: int = 0, by: Actor | None = None, **more: object) -> tuple[Job, Actor]:
    """A job that hands out items, and its poster."""
    made, poster = approved(by, works, golds, **more)
    return put_in(cashier, made, poster), poster


def worker(name: str = "答题人") -> Actor:
    return acting(person(name=name))


def take(job: Job, who: Actor | User) -> Sheet:
    by = who if isinstance(who, Actor) else acting(who)
    return leases.take(job_id=job.pk, by=by, at=clock.now())


def hand_in(sheet: Sheet, by: Actor, value: str = "是", wrong_golds: bool = False) -> Sheet:
    """Answer everything in hand alike; gold items wrong where that is wanted."""
    rows = Answer.objects.filter(sheet=sheet, state=Given.LEASED).select_related("item")
    values = {row.item_id: ("否" if wrong_golds else "是") if row.item.is_gold else value for row in rows}
    return answers.hand_in(sheet_id=sheet.pk, values=values, by=by, at=clock.now())


def work_all(job: Job, by: Actor, value: str = "是", wrong_golds: bool = False) -> int:
    """Take and answer until nothing is left for this worker, or they are stopped; how many sheets it took."""
    from marketplace.microtasks.errors import NothingToTake, Stopped

    for number in range(200):
        try:
            sheet = take(job, by)
        except (NothingToTake, Stopped):
            return number
        hand_in(sheet, by, value, wrong_golds)
    raise AssertionError("there is no end to it")


def part_of(job: Job, by: Actor) -> Participant:
    return Participant.objects.get(job=job, person_id=by.person_id)


def wait_until_paid(job: Job) -> Job:
    """Let time pass until the job is over."""
    for _ in range(40):
        job.refresh_from_db()
        if job.due_at is None:
            return job
        clock.move_to(max(clock.now(), job.due_at) + timedelta(seconds=1))
        beat()
    raise AssertionError(f"the job stays {job.state}")
