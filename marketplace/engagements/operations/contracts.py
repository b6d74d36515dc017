"""A contract's own life: offered, signed, turned down, ended by both before its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid, refuse_any
from marketplace.engagements.errors import TermsChanged, WorkUnderWay
from marketplace.engagements.events import EndProposed
from marketplace.engagements.models import WORKER, Contract, Milestone
from marketplace.engagements.operations import money
from marketplace.engagements.operations.shared import (
    announce,
    as_side,
    begin_waiting,
    close,
    drop_planned,
    held,
    move,
    move_contract,
    other_of,
    side_of,
)
from marketplace.engagements.states import Agreeing, Stage
from marketplace.engagements.terms import Terms


@dataclass(frozen=True)
class Offer:
    """Whose contract it is to be, and what it comes from: a bid, an entry, an order."""

    client_id: UUID
    worker_id: UUID
    subject_kind: str
    subject_id: UUID


def offer(*, offer: Offer, terms: Terms, at: datetime) -> Contract:
    """Put a contract before the worker, in the caller's transaction (发出协议). It waits some days for an answer."""
    contract = Contract(
        client_id=offer.client_id,
        worker_id=offer.worker_id,
        subject_kind=offer.subject_kind,
        subject_id=offer.subject_id,
        title=terms.title[:80],
        scope=terms.scope,
        offer=terms.offer,
        rights=terms.rights,
        accept_days=terms.accept_days,
        rounds_most=terms.rounds_most,
        total_fen=terms.total_fen,
        digest=terms.digest,
        offered_at=at,
        state_at=at,
        due_at=at + rules.days("engagements.answer_days", at=at),
    )
    contract.save(force_insert=True)
    Milestone.objects.bulk_create(
        Milestone(
            contract=contract, no=number, title=part.title[:60], amount_fen=part.amount_fen, days=part.days, state_at=at
        )
        for number, part in enumerate(terms.parts, start=1)
    )
    announce(contract, "offer", at)
    return contract


@transaction.atomic
def accept(*, contract_id: UUID, digest: str, by: Actor, at: datetime) -> Contract:
    """The worker signs what they read; the first stage waits for its money (签订协议).

    Raises:
        TermsChanged: the terms are not those that were read.
        LevelTooLow: the worker could not be paid.
        MoveRefused: it was answered, or its time is over.
    """
    contract = held(contract_id)
    actor = as_side(contract, by, WORKER)
    if contract.state == Agreeing.OFFERED and contract.due_at is not None and at >= contract.due_at:
        raise contract.machine.refusal(Agreeing.LAPSED)
    if digest != contract.digest:
        raise TermsChanged
    refuse_any(limits.failures(contract.worker, "be_hired", at=at))
    contract.signed_at = at
    move_contract(contract, "accept", by=actor, at=at)
    begin_waiting(contract.milestones.get(no=1), at)
    return contract


@transaction.atomic
def decline(*, contract_id: UUID, reason: str, by: Actor, at: datetime) -> Contract:
    """The worker does not want it after all, or the client takes it back before it is signed (谢绝或撤回)."""
    contract = held(contract_id)
    actor = as_side(contract, by)
    if not reason.strip():
        raise Invalid("请填写理由", "Please give a reason", field="reason")
    move_contract(contract, "decline", by=actor, at=at, reason=reason.strip())
    drop_planned(contract, at)
    return contract


@transaction.atomic
def propose_end(*, contract_id: UUID, reason: str, by: Actor, at: datetime) -> Contract:
    """One side would end it: what is in escrow and not delivered goes back to the client, if the other agrees (提议终止)."""
    contract = held(contract_id)
    as_side(contract, by)
    if contract.state != Agreeing.ACTIVE:
        raise contract.machine.refusal(contract.state)
    if not reason.strip():
        raise Invalid("请填写理由", "Please give a reason", field="reason")
    contract.end_by, contract.end_reason = by.party_id, reason.strip()[:300]
    contract.save(update_fields=["end_by", "end_reason"])
    outbox.record(EndProposed(at=at, contract_id=contract.id, to_id=other_of(contract, side_of(contract, by))))
    return contract


@transaction.atomic
def drop_end(*, contract_id: UUID, by: Actor, at: datetime) -> Contract:
    """Either side lets the proposal to end go (撤回或拒绝终止)."""
    contract = held(contract_id)
    as_side(contract, by)
    contract.end_by, contract.end_reason = None, ""
    contract.save(update_fields=["end_by", "end_reason"])
    return contract


@transaction.atomic
def agree_end(*, contract_id: UUID, by: Actor, at: datetime) -> Contract:
    """The other side agrees: undelivered money goes back, and it is over (同意终止).

    Raises:
        MoveRefused: nobody proposed it, or oneself did.
        WorkUnderWay: a delivery waits, or is in dispute.
        DisputeOpen: the client's bank asks for the money.
    """
    contract = held(contract_id)
    as_side(contract, by)
    if contract.state != Agreeing.ACTIVE or contract.end_by in (None, by.party_id):
        raise contract.machine.refusal(contract.state)
    current = contract.milestones.exclude(state__in=(*Stage.FINAL, Stage.PLANNED)).select_related("paid_by").first()
    if current is None:
        _end_between(contract, at)
        return contract
    if current.state not in Stage.WITH_WORKER:
        raise WorkUnderWay
    current.contract = contract
    money.return_whole(current, reason="双方协商终止", at=at)
    move(current, "return", by=SYSTEM, at=at, reason=contract.end_reason)
    return contract


def _end_between(contract: Contract, at: datetime) -> None:
    """No stage holds money: what is planned is dropped, and the contract ends."""
    for rest in contract.milestones.filter(state=Stage.PLANNED):
        money.refuse_paid_order(rest)
    drop_planned(contract, at)
    close(contract, "end", f"双方协商终止：{contract.end_reason}", at)


@transaction.atomic
def advance(*, contract_id: UUID, at: datetime) -> None:
    """An offer that nobody answered lapses. Safe to repeat."""
    contract = held(contract_id)
    if contract.due_at is None or contract.due_at > at or contract.state != Agreeing.OFFERED:
        return
    move_contract(contract, "lapse", by=CLOCK, at=at, reason="逾期未确认")
    drop_planned(contract, at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Contract]] = {
    "decline": lambda key, why, by, at: decline(contract_id=key, reason=why, by=by, at=at),
    "propose-end": lambda key, why, by, at: propose_end(contract_id=key, reason=why, by=by, at=at),
    "drop-end": lambda key, _why, by, at: drop_end(contract_id=key, by=by, at=at),
    "agree-end": lambda key, _why, by, at: agree_end(contract_id=key, by=by, at=at),
}
"""What a side decides about a whole contract, by the word in the address; pages and API alike."""
