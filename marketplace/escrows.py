"""The money of posted work (托管): one order into escrow, work paid out of it less fee and tax, the rest back to who posted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.models import Party
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries as payments
from backend.payments.errors import DisputeOpen
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents, refunds
from backend.payments.states import Intent
from marketplace.engagements.errors import BeingPaid
from marketplace.tax import withholding
from marketplace.tax.withholding import Payment

FEE = "task_service"

Subject = tuple[str, UUID]
"""Whose escrow it is: the kind of thing, and which one."""


def orders(subject: Subject) -> QuerySet[PaymentIntent]:
    """The orders that pay a thing's escrow in."""
    return PaymentIntent.objects.filter(subject_id=subject[1], subject_kind=subject[0])


def refuse_paid_order(subject: Subject, *, paid_by_id: UUID | None) -> None:
    """Go on unless the money has come and is only not booked yet.

    Raises:
        BeingPaid: it has.
    """
    if paid_by_id is None and orders(subject).filter(state=Intent.SUCCEEDED).exists():
        raise BeingPaid


def order(subject: Subject, *, payer_id: UUID, amount_fen: Fen, title: str, hours: int, at: datetime) -> PaymentIntent:
    """The order that pays the whole sum into escrow; the open one where there is one (托管订单).

    Raises:
        BeingPaid: the money has come and is being booked.
    """
    refuse_paid_order(subject, paid_by_id=None)
    for intent in orders(subject).order_by("-created_at")[:5]:
        if intent.state in (Intent.CREATED, Intent.AWAITING) and at < intent.expires_at:
            return intent
    ledger.open_account(ledger.escrow_of(*subject))
    return intents.open_intent(
        purpose=subject,
        subject=subject,
        payer_id=payer_id,
        amount_fen=amount_fen,
        title=title[:120],
        expires_at=at + timedelta(hours=hours),
        at=at,
    )


def free_money(subject: Subject, *, paid_by_id: UUID | None, reason: str, at: datetime) -> Fen:
    """What the escrow holds, with its payment held, so that no chargeback comes between this and what is done.

    Raises:
        DisputeOpen: the payer's bank asks for the money already.
        Busy: a request about the payment was made at this very moment.
    """
    if paid_by_id is None:
        raise AssertionError(f"{subject} holds money of nobody")
    refunds.held_without_requests(intent_id=paid_by_id, at=at, reason=reason)
    if payments.is_disputed(paid_by_id):
        raise DisputeOpen
    return books.available(ledger.escrow_of(*subject))


def fee_of(fen: Fen, *, at: datetime) -> Fen:
    """What the platform keeps of so much, by the schedule of the day."""
    fee = ledger.fee_due(FEE, on=fen, at=at)
    return fee[1] if fee else 0


@dataclass(frozen=True)
class Wage:
    """What somebody has earned out of an escrow: `fen` before fee and tax; `cause_id` is what it is paid for, once."""

    subject: Subject
    payee: Party
    payer_id: UUID
    cause_id: UUID
    key: str
    title: str
    fen: Fen


def pay_out(wage: Wage, *, at: datetime) -> tuple[Fen, Fen]:
    """Pay a wage, less the published fee and the tax that is withheld; return fee and tax in fen (发放报酬)."""
    fee = ledger.fee_due(FEE, on=wage.fen, at=at)
    fee_fen = fee[1] if fee else 0
    tax_fen = withholding.keep(
        Payment(
            payee=wage.payee,
            payer_id=wage.payer_id,
            project_id=wage.subject[1],
            cause_id=wage.cause_id,
            title=wage.title,
            paid_fen=wage.fen,
            fee_fen=fee_fen,
        ),
        at=at,
    ).tax_fen
    escrow = ledger.escrow_of(*wage.subject)
    legs = [ledger.Leg(escrow, ledger.open_account(ledger.payable_to(wage.payee.pk)), wage.fen - fee_fen - tax_fen)]
    if fee is not None and fee_fen:
        legs.append(
            ledger.Leg(escrow, ledger.open_account(ledger.PLATFORM_FEES), fee_fen, fee=fee[0], fee_base_fen=wage.fen)
        )
    if tax_fen:
        legs.append(ledger.Leg(escrow, ledger.open_account(ledger.WITHHELD_TAX), tax_fen))
    ledger.post(key=wage.key, kind="release", legs=legs, cause=wage.subject, at=at)
    return fee_fen, tax_fen


def give_back(
    subject: Subject, *, paid_by_id: UUID, party_id: UUID, fen: Fen, key: str, reason: str, at: datetime
) -> None:
    """Give who posted it so much: by the payment, or owed to them where that way is closed (退还余款)."""
    refunds.return_or_owe(
        intent_id=paid_by_id, amount_fen=fen, party_id=party_id, key=key, cause=subject, reason=reason, at=at
    )
