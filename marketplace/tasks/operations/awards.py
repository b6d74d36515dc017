"""After the opening: compare, shortlist, choose, let go; and what the contract's course does to the task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid, NotFound
from marketplace.engagements import queries as engagements
from marketplace.engagements.operations import contracts
from marketplace.engagements.operations.contracts import Offer
from marketplace.engagements.states import Agreeing
from marketplace.engagements.terms import Terms, parts_of
from marketplace.tasks.events import TaskReminded
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.operations import bids
from marketplace.tasks.operations.shared import held as held_task
from marketplace.tasks.operations.shared import move, move_bid, of_owner
from marketplace.tasks.states import Bidding, Posting

KIND = "bid"


def _bid_of_owner(bid_id: UUID, by: Actor) -> tuple[Task, Bid, Actor]:
    """A bid for one's own task, both rows held.

    Raises:
        NotFound: not a bid for this hat's task.
    """
    task_id = Bid.objects.filter(pk=bid_id).values_list("task_id", flat=True).first()
    if task_id is None:
        raise NotFound
    task, actor = of_owner(task_id, by)
    return task, Bid.objects.select_for_update(of=("self",)).select_related("bidder").get(pk=bid_id), actor


@transaction.atomic
def shortlist(*, bid_id: UUID, on: bool, by: Actor, at: datetime) -> Bid:
    """Put a bid among those to look at twice, or take it out again (入围)."""
    task, bid, actor = _bid_of_owner(bid_id, by)
    if task.state != Posting.SELECTING:
        raise task.machine.refusal(task.state)
    move_bid(bid, "shortlist" if on else "drop", by=actor, at=at)
    return bid


@transaction.atomic
def award(*, bid_id: UUID, reason: str, by: Actor, at: datetime) -> Task:
    """Choose a bid, for a reason that every bidder may read: the contract goes to the worker to be signed (选定).

    Raises:
        MoveRefused: bids are not opened, or another is chosen.
        Invalid: no reason.
    """
    task, bid, actor = _bid_of_owner(bid_id, by)
    if len(reason.strip()) < 5:
        raise Invalid(
            "请用至少 5 字写明选定理由，应标方可见",
            "Say why, in 5 characters at least; bidders read it",
            field="reason",
        )
    task.machine.step("award", task.state)
    if bid.amount_fen is None or bid.days is None:
        raise bid.machine.refusal(bid.state)
    bid.reason = reason.strip()[:300]
    move_bid(bid, "award", by=actor, at=at)
    move(task, "award", by=actor, at=at)
    contracts.offer(
        offer=Offer(task.owner_id, bid.bidder_id, KIND, bid.pk),
        terms=Terms(
            title=task.title,
            scope=task.brief,
            offer=bid.text,
            rights=task.rights,
            accept_days=task.accept_days,
            rounds_most=rules.value("engagements.rounds_most", at=at),
            parts=parts_of(bid.amount_fen, bid.days, task.plan),
        ),
        at=at,
    )
    return task


@transaction.atomic
def cancel(*, task_id: UUID, reason: str, by: Actor, at: datetime) -> Task:
    """Call a task off, for a reason that every bidder may read; sealed bids stay sealed for good (取消).

    Raises:
        MoveRefused: somebody is chosen already.
        Invalid: no reason.
    """
    task, actor = of_owner(task_id, by)
    if len(reason.strip()) < 5:
        raise Invalid(
            "请用至少 5 字写明理由，应标方可见", "Say why, in 5 characters at least; bidders read it", field="reason"
        )
    move(task, "cancel", by=actor, at=at, reason=reason.strip())
    _overtake(task, at)
    return task


def _overtake(task: Task, at: datetime) -> None:
    waiting = task.bids.select_for_update().filter(state__in=(*Bidding.CLOSED_UP, *Bidding.CHOOSABLE))
    for bid in waiting.order_by("pk"):
        move_bid(bid, "overtake", by=SYSTEM, at=at)


@transaction.atomic
def choose_none(*, task_id: UUID, reason: str, by: Actor, at: datetime) -> Task:
    """None of the opened bids is chosen, for a reason that every bidder may read (流标).

    Raises:
        MoveRefused: bids are not opened, or one is chosen.
        Invalid: no reason.
    """
    task, actor = of_owner(task_id, by)
    if task.state != Posting.SELECTING:
        raise task.machine.refusal(task.state)
    if len(reason.strip()) < 5:
        raise Invalid(
            "请用至少 5 字写明理由，应标方可见", "Say why, in 5 characters at least; bidders read it", field="reason"
        )
    _fail(task, actor, reason.strip(), at)
    return task


def _fail(task: Task, by: Actor, reason: str, at: datetime) -> None:
    move(task, "fail", by=by, at=at, reason=reason)
    _pass_over(task, at)


def _pass_over(task: Task, at: datetime) -> None:
    for bid in task.bids.select_for_update().filter(state__in=Bidding.CHOOSABLE).order_by("pk"):
        move_bid(bid, "pass_over", by=SYSTEM, at=at)


# --- the clock -----------------------------------------------------------------------------------------------


@transaction.atomic
def advance(*, task_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat.

    Raises:
        Busy: the keeper of sealed bids is not here; they stay sealed, and the next round asks again.
    """
    task = held_task(task_id)
    if task.due_at is None or task.due_at > at:
        return
    match task.state:
        case Posting.DRAFT | Posting.RETURNED:
            move(task, "withdraw", by=CLOCK, at=at)
        case Posting.REVIEW:
            move(task, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case Posting.OPEN:
            _open(task, at)
        case Posting.SELECTING:
            _wait(task, at)
        case Posting.FROZEN:
            move(task, "cancel", by=CLOCK, at=at, reason="冻结期满，自动取消")
            _overtake(task, at)


def _open(task: Task, at: datetime) -> None:
    if bids.open_all(task, at):
        move(task, "close", by=CLOCK, at=at)
    else:
        move(task, "fail", by=CLOCK, at=at, reason="没有有效应标")


def _wait(task: Task, at: datetime) -> None:
    """The poster is reminded once; without a choice it ends without one."""
    if task.until is not None and at >= task.until:
        _fail(task, CLOCK, "逾期未选定", at)
        return
    task.is_reminded, task.due_at = True, task.until
    task.save(update_fields=["is_reminded", "due_at"])
    outbox.record(TaskReminded(at=at, task_id=task.pk, owner_id=task.owner_id))


@transaction.atomic
def follow(*, bid_id: UUID, at: datetime) -> None:
    """What became of the contract becomes of bid and task, as it stands now. Safe to repeat, in any order."""
    contract = engagements.of_subject(KIND, bid_id)
    task = held_task(Bid.objects.values_list("task_id", flat=True).get(pk=bid_id))
    bid = Bid.objects.select_for_update().get(pk=bid_id)
    if contract is None:
        return
    if bid.state == Bidding.AWARDED and contract.state in (Agreeing.ACTIVE, *Agreeing.OVER):
        move_bid(bid, "contract", by=SYSTEM, at=at)
        move(task, "contract", by=SYSTEM, at=at)
        _pass_over(task, at)
    elif bid.state == Bidding.AWARDED and contract.state in (Agreeing.DECLINED, Agreeing.LAPSED):
        move_bid(bid, "decline", by=SYSTEM, at=at)
        _choose_again(task, at)
    if contract.state in Agreeing.OVER and task.state == Posting.DELIVERING:
        move(task, "complete" if contract.state == Agreeing.COMPLETED else "end", by=SYSTEM, at=at)


def _choose_again(task: Task, at: datetime) -> None:
    """The next one may be chosen; where nobody is left, it ends without one."""
    move(task, "choose_again", by=SYSTEM, at=at)
    if not task.bids.filter(state__in=Bidding.CHOOSABLE).exists():
        _fail(task, CLOCK, "没有其他可选的应标", at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Task]] = {
    "cancel": lambda key, why, by, at: cancel(task_id=key, reason=why, by=by, at=at),
    "choose-none": lambda key, why, by, at: choose_none(task_id=key, reason=why, by=by, at=at),
}

BID_STEPS: dict[str, Callable[[UUID, str, Actor, datetime], object]] = {
    "shortlist": lambda key, _why, by, at: shortlist(bid_id=key, on=True, by=by, at=at),
    "drop": lambda key, _why, by, at: shortlist(bid_id=key, on=False, by=by, at=at),
    "award": lambda key, why, by, at: award(bid_id=key, reason=why, by=by, at=at),
}
"""What a poster decides about a task or a bid with a reason alone, by the word in the address; pages and API alike."""
