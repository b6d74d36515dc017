"""What every operation of a task begins and ends with."""

from __future__ import annotations

from datetime import datetime

from backend.accounts.queries import belongs_to
from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.listings import operations as listings
from marketplace.invitations.operations import is_open_to
from marketplace.postings import Postings
from marketplace.tasks.events import BidMoved, TaskMoved
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.states import Posting

KIND = "task"


def is_affiliated(task: Task, by: Actor) -> bool:
    """Whether a person is the poster or may act for them, or acts under the hat of somebody who is."""
    return belongs_to(task.owner_id, by)


TASKS = Postings(Task, Posting.PUBLIC, is_open_to)
held, of_owner, may_see = TASKS.held, TASKS.held_by_owner, TASKS.may_see


def move(task: Task, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a task whose row is held, set its clocks, show its listing, and announce it."""
    task.move(event, by=by, at=at, reason=reason)
    task.state_at, task.is_reminded = at, False
    task.reason = reason[:300] or task.reason
    set_clock(task, at)
    task.save()
    show(task)
    outbox.record(TaskMoved(at=at, task_id=task.id, owner_id=task.owner_id, move=event, state=task.state))


def set_clock(task: Task, at: datetime) -> None:
    """When time alone takes the next move (`until`), and when the clock looks next (`due_at`)."""
    since = task.state_at
    match task.state:
        case Posting.DRAFT | Posting.RETURNED:
            task.until = since + rules.days("tasks.draft_days", at=since)
        case Posting.REVIEW:
            task.until = since + rules.days("tasks.review_days", at=since)
        case Posting.OPEN:
            task.until = task.closes_at
        case Posting.SELECTING:
            task.until = since + rules.days("tasks.choose_days", at=since)
        case Posting.FROZEN:
            task.until = since + rules.days("tasks.frozen_days", at=since)
        case _:
            task.until = None
    task.due_at = task.until
    if task.state == Posting.SELECTING and task.until is not None and not task.is_reminded:
        task.due_at = task.until - rules.days("tasks.remind_days", at=since)


def move_bid(bid: Bid, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a bid whose row is held, and announce it."""
    bid.move(event, by=by, at=at, reason=reason)
    bid.state_at = at
    bid.save()
    tell_of_bid(bid, event, at)


def tell_of_bid(bid: Bid, event: str, at: datetime) -> None:
    outbox.record(
        BidMoved(at=at, bid_id=bid.id, task_id=bid.task_id, bidder_id=bid.bidder_id, move=event, state=bid.state)
    )


def show(task: Task) -> None:
    """Bring the task's listing up to date; what only the invited may see is listed for nobody (C9)."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=task.id,
            title=task.title,
            summary=task.summary,
            owner_id=task.owner_id,
            owner_name=task.owner.masked_name,
            category=task.category,
            county=task.county,
            state=task.state,
            is_public=task.state in Posting.PUBLIC and not task.is_restricted,
            is_open=task.state == Posting.OPEN,
            goal_fen=task.budget_fen,
            raised_fen=0,
            people_n=task.bids_n,
            opens_at=task.opens_at,
            closes_at=task.closes_at,
            listed_at=task.opens_at or task.created_at,
            keywords=" ".join(task.skills),
        )
    )
