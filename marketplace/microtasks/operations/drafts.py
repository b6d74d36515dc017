"""The poster's side before publication: terms, items from a file, pictures, submit, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import files, richtext, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, Refusal, refuse_any
from backend.common.fen import MOST_FEN, Fen, show_yuan
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import operations as moderation
from marketplace import escrows
from marketplace.invitations.models import PUBLIC
from marketplace.invitations.operations import unknown_visibility
from marketplace.microtasks import loading
from marketplace.microtasks.errors import JobFixed, JobIncomplete
from marketplace.microtasks.models import CHOICE, FORMS, Item, Job, Picture
from marketplace.microtasks.operations.shared import KIND, move, of_owner, set_clock, show
from marketplace.microtasks.states import Posted
from marketplace.patterns import begun
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Stale

UNTITLED = "未命名计件任务"
MOST_WORDS, LEAST_WORDS, MOST_SKILLS, MOST_OPTIONS = 20_000, 20, 10, 12


@dataclass(frozen=True)
class Terms:
    """What a poster writes; the price of one answer in fen, shares in percent."""

    title: str
    summary: str
    brief: str
    category: str
    skills: tuple[str, ...]
    county: str
    question: str
    form: str
    options: tuple[str, ...]
    price_fen: Fen
    answers_each: int
    gold_percent: int
    gold_least: int
    agree_percent: int
    lease_minutes: int
    sheet_size: int
    open_days: int
    visibility: str = PUBLIC


@transaction.atomic
def start(*, by: Actor, at: datetime, like: str = "") -> Job:
    """A new draft of one's own: empty, or begun from a pattern (新建计件任务).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound: no such pattern.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    owner = Party.objects.get(pk=by.party_id)
    blank = {"title": UNTITLED, "category": "data", "options": ["是", "否"], "price_fen": 20}
    job = Job(**blank | begun(KIND, like), owner=owner, county=owner.county, created_at=at, state_at=at)
    job.brief_html = richtext.render(job.brief)
    set_clock(job)
    job.save(force_insert=True)
    show(job)
    return job


_COPIED = (
    "title", "summary", "brief", "brief_html", "category", "skills", "county", "question", "form", "options", "price_fen",
    "answers_each", "gold_percent", "gold_least", "agree_percent", "lease_minutes", "sheet_size", "open_days",
    "visibility",
)  # fmt: skip


@transaction.atomic
def copy(*, job_id: UUID, by: Actor, at: datetime) -> Job:
    """A new draft with the terms of an earlier job of one's own; items come anew (复制任务)."""
    old, _actor = of_owner(job_id, by)
    new = Job(**{name: getattr(old, name) for name in _COPIED}, owner=old.owner, created_at=at, state_at=at)
    set_clock(new)
    new.save(force_insert=True)
    show(new)
    return new


def _editable(job_id: UUID, by: Actor) -> Job:
    job, _actor = of_owner(job_id, by)
    if job.state not in Posted.EDITABLE:
        raise JobFixed
    return job


@transaction.atomic
def write(*, job_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Job:
    """Save the editor (保存草稿). `version` is the one the editor showed.

    Raises:
        JobFixed: it is submitted or published.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    job = _editable(job_id, by)
    if version != job.version:
        raise Stale
    refuse_any(_check(terms, at))
    job.title = clean_name(terms.title)[:60] or UNTITLED
    job.summary = clean_name(terms.summary)[:160]
    job.question = clean_name(terms.question)[:200]
    job.brief, job.brief_html = terms.brief, richtext.render(terms.brief)
    job.skills = list(dict.fromkeys(clean_name(skill)[:20] for skill in terms.skills if skill.strip()))
    job.options = list(dict.fromkeys(clean_name(option)[:40] for option in terms.options if option.strip()))
    for name in ("category", "county", "form", "visibility", *_NUMBERS):
        setattr(job, name, getattr(terms, name))
    job.state_at, job.version = at, job.version + 1
    job.total_fen = total_of(job)
    set_clock(job)
    job.save()
    show(job)
    return job


_NUMBERS = (
    "price_fen", "answers_each", "gold_percent", "gold_least", "agree_percent", "lease_minutes", "sheet_size", "open_days",
)  # fmt: skip


def _check(terms: Terms, at: datetime) -> list[Refusal | None]:
    least = rules.value("microtasks.price_least_fen", at=at)
    bounds = {
        "answers_each": (1, rules.value("microtasks.answers_each_most", at=at)),
        "gold_percent": (0, 50),
        "gold_least": (0, 100),
        "agree_percent": (1, 100),
        "lease_minutes": (2, rules.value("microtasks.lease_minutes_most", at=at)),
        "sheet_size": (1, rules.value("microtasks.sheet_most", at=at)),
        "open_days": (1, rules.value("microtasks.open_days_most", at=at)),
    }
    known = terms.form in FORMS and terms.category in WORK_CATEGORY_KEYS and terms.county in ("", *COUNTIES)
    options = [option for option in terms.options if option.strip()]
    return [
        *(
            Invalid(f"须在 {low} 到 {high} 之间", f"Between {low} and {high}", field=name)
            for name, (low, high) in bounds.items()
            if not low <= getattr(terms, name) <= high
        ),
        Invalid(f"单价不低于 {show_yuan(least)}", f"At least {show_yuan(least)} an answer", field="price")
        if not least <= terms.price_fen <= MOST_FEN
        else None,
        None if known else Invalid("没有这个选项", "There is no such choice", field="form"),
        unknown_visibility(terms.visibility),
        Invalid("选项须为 2 至 12 个", "2 to 12 options", field="options")
        if terms.form == CHOICE and not 2 <= len(set(options)) <= MOST_OPTIONS
        else None,
        Invalid("说明过长", "The brief is too long", field="brief") if len(terms.brief) > MOST_WORDS else None,
        Invalid(f"最多 {MOST_SKILLS} 项技能", f"At most {MOST_SKILLS} skills", field="skills")
        if len(terms.skills) > MOST_SKILLS
        else None,
    ]


def gold_slots(job: Job) -> int:
    """How many workers may meet each gold item, so that golds are the wanted share of everything answered."""
    if not job.golds_n or not job.gold_percent:
        return 0
    wanted = (job.items_n - job.golds_n) * job.answers_each * job.gold_percent
    return int(-(-wanted // ((100 - job.gold_percent) * job.golds_n)))


def total_of(job: Job) -> Fen:
    """The price of every slot: each item so often as answers are wanted, and the gold items' share; in fen."""
    slots = (job.items_n - job.golds_n) * job.answers_each + job.golds_n * gold_slots(job)
    return int(slots * job.price_fen)


def load(*, job_id: UUID, body: bytes, by: Actor, at: datetime) -> Job:
    """Take the items of a file in the place of those that are there: all, or none (导入题目).

    Raises:
        JobFixed: it is submitted or published.
        Invalid, RowsRefused: the file, or a line of it, cannot be taken.
    """
    rows = loading.read(body, most=rules.value("microtasks.items_most", at=at))
    with transaction.atomic():
        job = _editable(job_id, by)
        pictures = dict(job.pictures.values_list("name", "pk"))
        job.items.all().delete()
        Item.objects.bulk_create(
            [
                Item(
                    job=job,
                    key=row.id,
                    rank=number,
                    text=row.text,
                    picture_name=row.image,
                    picture_id=pictures.get(row.image),
                    is_gold=bool(row.gold),
                    gold=row.gold,
                    why=row.why,
                )
                for number, row in enumerate(rows, 1)
            ],
            batch_size=1_000,
        )
        job.items_n, job.golds_n = len(rows), sum(1 for row in rows if row.gold)
        job.total_fen = total_of(job)
        job.save(update_fields=["items_n", "golds_n", "total_fen"])
        return job


def add_pictures(*, job_id: UUID, pictures: Sequence[tuple[str, bytes]], by: Actor, at: datetime) -> Job:
    """Keep pictures under the file names by which items call them; one of the same name takes the other's place (上传图片).

    Raises:
        JobFixed: it is submitted or published.
        Invalid: a file that is no picture, or too many.
    """
    with transaction.atomic():
        _editable(job_id, by)
    kept = [(clean_name(name)[:80], files.keep_picture(name, body)[0]) for name, body in pictures]
    with transaction.atomic():
        job = _editable(job_id, by)
        for name, one in kept:
            made, _new = Picture.objects.update_or_create(
                job=job, name=name, defaults={"mime": one.mime, "size": one.size, "sha256": one.sha256}
            )
            job.items.filter(picture_name=name).update(picture=made)
        if job.pictures.count() > rules.value("microtasks.pictures_most", at=at):
            most = rules.value("microtasks.pictures_most", at=at)
            raise Invalid(f"最多 {most} 张图片", f"At most {most} pictures", field="file")
        return job


@transaction.atomic
def submit(*, job_id: UUID, by: Actor, at: datetime) -> Job:
    """Send a draft to review; every missing thing is named at once (提交审核).

    Raises:
        LevelTooLow, JobIncomplete: all that fail, together.
    """
    job, actor = of_owner(job_id, by)
    job.machine.step("submit", job.state)
    refuse_any([*limits.failures(job.owner, "post_work", at=at), *_gaps(job, at)])
    job.items.filter(is_gold=False).update(need=job.answers_each)
    job.items.filter(is_gold=True).update(need=gold_slots(job))
    job.total_fen = total_of(job)
    move(job, "submit", by=actor, at=at)
    moderation.enqueue(kind=KIND, subject_id=job.id, title=f"计件：{job.title}"[:80], owner_name=job.owner.name, at=at)
    return job


def _gaps(job: Job, at: datetime) -> list[Refusal | None]:
    def missing(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return JobIncomplete(what_zh=zh, what_en=en, field=field) if fails else None

    first = rules.value("microtasks.gold_first", at=at)
    lost = job.items.exclude(picture_name="").filter(picture=None).values_list("picture_name", flat=True).first()
    odd = None
    if job.form == CHOICE:
        odd = job.items.filter(is_gold=True).exclude(gold__in=job.options).values_list("key", flat=True).first()
    return [
        missing("请填写标题", "Give it a title", "title", fails=job.title == UNTITLED or len(job.title) < 4),
        missing("请填写一句话说明", "Say in a sentence what it is", "summary", fails=not job.summary),
        missing("请填写问题", "Say what is asked of each item", "question", fails=len(job.question) < 2),
        missing(
            f"作答说明至少 {LEAST_WORDS} 字",
            f"The guide needs at least {LEAST_WORDS} characters",
            "brief",
            fails=len(job.brief.strip()) < LEAST_WORDS,
        ),
        missing("请导入题目", "Load the items", "file", fails=job.items_n - job.golds_n < 1),
        missing(
            f"设了校验题占比，至少要有 {first} 道带标准答案的题",
            f"A share of gold items needs at least {first} items with their answer",
            "gold_percent",
            fails=bool(job.gold_percent) and job.golds_n < first,
        ),
        missing(f"缺少图片 {lost}", f"The picture {lost} is missing", "file", fails=lost is not None),
        missing(
            f"校验题 {odd} 的标准答案不在选项中", f"The answer of the gold item {odd} is no option", "options",
            fails=odd is not None,
        ),
    ]  # fmt: skip


@transaction.atomic
def withdraw(*, job_id: UUID, by: Actor, at: datetime) -> Job:
    """Let a job go before it was ever opened (撤回).

    Raises:
        BeingPaid: the money has come and is being booked.
    """
    job, actor = of_owner(job_id, by)
    escrows.refuse_paid_order((KIND, job.pk), paid_by_id=job.paid_by_id)
    move(job, "withdraw", by=actor, at=at)
    return job


FREE = Q(need__gt=F("leased_n") + F("done_n"))
"""An item with a slot that nobody has."""
