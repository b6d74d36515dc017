"""The poster's side before publication: draft, files, copy, submit, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import files, richtext, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen, show_yuan
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import operations as moderation
from marketplace.engagements.terms import RIGHTS
from marketplace.invitations.operations import unknown_visibility
from marketplace.patterns import begun
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Stale, TaskFixed, TermsIncomplete
from marketplace.tasks.models import Task, TaskFile
from marketplace.tasks.operations.shared import KIND, move, of_owner, set_clock, show
from marketplace.tasks.states import Posting

UNTITLED = "未命名任务"
MOST_FILES, MOST_SKILLS, MOST_WORDS, LEAST_WORDS = 10, 10, 20_000, 50


@dataclass(frozen=True)
class Terms:
    """What a poster writes; money in fen. `stages` are titles with their percent of the price, 100 together."""

    title: str
    summary: str
    brief: str
    category: str
    skills: tuple[str, ...]
    county: str
    visibility: str
    budget_fen: Fen
    bid_days: int
    work_days: int
    accept_days: int
    rights: str
    stages: tuple[tuple[str, int], ...]


@transaction.atomic
def start(*, by: Actor, at: datetime, like: str = "") -> Task:
    """A new draft of one's own: empty, or begun from a pattern (新建任务).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound: no such pattern.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    blank = {"title": UNTITLED, "category": "work_other", "stages": _plain((("全部工作", 100),)), "budget_fen": 500_000}
    owner = Party.objects.get(pk=by.party_id)
    task = Task(
        **blank | begun("task", like),
        owner=owner,
        county=owner.county,
        created_at=at,
        state_at=at,
    )
    return _begin(task, at)


@transaction.atomic
def copy(*, task_id: UUID, by: Actor, at: datetime) -> Task:
    """A new draft that says what an earlier task of one's own said, its files with it (复制任务)."""
    old, _actor = of_owner(task_id, by)
    task = Task.objects.get(pk=old.pk)
    new = Task(
        **{name: getattr(task, name) for name in _COPIED},
        owner=old.owner,
        created_at=at,
        state_at=at,
    )
    _begin(new, at)
    TaskFile.objects.bulk_create(
        TaskFile(
            task=new, **{name: getattr(file, name) for name in ("name", "mime", "size", "sha256", "received_sha256")}
        )
        for file in task.files.all()[:MOST_FILES]
    )
    return new


_COPIED = (
    "title", "summary", "brief", "brief_html", "category", "skills", "county", "visibility",
    "budget_fen", "bid_days", "work_days", "accept_days", "rights", "stages",
)  # fmt: skip


def _begin(task: Task, at: datetime) -> Task:
    task.brief_html = richtext.render(task.brief)
    set_clock(task, at)
    task.save(force_insert=True)
    show(task)
    return task


def _plain(stages: Sequence[tuple[str, int]]) -> list[dict[str, object]]:
    return [{"title": title, "percent": percent} for title, percent in stages]


@transaction.atomic
def write(*, task_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Task:
    """Save the editor (保存草稿). `version` is the one the editor showed: nobody overwrites unseen changes.

    Raises:
        TaskFixed: it is submitted or published.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    task, _actor = of_owner(task_id, by)
    if task.state not in Posting.EDITABLE:
        raise TaskFixed
    if version != task.version:
        raise Stale
    refuse_any(check_form(terms, at))
    fill(task, terms)
    task.state_at, task.version = at, task.version + 1
    set_clock(task, at)
    task.save()
    show(task)
    return task


def fill(task: Task, terms: Terms) -> None:
    """Put what was written into a task."""
    task.title = clean_name(terms.title)[:60] or UNTITLED
    task.summary = clean_name(terms.summary)[:160]
    task.brief, task.brief_html = terms.brief, richtext.render(terms.brief)
    task.category, task.county, task.visibility = terms.category, terms.county, terms.visibility
    task.skills = list(dict.fromkeys(clean_name(skill)[:20] for skill in terms.skills if skill.strip()))
    task.budget_fen, task.rights = terms.budget_fen, terms.rights
    task.bid_days, task.work_days, task.accept_days = terms.bid_days, terms.work_days, terms.accept_days
    task.stages = _plain([(clean_name(title)[:60], percent) for title, percent in terms.stages])


def check_form(terms: Terms, at: datetime) -> list[Refusal | None]:
    """What of the form does not fit, all of it."""

    def bounded(value: int, least: int, most: int, field: str) -> Refusal | None:
        if least <= value <= most:
            return None
        return Invalid(f"须在 {least} 与 {most} 之间", f"Between {least} and {most}", field=field)

    def known(value: str, choices: object, field: str) -> Refusal | None:
        return None if value in choices else Invalid("没有这个选项", "There is no such choice", field=field)  # type: ignore[operator]  # any container

    least_budget = rules.value("tasks.budget_least_fen", at=at)
    most_stages = rules.value("tasks.stages_most", at=at)
    percents = [percent for _title, percent in terms.stages]
    return [
        known(terms.category, WORK_CATEGORY_KEYS, "category"),
        known(terms.county, ("", *COUNTIES), "county"),
        unknown_visibility(terms.visibility),
        known(terms.rights, RIGHTS, "rights"),
        bounded(terms.bid_days, *_days("tasks.bid_days", at), "bid_days"),
        bounded(terms.work_days, 1, rules.value("tasks.work_days_most", at=at), "work_days"),
        bounded(
            terms.accept_days,
            rules.value("engagements.accept_days_least", at=at),
            rules.value("engagements.accept_days", at=at),
            "accept_days",
        ),
        Invalid(f"最高限价不得低于 {show_yuan(least_budget)}", f"At least {show_yuan(least_budget)}", field="budget")
        if terms.budget_fen < least_budget
        else None,
        Invalid("任务书过长", "The brief is too long", field="brief") if len(terms.brief) > MOST_WORDS else None,
        Invalid(f"最多 {MOST_SKILLS} 项技能", f"At most {MOST_SKILLS} skills", field="skills")
        if len(terms.skills) > MOST_SKILLS
        else None,
        bounded(len(terms.stages), 1, most_stages, "stages"),
        Invalid(
            "每个阶段须有名称和 1–100 的百分比，合计 100",
            "Each stage has a name and a percent, 100 together",
            field="stages",
        )
        if sum(percents) != 100
        or any(percent < 1 for percent in percents)
        or any(not clean_name(title) for title, _percent in terms.stages)
        else None,
    ]


def _days(key: str, at: datetime) -> tuple[int, int]:
    return rules.value(f"{key}_least", at=at), rules.value(f"{key}_most", at=at)


def attach(*, task_id: UUID, name: str, body: bytes, by: Actor, at: datetime) -> TaskFile:
    """Add a file to the brief; its type is known by its content (添加附件).

    Raises:
        TaskFixed: it is submitted or published.
        Invalid: a file that is not taken, one that is there, or too many.
    """
    _require_editable(task_id, by)
    kept = files.keep(name, body)
    with transaction.atomic():
        task, _actor = of_owner(task_id, by)
        if task.state not in Posting.EDITABLE:
            raise TaskFixed
        if task.files.count() >= MOST_FILES:
            raise Invalid(f"最多 {MOST_FILES} 个附件", f"At most {MOST_FILES} files", field="file")
        try:
            with transaction.atomic():
                return TaskFile.objects.create(task=task, **vars(kept))
        except IntegrityError as error:
            raise Invalid("这份文件已在附件中", "This file is there already", field="file") from error


@transaction.atomic
def _require_editable(task_id: UUID, by: Actor) -> None:
    """Look before a file is kept."""
    task, _actor = of_owner(task_id, by)
    if task.state not in Posting.EDITABLE:
        raise TaskFixed


@transaction.atomic
def detach(*, file_id: UUID, by: Actor) -> None:
    """Take a file out of a draft's brief (移除附件)."""
    task_id = TaskFile.objects.filter(pk=file_id).values_list("task_id", flat=True).first()
    if task_id is None:
        raise NotFound
    task, _actor = of_owner(task_id, by)
    if task.state not in Posting.EDITABLE:
        raise TaskFixed
    TaskFile.objects.filter(pk=file_id).delete()


@transaction.atomic
def submit(*, task_id: UUID, by: Actor, at: datetime) -> Task:
    """Send a draft to review; every missing thing is named at once (提交审核).

    Raises:
        LevelTooLow, TermsIncomplete: all that fail, together.
    """
    task, actor = of_owner(task_id, by)
    task.machine.step("submit", task.state)
    refuse_any([*limits.failures(task.owner, "post_work", at=at), *_gaps(task)])
    move(task, "submit", by=actor, at=at)
    moderation.enqueue(
        kind=KIND, subject_id=task.id, title=f"任务：{task.title}"[:80], owner_name=task.owner.name, at=at
    )
    return task


def _gaps(task: Task) -> list[Refusal | None]:
    def missing(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return TermsIncomplete(what_zh=zh, what_en=en, field=field) if fails else None

    return [
        missing("请填写标题", "Give it a title", "title", fails=task.title == UNTITLED or len(task.title) < 4),
        missing("请填写一句话说明", "Say in a sentence what it is", "summary", fails=not task.summary),
        missing(
            f"任务书至少 {LEAST_WORDS} 字",
            f"The brief needs at least {LEAST_WORDS} characters",
            "brief",
            fails=len(task.brief.strip()) < LEAST_WORDS,
        ),
    ]


@transaction.atomic
def withdraw(*, task_id: UUID, by: Actor, at: datetime) -> Task:
    """Let a task go before it was ever published (撤回)."""
    task, actor = of_owner(task_id, by)
    move(task, "withdraw", by=actor, at=at)
    return task
