"""The moderator's side: approve, return, freeze, thaw; and appeals against it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common.actors import Actor
from backend.common.errors import Invalid
from backend.common.models import StateChange
from backend.moderation import operations as moderation
from backend.moderation.appeals import Contested, Subject
from marketplace.tasks.errors import Affiliated, ChecklistOpen
from marketplace.tasks.models import Task, TermsVersion
from marketplace.tasks.operations.locks import lock_until
from marketplace.tasks.operations.shared import KIND, held, is_affiliated, move
from marketplace.tasks.operations.terms import body_of
from marketplace.tasks.states import Posting

CHECKLIST = {
    "poster": ("发包方符合实名要求，名义真实", "The poster is verified and acts in their own name"),
    "lawful": (
        "工作内容合法，不含刷单、代写论文、考试作弊或侵权",
        "The work is lawful: no fake orders, ghost-written theses, cheating or infringement",
    ),
    "clear": ("交付物、验收标准和付款阶段写明", "Deliverables, acceptance and stages are stated"),
    "contact": ("正文和附件没有站外联系方式", "Neither brief nor files lead away from the platform"),
    "privacy": ("不要求提交或处理无授权的个人信息", "No personal data is asked for or handled without authority"),
    "licence": ("需要资质的工作写明了资质要求", "Work that needs a licence says so"),
    "safety": ("现场作业写明安全和保险安排", "Work on site states safety and insurance"),
    "code": (
        "不要求绕过技术保护、爬取或攻击他人系统",
        "No circumvention, scraping or attack of others' systems is asked for",
    ),
}
"""Every line; which a task needs depends on the risk of its category."""

EVERYWHERE = ("poster", "lawful", "clear", "contact")
BY_CATEGORY = {
    "software": ("privacy", "code"),
    "data": ("privacy",),
    "marketing": ("privacy",),
    "engineering": ("licence", "safety"),
    "research": ("licence",),
    "training": ("licence",),
    "livelihood": ("licence", "safety", "privacy"),
}


def checklist_for(category: str) -> dict[str, tuple[str, str]]:
    """The lines that a moderator signs for a task of a category (审核清单)."""
    return {key: CHECKLIST[key] for key in (*EVERYWHERE, *BY_CATEGORY.get(category, ()))}


def _reviewed(task_id: UUID, by: Actor) -> Task:
    task = held(task_id)
    if is_affiliated(task, by):
        raise Affiliated
    return task


@transaction.atomic
def approve(*, task_id: UUID, checklist: Collection[str], by: Actor, at: datetime) -> Task:
    """Publish a task, every line of the checklist signed: bids are taken from now on (通过并发布).

    Raises:
        Affiliated: the reviewer belongs to the poster.
        ChecklistOpen: a line is missing.
    """
    task = _reviewed(task_id, by)
    if not set(checklist_for(task.category)) <= set(checklist):
        raise ChecklistOpen
    task.opens_at, task.closes_at = at, at + timedelta(days=task.bid_days)
    move(task, "approve", by=by, at=at)
    lock_until(task, task.closes_at)
    TermsVersion.objects.create(task=task, no=task.terms_no, body=body_of(task), at=at)
    moderation.decide(
        kind=KIND,
        subject_id=task_id,
        decision="approve",
        reason="清单全部确认",
        checklist=set(checklist) & set(CHECKLIST),
        by=by,
        at=at,
    )
    return task


@transaction.atomic
def send_back(*, task_id: UUID, reason: str, by: Actor, at: datetime) -> Task:
    """Return a task with what to mend (退回).

    Raises:
        Affiliated: the reviewer belongs to the poster.
        Invalid: no reason.
    """
    task = _reviewed(task_id, by)
    if not reason.strip():
        raise Invalid("请写明退回理由", "Say why it is returned", field="reason")
    move(task, "return", by=by, at=at, reason=reason.strip())
    moderation.decide(kind=KIND, subject_id=task_id, decision="return", reason=reason, checklist=(), by=by, at=at)
    return task


@transaction.atomic
def freeze(*, task_id: UUID, reason: str, by: Actor, at: datetime) -> Task:
    """Stop bidding, as on an order of an authority or an upheld report; nothing is opened meanwhile (冻结)."""
    task = _reviewed(task_id, by)
    task.frozen_at = at
    move(task, "freeze", by=by, at=at, reason=reason.strip())
    moderation.note(act="task.freeze", subject_id=task_id, reason=reason, by=by, at=at)
    return task


@transaction.atomic
def thaw(*, task_id: UUID, reason: str, by: Actor, at: datetime) -> Task:
    """Let it go on; the opening moves by as long as it stood still (解冻)."""
    task = _reviewed(task_id, by)
    _go_on(task, reason, by, at)
    moderation.note(act="task.thaw", subject_id=task_id, reason=reason, by=by, at=at)
    return task


def _go_on(task: Task, reason: str, by: Actor, at: datetime) -> None:
    if task.closes_at is not None and task.frozen_at is not None:
        task.closes_at += at - task.frozen_at
        lock_until(task, task.closes_at)
    task.frozen_at = None
    move(task, "thaw", by=by, at=at, reason=reason)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Task]] = {
    "return": lambda key, why, by, at: send_back(task_id=key, reason=why, by=by, at=at),
    "freeze": lambda key, why, by, at: freeze(task_id=key, reason=why, by=by, at=at),
    "thaw": lambda key, why, by, at: thaw(task_id=key, reason=why, by=by, at=at),
}
"""What a moderator decides with a reason alone, by the word in the address; pages and API alike."""


# --- appeals -----------------------------------------------------------------------------------------------


def _contested(task_id: UUID) -> Contested | None:
    """What of a moderator's stands against a task."""
    found = Task.objects.filter(pk=task_id).first()
    if found is None:
        return None
    act = {Posting.RETURNED: "task.return", Posting.FROZEN: "task.freeze"}.get(found.state, "")
    change = StateChange.objects.filter(subject_id=found.pk, target=found.state).order_by("-pk").first()
    since = change.at if change is not None else found.state_at
    return Contested(found.owner_id, found.title, act, since, found.state == Posting.RETURNED)


def _grant(task_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    task = held(task_id)
    if task.state == Posting.FROZEN:
        _go_on(task, reason, by, at)
        return
    move(task, "reconsider", by=by, at=at, reason=reason)
    title = f"任务：{task.title}"[:80]
    moderation.enqueue(kind=KIND, subject_id=task.id, title=title, owner_name=task.owner.name, at=at)


def _belongs(task_id: UUID, by: Actor) -> bool:
    return is_affiliated(Task.objects.get(pk=task_id), by)


APPEALS = Subject(_contested, _grant, _belongs, url="/work/{}/", staff_url="/work/{}/review/", scope="work")
