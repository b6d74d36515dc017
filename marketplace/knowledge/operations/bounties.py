"""Everything that moves a bounty's money: into escrow first, to the author less fee and tax, or back to the poster (赏金)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.moderation import operations as moderation
from backend.payments.models import PaymentIntent
from backend.payments.operations import refunds
from marketplace import escrows
from marketplace.knowledge.errors import GapAnswered
from marketplace.knowledge.models import Change, Gap
from marketplace.knowledge.operations.gaps import KIND, Step, held, move, of_owner, open_for
from marketplace.knowledge.states import Changing, Missing
from marketplace.tasks.errors import Affiliated

TAKEN_BACK = "付款已被银行收回"
QUEUE = "filling"
"""What waits for a moderator under this name is a contested bounty."""


def _subject(gap: Gap) -> escrows.Subject:
    return KIND, gap.pk


def escrow_of(gap: Gap) -> ledger.AccountRef:
    """Where a bounty lies."""
    return ledger.escrow_of(KIND, gap.pk)


@transaction.atomic
def order(*, gap_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order that puts the bounty into escrow; the open one where there is one (托管赏金).

    Raises:
        MoveRefused: not approved yet, or funded already.
        BeingPaid: the money has come and is being booked.
    """
    gap, _owner = of_owner(gap_id, by)
    gap.machine.step("fund", gap.state)
    return escrows.order(
        _subject(gap),
        payer_id=gap.owner_id,
        amount_fen=gap.fen,
        title=f"知识悬赏：{gap.title}",
        hours=rules.value("knowledge.gap_order_hours", at=at),
        at=at,
    )


@transaction.atomic
def fund(*, gap_id: UUID, intent_id: UUID, at: datetime) -> None:
    """The bounty is in escrow: it is open from now on. Where that is no longer wanted it goes back. Safe to repeat."""
    gap = held(gap_id)
    if gap.paid_by_id == intent_id:
        return
    if gap.state != Missing.FUNDING:
        refunds.refund_whole(intent_id=intent_id, reason="悬赏已托管或已撤回", at=at)
        return
    gap.paid_by_id = intent_id
    open_for(gap, at)
    gap.save(update_fields=["paid_by", "opens_at", "closes_at"])  # an open bounty is a funded one
    move(gap, "fund", by=PROVIDER, at=at)


def _free_money(gap: Gap, at: datetime) -> Fen:
    return escrows.free_money(_subject(gap), paid_by_id=gap.paid_by_id, reason="悬赏结算", at=at)


def _return_whole(gap: Gap, *, reason: str, at: datetime) -> None:
    """Give back all that the escrow holds."""
    fen = _free_money(gap, at)
    if fen <= 0 or gap.paid_by_id is None:
        return
    escrows.give_back(
        _subject(gap),
        paid_by_id=gap.paid_by_id,
        party_id=gap.owner_id,
        fen=fen,
        key=f"gap-back:{gap.pk}",
        reason=reason,
        at=at,
    )
    gap.back_fen = fen
    gap.save(update_fields=["back_fen"])


def _pay(gap: Gap, event: str, by: Actor, at: datetime, reason: str = "") -> None:
    """Pay the author of what filled it, of what a bank left, less the published fee and the tax that is withheld."""
    if gap.filled_by is None:
        raise AssertionError(f"gap {gap.pk} is filled by nothing")
    fen = min(gap.fen, _free_money(gap, at))
    if fen <= 0:
        move(gap, "lose", by=SYSTEM, at=at, reason=TAKEN_BACK)
        return
    fee_fen, tax_fen = escrows.pay_out(
        escrows.Wage(
            subject=_subject(gap),
            payee=gap.filled_by.author,
            payer_id=gap.owner_id,
            cause_id=gap.pk,
            key=f"gap:{gap.pk}",
            title=f"知识悬赏：{gap.title}",
            fen=fen,
        ),
        at=at,
    )
    gap.paid_fen, gap.fee_fen, gap.tax_fen = fen, fee_fen, tax_fen
    gap.save(update_fields=["paid_fen", "fee_fen", "tax_fen"])
    move(gap, event, by=by, at=at, reason=reason)


def filled(gap: Gap, change: Change, *, at: datetime) -> bool:
    """Note that a published change fills a gap whose row is held; whether it was still wanted. In the caller's transaction."""
    if gap.state not in Missing.WANTED:
        return False
    gap.filled_by = change
    gap.save(update_fields=["filled_by"])
    move(gap, "fill", by=SYSTEM, at=at)
    return True


@transaction.atomic
def accept(*, gap_id: UUID, by: Actor, at: datetime) -> Gap:
    """Pay at once instead of when the days to contest are over (确认并发放).

    Raises:
        MoveRefused: it is not filled, or contested.
        DisputeOpen, Busy: the money cannot move now.
    """
    gap, owner = of_owner(gap_id, by)
    gap.machine.step("pay", gap.state)
    _pay(gap, "pay", owner, at)
    return gap


@transaction.atomic
def contest(*, gap_id: UUID, reason: str, by: Actor, at: datetime) -> Gap:
    """Say why what was published does not fill the gap; a moderator decides (提出异议).

    Raises:
        MoveRefused: it is not filled, or paid.
        Invalid: no reason.
    """
    gap, owner = of_owner(gap_id, by)
    if len(reason.strip()) < 10:
        raise Invalid(
            "请用至少 10 字写明还缺什么", "Say what is still missing, in 10 characters at least", field="reason"
        )
    move(gap, "contest", by=owner, at=at, reason=reason.strip())
    title = f"知识悬赏异议：{gap.title}"[:80]
    moderation.enqueue(kind=QUEUE, subject_id=gap.pk, title=title, owner_name=gap.owner.name, at=at)
    return gap


@transaction.atomic
def find(*, gap_id: UUID, is_filled: bool, reason: str, by: Actor, at: datetime) -> Gap:
    """A moderator who belongs to neither side decides: paid, or open for at least two weeks more (裁定).

    Raises:
        Affiliated: the moderator belongs to a side, or reviewed the change.
        Invalid: no reason.
        MoveRefused: nothing is contested.
    """
    gap = held(gap_id)
    change = gap.filled_by
    if change is None:
        raise NotFound
    gap.machine.step("find_for", gap.state)
    sides = {gap.owner_id, change.author_id, change.person_id, change.reviewer_id}
    if by.person_id in sides or by.party_id in sides:
        raise Affiliated
    _leave_queue(gap, "for" if is_filled else "against", reason, by, at)
    if is_filled:
        _pay(gap, "find_for", by, at, reason.strip())
        return gap
    least = at + rules.days("knowledge.gap_again_days", at=at)
    gap.closes_at = max(gap.closes_at or least, least)
    gap.filled_by = None
    gap.save(update_fields=["closes_at"])
    move(gap, "find_against", by=by, at=at, reason=reason.strip())
    return gap


def _leave_queue(gap: Gap, decision: str, reason: str, by: Actor, at: datetime) -> None:
    moderation.decide(kind=QUEUE, subject_id=gap.pk, decision=decision, reason=reason, checklist=(), by=by, at=at)


@transaction.atomic
def cancel(*, gap_id: UUID, reason: str, by: Actor, at: datetime) -> Gap:
    """Call off what nobody has handed in for; the bounty goes back (取消悬赏).

    Raises:
        GapAnswered: somebody has.
        MoveRefused: it is not open.
        Invalid: no reason.
    """
    gap, owner = of_owner(gap_id, by)
    gap.machine.step("cancel", gap.state)
    if len(reason.strip()) < 5:
        raise Invalid("请用至少 5 字写明理由", "Say why, in 5 characters at least", field="reason")
    if _is_answered(gap):
        raise GapAnswered
    _return_whole(gap, reason="悬赏取消", at=at)
    move(gap, "cancel", by=owner, at=at, reason=reason.strip())
    return gap


def _is_answered(gap: Gap) -> bool:
    """Whether something that was handed in for it waits for a reviewer, or came back to be mended."""
    return gap.changes.filter(state__in=(*Changing.WAITING, Changing.RETURNED)).exists()


@transaction.atomic
def withdraw(*, gap_id: UUID, by: Actor, at: datetime) -> Gap:
    """Let it go before it was ever open (撤回).

    Raises:
        BeingPaid: the bounty has come and is being booked.
    """
    gap, owner = of_owner(gap_id, by)
    escrows.refuse_paid_order(_subject(gap), paid_by_id=gap.paid_by_id)
    move(gap, "withdraw", by=owner, at=at)
    return gap


@transaction.atomic
def lose(*, gap_id: UUID, at: datetime) -> None:
    """The poster's bank took the payment back: nothing is left to earn. Safe to repeat."""
    gap = held(gap_id)
    if gap.state in Missing.HOLDING and books.available(escrow_of(gap)) <= 0:
        move(gap, "lose", by=SYSTEM, at=at, reason=TAKEN_BACK)


@transaction.atomic
def advance(*, gap_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat.

    Raises:
        DisputeOpen, Busy: the money cannot move now; asked again later.
    """
    gap = held(gap_id)
    if gap.due_at is None or gap.due_at > at:
        return
    match gap.state:
        case Missing.REVIEW:
            move(gap, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case Missing.RETURNED:
            move(gap, "withdraw", by=CLOCK, at=at)
        case Missing.FUNDING:
            escrows.refuse_paid_order(_subject(gap), paid_by_id=gap.paid_by_id)
            move(gap, "withdraw", by=CLOCK, at=at, reason="逾期未托管赏金")
        case Missing.OPEN if _is_answered(gap):
            move(gap, "close", by=CLOCK, at=at)
        case Missing.OPEN | Missing.DECIDING:
            _return_whole(gap, reason="无人补上", at=at)
            move(gap, "expire", by=CLOCK, at=at, reason="到期无人补上")
        case Missing.FILLED:
            _pay(gap, "pay", CLOCK, at)
        case Missing.CONTESTED:
            _leave_queue(gap, "for", "逾期未裁定，按约定发放", CLOCK, at)
            _pay(gap, "find_for", CLOCK, at, "逾期未裁定，按约定发放")
        case Missing.FROZEN:
            _return_whole(gap, reason="冻结期满", at=at)
            move(gap, "call_off", by=CLOCK, at=at, reason="冻结期满，自动取消")


@transaction.atomic
def settle(*, gap_id: UUID, at: datetime) -> None:
    """After a change for it was decided: if its window is over and nothing waits any more, it ends. Safe to repeat."""
    gap = held(gap_id)
    if gap.state == Missing.DECIDING and not _is_answered(gap):
        gap.until = gap.due_at = at
        gap.save(update_fields=["until", "due_at"])


STEPS: dict[str, Step] = {
    "accept": lambda key, _why, by, at: accept(gap_id=key, by=by, at=at),
    "contest": lambda key, why, by, at: contest(gap_id=key, reason=why, by=by, at=at),
    "cancel": lambda key, why, by, at: cancel(gap_id=key, reason=why, by=by, at=at),
    "withdraw": lambda key, _why, by, at: withdraw(gap_id=key, by=by, at=at),
}
"""What a poster does with a reason at most, by the word in the address; pages and API alike."""
FINDINGS: dict[str, Step] = {
    "for": lambda key, why, by, at: find(gap_id=key, is_filled=True, reason=why, by=by, at=at),
    "against": lambda key, why, by, at: find(gap_id=key, is_filled=False, reason=why, by=by, at=at),
}
"""What a moderator finds about a contested one."""
