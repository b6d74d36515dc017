"""A milestone's work: begun, told about, delivered, sent back, accepted, let go; and what its clock does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import crash, files, outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid, Refusal
from backend.payments.states import Intent
from marketplace.engagements.errors import NoRoundsLeft, NotFunded, NothingDelivered, NoticeNeeded
from marketplace.engagements.events import ClientReminded, WorkerReminded
from marketplace.engagements.models import CLIENT, WORKER, Contract, DeliveredFile, Delivery, Milestone, Remark
from marketplace.engagements.operations import money
from marketplace.engagements.operations.shared import as_side, held_milestone, move, set_clock
from marketplace.engagements.states import Stage

MOST_FILES = 10
MOST_WORDS = 5_000
AN_HOUR = timedelta(hours=1)


@transaction.atomic
def start(*, milestone_id: UUID, by: Actor, at: datetime) -> Milestone:
    """The worker begins: the money is in escrow (开工).

    Raises:
        NotFunded: it is not.
    """
    contract, milestone = held_milestone(milestone_id)
    actor = as_side(contract, by, WORKER)
    if milestone.state == Stage.PLANNED:
        raise NotFunded
    milestone.started_at = at
    move(milestone, "start", by=actor, at=at)
    return milestone


@transaction.atomic
def note_progress(*, milestone_id: UUID, text: str, by: Actor, at: datetime) -> Delivery:
    """The worker says how it goes; the clock of silence begins anew (进展)."""
    contract, milestone = held_milestone(milestone_id)
    as_side(contract, by, WORKER)
    if milestone.state not in Stage.WITH_WORKER:
        raise milestone.machine.refusal(milestone.state)
    if not 5 <= len(text.strip()) <= MOST_WORDS:
        raise Invalid("请用 5 至 5000 字说明进展", "5 to 5,000 characters", field="text")
    milestone.active_at, milestone.nudges = at, 0
    set_clock(milestone, at)
    milestone.save(update_fields=["active_at", "nudges", "until", "due_at"])
    return _written(milestone, text.strip(), (), at, is_progress=True)


def submit(
    *, milestone_id: UUID, text: str, attached: Sequence[tuple[str, bytes]], by: Actor, at: datetime
) -> Delivery:
    """The worker hands in (交付); what was handed in is never changed, and both know it by its hash.

    Raises:
        NothingDelivered: no words, or neither a file nor a place where it can be found.
        MoveRefused: it is not the worker's turn.
        Invalid: a file that is not taken, or too many.
    """
    if len(attached) > MOST_FILES:
        raise Invalid("一次最多 10 个文件", "At most 10 files", field="file")
    if len(text.strip()) < (5 if attached else 20):
        raise NothingDelivered(field="text")
    kept = [files.keep(name, body) for name, body in attached]
    with transaction.atomic():
        contract, milestone = held_milestone(milestone_id)
        actor = as_side(contract, by, WORKER)
        milestone.submitted_at = at
        move(milestone, "submit", by=actor, at=at)
        return _written(milestone, text.strip()[:MOST_WORDS], kept, at, is_progress=False)


def _written(
    milestone: Milestone, text: str, kept: Sequence[files.Kept], at: datetime, *, is_progress: bool
) -> Delivery:
    body = "\n".join([text, *(file.sha256 for file in kept)])
    made = Delivery.objects.create(
        milestone=milestone,
        round_no=milestone.rounds + 1,
        text=text,
        is_progress=is_progress,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        at=at,
    )
    DeliveredFile.objects.bulk_create(DeliveredFile(delivery=made, **vars(file)) for file in kept)
    return made


@transaction.atomic
def ask_changes(*, milestone_id: UUID, text: str, by: Actor, at: datetime) -> Milestone:
    """The client says what is to be changed, at most so many times as agreed on; the clock of silence stops (要求修改).

    Raises:
        NoRoundsLeft: that many times were asked for already.
    """
    contract, milestone = held_milestone(milestone_id)
    actor = as_side(contract, by, CLIENT)
    if not 10 <= len(text.strip()) <= MOST_WORDS:
        raise Invalid("请用 10 至 5000 字逐条写明", "Say in 10 to 5,000 characters what is to be changed", field="text")
    milestone.machine.step("ask_changes", milestone.state)
    if milestone.rounds >= contract.rounds_most:
        raise NoRoundsLeft(most=contract.rounds_most)
    milestone.rounds += 1
    Remark.objects.create(milestone=milestone, round_no=milestone.rounds, text=text.strip(), at=at)
    move(milestone, "ask_changes", by=actor, at=at)
    return milestone


@transaction.atomic
def approve(*, milestone_id: UUID, by: Actor, at: datetime) -> Milestone:
    """The client accepts what was handed in; it is paid when the days of the rule are over (验收)."""
    contract, milestone = held_milestone(milestone_id)
    move(milestone, "approve", by=as_side(contract, by, CLIENT), at=at)
    return milestone


@transaction.atomic
def abandon(*, milestone_id: UUID, reason: str, by: Actor, at: datetime) -> Milestone:
    """The worker hands the stage back, or the client ends it after the worker had notice; the money goes back (放弃或终止).

    Raises:
        NoticeNeeded: the client comes before the worker was reminded.
        DisputeOpen: the client's bank asks for the money already.
    """
    contract, milestone = held_milestone(milestone_id)
    actor = as_side(contract, by)
    if not reason.strip():
        raise Invalid("请填写理由", "Please give a reason", field="reason")
    milestone.machine.step("abandon", milestone.state)
    if by.party_id == contract.client_id and not may_end(milestone, at):
        raise NoticeNeeded
    money.return_whole(milestone, reason="未完成退款", at=at)
    move(milestone, "abandon", by=actor, at=at, reason=reason.strip())
    return milestone


def may_end(milestone: Milestone, at: datetime) -> bool:
    """Whether the client may end a stage: reminded twice without an answer, or late and told so some days ago."""
    if milestone.state not in Stage.WITH_WORKER or milestone.nudged_at is None:
        return False
    gap = rules.days("engagements.nudge_gap_days", at=milestone.state_at)
    is_late = milestone.deliver_by is not None and milestone.nudged_at >= milestone.deliver_by
    return milestone.nudges >= 2 or is_late and at >= milestone.nudged_at + gap


# --- the clock ----------------------------------------------------------------------------------------------


@transaction.atomic
def advance(*, milestone_id: UUID, at: datetime) -> None:
    """Remind, or take the step that time alone takes, if it is due. Safe to repeat."""
    contract, milestone = held_milestone(milestone_id)
    if milestone.due_at is None or milestone.due_at > at or milestone.until is None:
        return
    is_over = at >= milestone.until
    try:
        with transaction.atomic():
            match milestone.state:
                case Stage.PLANNED if is_over:
                    _default(milestone, at)
                case Stage.SUBMITTED if is_over:
                    move(milestone, "approve", by=CLOCK, at=at, reason="逾期未验收，视为通过")
                case Stage.APPROVED:
                    _release(milestone, at)
                case Stage.FUNDED | Stage.WORKING | Stage.CHANGES:
                    _watch(contract, milestone, at)
                case Stage.PLANNED | Stage.SUBMITTED:
                    _remind_client(contract, milestone, at)
    except Refusal:  # a chargeback is open, or a request slipped in: look again
        Milestone.objects.filter(pk=milestone.pk).update(due_at=at + AN_HOUR)
    crash.point("milestone.advanced")


def _default(milestone: Milestone, at: datetime) -> None:
    """Not while somebody is at the cashier: an order lives a day, and no new one is opened after the time."""
    waiting = money.orders(milestone.pk).filter(state__in=(Intent.CREATED, Intent.AWAITING, Intent.SUCCEEDED))
    if waiting.exists():
        Milestone.objects.filter(pk=milestone.pk).update(due_at=at + AN_HOUR)
        return
    move(milestone, "default", by=CLOCK, at=at, reason="发包方未按期托管")


def _release(milestone: Milestone, at: datetime) -> None:
    free = money.free_money(milestone, at=at)
    if free <= 0:  # staff gave it all back meanwhile
        move(milestone, "lose", by=SYSTEM, at=at, reason="款项已退回")
        return
    money.pay_out(milestone, free, at=at)
    move(milestone, "release", by=CLOCK, at=at)


def _watch(contract: Contract, milestone: Milestone, at: datetime) -> None:
    """Nothing has come from the worker: remind twice, then give the client the money back."""
    gap = rules.days("engagements.nudge_gap_days", at=milestone.state_at)
    active = milestone.active_at or milestone.state_at
    idle_due = active + rules.days("engagements.idle_days", at=milestone.state_at) + milestone.nudges * gap
    if at >= idle_due and milestone.nudges >= 2:
        money.return_whole(milestone, reason="承接方长期无进展", at=at)
        move(milestone, "abandon", by=CLOCK, at=at, reason="长期无进展")
        return
    if at >= idle_due:
        milestone.nudges += 1
    milestone.nudged_at = at
    set_clock(milestone, at)
    milestone.save(update_fields=["nudges", "nudged_at", "until", "due_at"])
    outbox.record(
        WorkerReminded(
            at=at,
            milestone_id=milestone.id,
            contract_id=contract.id,
            worker_id=contract.worker_id,
            client_id=contract.client_id,
            nudges=milestone.nudges,
        )
    )


def _remind_client(contract: Contract, milestone: Milestone, at: datetime) -> None:
    milestone.nudges, milestone.nudged_at, milestone.due_at = 1, at, milestone.until
    milestone.save(update_fields=["nudges", "nudged_at", "due_at"])
    outbox.record(
        ClientReminded(
            at=at,
            milestone_id=milestone.id,
            contract_id=contract.id,
            client_id=contract.client_id,
            state=milestone.state,
        )
    )


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], object]] = {
    "start": lambda key, _text, by, at: start(milestone_id=key, by=by, at=at),
    "progress": lambda key, text, by, at: note_progress(milestone_id=key, text=text, by=by, at=at),
    "ask-changes": lambda key, text, by, at: ask_changes(milestone_id=key, text=text, by=by, at=at),
    "approve": lambda key, _text, by, at: approve(milestone_id=key, by=by, at=at),
    "abandon": lambda key, text, by, at: abandon(milestone_id=key, reason=text, by=by, at=at),
}
"""What a side does about a milestone in words alone, by the word in the address; pages and API alike."""
