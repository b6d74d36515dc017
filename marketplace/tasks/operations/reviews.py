"""The moderator's side of tasks; what is signed before one is published."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.common.actors import Actor
from marketplace.reviewing import Reviewing
from marketplace.tasks.models import Task, TermsVersion
from marketplace.tasks.operations.locks import lock_until
from marketplace.tasks.operations.shared import KIND, TASKS, move
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


def _needed(task: Task) -> tuple[str, ...]:
    return (*EVERYWHERE, *BY_CATEGORY.get(task.category, ()))


def _move(task: Task, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """A moderator's move of a task: approved, it opens with its terms written down; bids stay sealed until it closes."""
    if event == "approve":
        task.opens_at, task.closes_at = at, at + timedelta(days=task.bid_days)
    move(task, event, by=by, at=at, reason=reason)
    if task.state == Posting.OPEN and task.closes_at is not None:
        lock_until(task, task.closes_at)
    if event == "approve":
        TermsVersion.objects.create(task=task, no=task.terms_no, body=body_of(task), at=at)


REVIEWING = Reviewing(KIND, "任务", TASKS, CHECKLIST, _move, needed=_needed)
