"""What pages and API read of a task's terms and of a bid: form only, meaning is the operations' business."""

from __future__ import annotations

from django.http import QueryDict

from backend.common.errors import Invalid
from backend.common.fen import parse_yuan
from marketplace.tasks.models import Task
from marketplace.tasks.operations.bids import Proposal
from marketplace.tasks.operations.drafts import Terms


def whole(data: QueryDict, field: str) -> int:
    """A whole number of at most six digits.

    Raises:
        Invalid: something else.
    """
    text = data.get(field, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid("请填写整数", "Enter a whole number", field=field)
    return int(text)


def terms_of(data: QueryDict) -> Terms:
    """The editor's fields; stages come as two lists side by side, empty lines are left out."""
    titles, percents = data.getlist("stage_title")[:30], data.getlist("stage_percent")[:30]
    rows = [(title.strip(), percent.strip()) for title, percent in zip(titles, percents, strict=False)]
    stages = tuple((title, _percent(percent)) for title, percent in rows if title or percent)
    return Terms(
        title=data.get("title", ""),
        summary=data.get("summary", ""),
        brief=data.get("brief", "")[:30_000],
        category=data.get("category", ""),
        skills=tuple(
            skill for skill in data.get("skills", "").replace("，", ",").replace("、", ",").split(",") if skill.strip()
        ),
        county=data.get("county", ""),
        visibility=data.get("visibility", "public"),
        budget_fen=parse_yuan(data.get("budget", "").strip(), field="budget"),
        bid_days=whole(data, "bid_days"),
        work_days=whole(data, "work_days"),
        accept_days=whole(data, "accept_days"),
        rights=data.get("rights", ""),
        stages=stages,
    )


def _percent(text: str) -> int:
    text = text.removesuffix("%").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def proposal_of(data: QueryDict) -> Proposal:
    """What a bidder wrote."""
    return Proposal(
        amount_fen=parse_yuan(data.get("amount", "").strip(), field="amount"),
        days=whole(data, "days"),
        text=data.get("text", "")[:10_000],
    )


def terms_now(task: Task) -> Terms:
    """A task's terms as they stand, to be shown in the editor."""
    return Terms(
        title=task.title,
        summary=task.summary,
        brief=task.brief,
        category=task.category,
        skills=tuple(task.skills),
        county=task.county,
        visibility=task.visibility,
        budget_fen=task.budget_fen,
        bid_days=task.bid_days,
        work_days=task.work_days,
        accept_days=task.accept_days,
        rights=task.rights,
        stages=tuple(task.plan),
    )
