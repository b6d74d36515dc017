"""Everything that moves a milestone's money: into escrow, to the worker less fee and tax, back to the client."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from backend.common import rules
from backend.common.actors import PROVIDER, SYSTEM, Actor
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries as payments
from backend.payments.errors import DisputeOpen
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents, refunds
from backend.payments.states import Intent
from marketplace.engagements.errors import BeingPaid, NotNext
from marketplace.engagements.models import CLIENT, Milestone
from marketplace.engagements.operations.shared import as_side, held_milestone, move
from marketplace.engagements.states import Agreeing, Stage
from marketplace.tax import withholding
from marketplace.tax.withholding import Payment

KIND = "milestone"
FEE = "task_service"


def escrow_of(milestone: Milestone) -> ledger.AccountRef:
    """Where a milestone's money lies."""
    return ledger.escrow_of(KIND, milestone.pk)


def orders(milestone_id: UUID) -> QuerySet[PaymentIntent]:
    """The orders for a milestone's money."""
    return PaymentIntent.objects.filter(subject_id=milestone_id, subject_kind=KIND)


def refuse_paid_order(milestone: Milestone) -> None:
    """Go on unless a milestone's money has come and is only not booked yet.

    Raises:
        BeingPaid: it has.
    """
    if orders(milestone.pk).filter(state=Intent.SUCCEEDED).exists():
        raise BeingPaid


@transaction.atomic
def order(*, milestone_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order that puts the next stage's money into escrow; the open one where there is one (托管).

    Raises:
        NotNext: an earlier stage is not paid yet, or the contract is not signed.
        MoveRefused: it is funded already, or over.
        BeingPaid: its money has come and is being booked.
    """
    contract, milestone = held_milestone(milestone_id)
    as_side(contract, by, CLIENT)
    if milestone.state != Stage.PLANNED:
        raise milestone.machine.refusal(milestone.state)
    if contract.state != Agreeing.ACTIVE or milestone.until is None:
        raise NotNext
    refuse_paid_order(milestone)
    for intent in orders(milestone.pk).order_by("-created_at")[:5]:
        if intent.state in (Intent.CREATED, Intent.AWAITING) and at < intent.expires_at:
            return intent
    ledger.open_account(escrow_of(milestone))
    return intents.open_intent(
        purpose=(KIND, milestone.pk),
        subject=(KIND, milestone.pk),
        payer_id=contract.client_id,
        amount_fen=milestone.amount_fen,
        title=f"托管：{contract.title}·{milestone.title}"[:120],
        expires_at=at + timedelta(hours=rules.value("engagements.order_hours", at=at)),
        at=at,
    )


@transaction.atomic
def fund(*, milestone_id: UUID, intent_id: UUID, at: datetime) -> None:
    """The money is in escrow: work may begin. Where that is no longer wanted it goes back. Safe to repeat."""
    contract, milestone = held_milestone(milestone_id)
    if milestone.paid_by_id == intent_id:
        return
    if milestone.state != Stage.PLANNED or contract.state != Agreeing.ACTIVE or milestone.paid_by_id is not None:
        refunds.refund_whole(intent_id=intent_id, reason="这一阶段已托管或已终止", at=at)
        return
    milestone.paid_by_id = intent_id
    milestone.deliver_by = at + timedelta(days=milestone.days)
    move(milestone, "fund", by=PROVIDER, at=at)


def payment_of(milestone: Milestone) -> PaymentIntent:
    """The payment that a milestone's money came by."""
    if milestone.paid_by is None:
        raise AssertionError(f"milestone {milestone.pk} holds money of nobody")
    return milestone.paid_by


def free_money(milestone: Milestone, *, at: datetime) -> Fen:
    """What a milestone's escrow holds, with its payment held, so that no chargeback comes between this and what is done.

    Raises:
        DisputeOpen: the client's bank asks for the money already; escrow may have to give it.
        Busy: a request about the payment was made at this very moment.
    """
    paid_by = payment_of(milestone).pk
    refunds.held_without_requests(intent_id=paid_by, at=at, reason="阶段款结算")
    if payments.is_disputed(paid_by):
        raise DisputeOpen
    return books.available(escrow_of(milestone))


def fee_of(fen: Fen, *, at: datetime) -> Fen:
    """What the platform keeps of so much, by the schedule of the day."""
    fee = ledger.fee_due(FEE, on=fen, at=at)
    return fee[1] if fee else 0


def pay_out(milestone: Milestone, fen: Fen, *, at: datetime) -> None:
    """Give the worker so much of a milestone, less the published fee and the tax that is withheld (放款)."""
    contract = milestone.contract
    fee = ledger.fee_due(FEE, on=fen, at=at)
    fee_fen = fee[1] if fee else 0
    tax_fen = withholding.keep(
        Payment(
            payee=contract.worker,
            payer_id=contract.client_id,
            project_id=contract.pk,
            cause_id=milestone.pk,
            title=f"{contract.title}·{milestone.title}",
            paid_fen=fen,
            fee_fen=fee_fen,
        ),
        at=at,
    ).tax_fen
    escrow = escrow_of(milestone)
    legs = [ledger.Leg(escrow, ledger.open_account(ledger.payable_to(contract.worker_id)), fen - fee_fen - tax_fen)]
    if fee is not None:
        fees = ledger.open_account(ledger.PLATFORM_FEES)
        legs.append(ledger.Leg(escrow, fees, fee_fen, fee=fee[0], fee_base_fen=fen))
    if tax_fen:
        legs.append(ledger.Leg(escrow, ledger.open_account(ledger.WITHHELD_TAX), tax_fen))
    ledger.post(key=f"milestone:{milestone.pk}", kind="release", legs=legs, cause=(KIND, milestone.pk), at=at)
    milestone.given_fen, milestone.fee_fen, milestone.tax_fen = fen, fee_fen, tax_fen


def give_back(milestone: Milestone, fen: Fen, *, reason: str, at: datetime) -> None:
    """Give the client so much of a milestone: by the payment, or owed to them where that way is closed (退还).

    Raises:
        DisputeOpen: the client's bank asks for the money already.
        Busy: a request about it was made at this very moment.
    """
    refunds.return_or_owe(
        intent_id=payment_of(milestone).pk,
        amount_fen=fen,
        party_id=milestone.contract.client_id,
        key=f"milestone-back:{milestone.pk}",
        cause=(KIND, milestone.pk),
        reason=reason,
        at=at,
    )
    milestone.back_fen = fen


def return_whole(milestone: Milestone, *, reason: str, at: datetime) -> None:
    """Give back all that a milestone's escrow holds."""
    rest = free_money(milestone, at=at)
    if rest > 0:
        give_back(milestone, rest, reason=reason, at=at)


def divide(milestone: Milestone, to_worker_fen: Fen, *, reason: str, at: datetime) -> str:
    """Give the worker so much and the client the rest, and say by which move that is done (分配)."""
    rest = free_money(milestone, at=at) - to_worker_fen
    if to_worker_fen > 0:
        pay_out(milestone, to_worker_fen, at=at)
    if rest > 0:
        give_back(milestone, rest, reason=reason, at=at)
    return "decide_refund" if to_worker_fen <= 0 else "decide_split" if rest > 0 else "decide_release"


@transaction.atomic
def lose(*, milestone_id: UUID, at: datetime) -> None:
    """The client's bank took the payment back: nothing is left to work for, and what is left goes back. Safe to repeat."""
    _contract, milestone = held_milestone(milestone_id)
    if milestone.state not in Stage.HOLDING:
        return
    return_whole(milestone, reason="付款已被银行收回", at=at)
    move(milestone, "lose", by=SYSTEM, at=at, reason="付款已被银行收回")
