"""Chargebacks: the same sum is held while they are open, and leaves when they are lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from backend.common import rules
from backend.common.actors import CLOCK, PROVIDER, Actor
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.errors import InsufficientFunds
from backend.payments.models import Dispute, PaymentIntent
from backend.payments.operations.intents import clearing_of, escrow_of


@transaction.atomic
def open_dispute(*, intent_id: UUID, provider_no: str, amount_fen: Fen, payee_id: UUID | None, at: datetime) -> Dispute:
    """Take up a chargeback and hold its sum: from the escrow, else from what the payee is owed (受理拒付).

    Where neither holds enough the platform's reserve bears it, and the dispute has no hold. Safe to
    repeat under the provider's number.
    """
    known = Dispute.objects.filter(provider_no=provider_no).first()
    if known is not None:
        return known
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    dispute = Dispute.objects.create(
        provider_no=provider_no,
        intent=intent,
        amount_fen=amount_fen,
        opened_at=at,
        answer_by=at + timedelta(days=rules.value("payments.dispute_answer_days", at=at)),
    )
    sources = [escrow_of(intent), *([ledger.payable_to(payee_id)] if payee_id else [])]
    for source in sources:
        if books.available(source) < amount_fen:
            continue
        try:
            dispute.hold_id = ledger.hold(
                key=f"dispute-hold:{dispute.id}",
                kind="dispute",
                debit=source,
                credit=clearing_of(intent),
                amount_fen=amount_fen,
                cause=("dispute", dispute.id),
                at=at,
            )
        except InsufficientFunds:
            continue  # another act was quicker; the next source is tried
        dispute.save(update_fields=["hold_id"])
        break
    return dispute


@transaction.atomic
def file_evidence(*, dispute_id: UUID, evidence: str, by: Actor, at: datetime) -> None:
    """Answer a chargeback with the log's evidence (举证)."""
    dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
    dispute.move("file_evidence", by=by, at=at)
    dispute.evidence = evidence[:5_000]
    dispute.save(update_fields=["evidence"])


@transaction.atomic
def win_dispute(*, dispute_id: UUID, at: datetime) -> None:
    """The provider decided for us: what was held is free again."""
    dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
    dispute.move("win", by=PROVIDER, at=at)
    if dispute.hold_id is not None:
        ledger.void(key=f"dispute-void:{dispute.id}", hold_id=dispute.hold_id, at=at)


@transaction.atomic
def lose_dispute(*, dispute_id: UUID, by: Actor, at: datetime) -> None:
    """The money is gone: from what was held, or from the reserve."""
    dispute = Dispute.objects.select_for_update().select_related("intent").get(pk=dispute_id)
    event = "let_pass" if by is CLOCK else "lose" if by is PROVIDER else "accept"
    dispute.move(event, by=by, at=at)
    if dispute.hold_id is not None:
        ledger.capture(key=f"dispute:{dispute.id}", hold_id=dispute.hold_id, at=at)
    else:
        leg = ledger.Leg(ledger.RESERVE, clearing_of(dispute.intent), dispute.amount_fen)
        ledger.post(key=f"dispute:{dispute.id}", kind="dispute", legs=[leg], cause=("dispute", dispute.id), at=at)
    left = dispute.intent.amount_fen - dispute.intent.refunded_fen
    PaymentIntent.objects.filter(pk=dispute.intent_id).update(
        refunded_fen=F("refunded_fen") + min(left, dispute.amount_fen)
    )
