"""A published task's terms: every version kept, every change shown, every bid asked again (变更条款, D3)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import rules, working_days
from backend.common.actors import Actor
from backend.common.errors import Invalid, refuse_any
from marketplace.tasks.errors import BiddingClosed, HasBids
from marketplace.tasks.models import Task, TermsVersion
from marketplace.tasks.operations.drafts import Terms, check_form, fill
from marketplace.tasks.operations.locks import lock_until
from marketplace.tasks.operations.shared import move, move_bid, of_owner
from marketplace.tasks.states import Bidding


def body_of(task: Task) -> dict[str, object]:
    """Everything that bids stand on, as it is kept."""
    return {
        "title": task.title,
        "summary": task.summary,
        "brief": task.brief,
        "category": task.category,
        "skills": task.skills,
        "county": task.county,
        "budget_fen": task.budget_fen,
        "work_days": task.work_days,
        "accept_days": task.accept_days,
        "rights": task.rights,
        "stages": task.stages,
        "files": sorted(task.files.values_list("sha256", flat=True)),
    }


@transaction.atomic
def amend(*, task_id: UUID, terms: Terms, reason: str, version: int, by: Actor, at: datetime) -> Task:
    """Change the terms while bids are taken: bids must be confirmed again, and there is time left to do so.

    Who may see it, and how long it takes bids, stay as they were published.

    Raises:
        BiddingClosed: bids are opened, or about to be.
        HasBids: no reason that bidders may read.
        Invalid: what does not fit, or nothing that changes.
    """
    task, actor = of_owner(task_id, by)
    task.machine.step("amend", task.state)
    if task.closes_at is None or at >= task.closes_at:
        raise BiddingClosed(closes_at=task.closes_at)
    if version != task.version:
        raise Invalid("另一个窗口已保存过，请刷新后再改", "Another window saved first", field="version")
    refuse_any(check_form(terms, at))
    if not reason.strip():
        raise HasBids(field="reason")
    before, visibility, bid_days = body_of(task), task.visibility, task.bid_days
    fill(task, terms)
    task.visibility, task.bid_days = visibility, bid_days
    after = body_of(task)
    if before == after:
        raise Invalid("没有任何变更", "Nothing changes", field="title")
    task.terms_no += 1
    task.version += 1
    least = working_days.after(at, rules.value("tasks.amend_working_days", at=at))
    if least > task.closes_at:
        task.closes_at = least
        lock_until(task, least)
    move(task, "amend", by=actor, at=at, reason=reason.strip())
    TermsVersion.objects.create(task=task, no=task.terms_no, body=after, reason=reason.strip()[:300], at=at)
    for bid in task.bids.select_for_update().filter(state=Bidding.SEALED).order_by("pk"):
        move_bid(bid, "ask_again", by=actor, at=at)
    return task
