"""Chargebacks: the same sum is held while they are open, and leaves when they are lost.

The provider tells of them by letter and merchant desk, not by a signed call, so a finance officer
records each step, and another one records the provider's decision.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from backend.common import outbox, rules
from backend.common.actors import CLOCK, Actor, require_other_person
from backend.common.errors import Invalid
from backend.common.fen import Fen, show_yuan
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.errors import InsufficientFunds
from backend.payments.errors import DisputeKnown
from backend.payments.events import DisputeEnded, DisputeOpened
from backend.payments.ledger_accounts import clearing_of, escrow_of
from backend.payments.models import Dispute, PaymentIntent
from backend.payments.operations import debts, refunds
from backend.payments.states import Disputing


@transaction.atomic
def open_dispute(
    *, intent_id: UUID, provider_no: str, amount_fen: Fen, payee_id: UUID | None, by: Actor, at: datetime
) -> Dispute:
    """Take up a chargeback and hold its sum: from the escrow, else from what the payee is owed (登记拒付).

    A refund that nobody approved yet is turned down: the bank asks for the same money.
    Where neither holds enough the dispute has no hold, and a loss becomes the payee's debt. It may come after a
    refund, and then for money that left already: what goes beyond the payment is the reserve's.

    Raises:
        Invalid: no number of the case, or more than was paid.
        MoveRefused: the order was never paid.
        DisputeKnown: the case is on record.
    """
    intent = refunds.held_without_requests(intent_id=intent_id, at=at, reason="拒付")
    if not provider_no.strip() or by.person_id is None:
        raise Invalid("请填写支付机构的案件编号", "Enter the provider's case number", field="provider_no")
    if not 0 < amount_fen <= intent.amount_fen:
        paid = show_yuan(intent.amount_fen)
        raise Invalid(
            f"金额须大于零且不超过已付 {paid}", f"More than zero, at most the {paid} paid", field="amount_fen"
        )
    if intent.trade_no is None:
        raise intent.machine.refusal(intent.state)
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                provider_no=provider_no.strip(),
                intent=intent,
                payee_id=payee_id,
                amount_fen=amount_fen,
                opened_by=by.person_id,
                opened_at=at,
                answer_by=at + timedelta(days=rules.value("payments.dispute_answer_days", at=at)),
            )
    except IntegrityError as error:
        raise DisputeKnown(field="provider_no") from error
    dispute.hold_id = _hold(dispute, intent, payee_id, at)
    dispute.save(update_fields=["hold_id"])
    outbox.record(
        DisputeOpened(
            at=at,
            dispute_id=dispute.id,
            subject_kind=intent.subject_kind,
            subject_id=intent.subject_id,
            party_id=intent.payer_id,
            amount_fen=amount_fen,
        )
    )
    return dispute


def _brought(dispute: Dispute, intent: PaymentIntent) -> Fen:
    """What is left of a payment for this case: less what went back, and what other open cases hold of it."""
    others = Dispute.objects.filter(intent=intent, state__in=Disputing.OPEN, hold_id__isnull=False).exclude(
        pk=dispute.pk
    )
    asked = others.aggregate(total=Sum("amount_fen"))["total"] or 0
    return max(0, int(intent.amount_fen - intent.refunded_fen - asked))


def _hold(dispute: Dispute, intent: PaymentIntent, payee_id: UUID | None, at: datetime) -> UUID | None:
    """Hold the sum where it can be had whole: in escrow, else in what the payee is owed; None where neither has it.

    Nobody bears more of a payment than it brought, however many cases are open about it: the rest of escrow is
    other people's.
    """
    if dispute.amount_fen > _brought(dispute, intent):
        return None
    sources = [escrow_of(intent)]
    if payee_id is not None:
        sources.append(ledger.payable_to(payee_id))
    for source in sources:
        try:
            return ledger.hold(
                key=f"dispute-hold:{dispute.id}",
                kind="dispute",
                debit=ledger.open_account(source),
                credit=clearing_of(intent),
                amount_fen=dispute.amount_fen,
                cause=("dispute", dispute.id),
                at=at,
            )
        except InsufficientFunds:
            continue  # the next one is asked
    return None


@transaction.atomic
def file_evidence(*, dispute_id: UUID, evidence: str, by: Actor, at: datetime) -> None:
    """Note what was sent to the provider in answer (举证)."""
    dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
    dispute.move("file_evidence", by=by, at=at)
    dispute.evidence = evidence[:5_000]
    dispute.save(update_fields=["evidence"])


@transaction.atomic
def win_dispute(*, dispute_id: UUID, by: Actor, at: datetime) -> None:
    """The provider decided for us: what was held is free again (胜诉).

    Raises:
        SamePerson: the officer who recorded the case.
    """
    dispute = Dispute.objects.select_for_update().select_related("intent").get(pk=dispute_id)
    require_other_person(by, dispute.opened_by)
    dispute.move("win", by=by, at=at)
    if dispute.hold_id is not None:
        ledger.void(key=f"dispute-void:{dispute.id}", hold_id=dispute.hold_id, at=at)
    _announce(dispute, dispute.intent, at)


@transaction.atomic
def lose_dispute(*, dispute_id: UUID, by: Actor, at: datetime) -> None:
    """The money is gone: from what was held, or from the payee, who owes what it lacks (败诉、认赔、逾期).

    Raises:
        SamePerson: the officer who recorded the case.
    """
    dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
    intent = refunds.held_without_requests(intent_id=dispute.intent_id, at=at, reason="拒付")
    if by is not CLOCK:
        require_other_person(by, dispute.opened_by)
    dispute.move("let_pass" if by is CLOCK else "lose", by=by, at=at)
    if dispute.hold_id is not None:
        ledger.capture(key=f"dispute:{dispute.id}", hold_id=dispute.hold_id, at=at)
    else:
        _bear(dispute, intent, at)
    dispute.counted_fen = min(intent.amount_fen - intent.refunded_fen, dispute.amount_fen)
    dispute.save(update_fields=["counted_fen"])
    PaymentIntent.objects.filter(pk=intent.pk).update(refunded_fen=F("refunded_fen") + dispute.counted_fen)
    intent.refunded_fen += dispute.counted_fen
    _announce(dispute, intent, at)


def _bear(dispute: Dispute, intent: PaymentIntent, at: datetime) -> None:
    """Nothing was held: the payee bears what the payment brought, as a debt where it has no more; the reserve the rest."""
    clearing, legs = clearing_of(intent), []
    theirs = min(dispute.amount_fen, _brought(dispute, intent)) if dispute.payee_id is not None else 0
    if dispute.payee_id is not None and theirs:
        payable = ledger.payable_to(dispute.payee_id)
        own = max(0, min(theirs, books.available(payable)))
        if own:
            legs.append(ledger.Leg(payable, clearing, own))
        if theirs - own:
            debtor = ledger.open_account(ledger.receivable_from(dispute.payee_id))
            legs.append(ledger.Leg(debtor, clearing, theirs - own))
            debts.owe(dispute=dispute, party_id=dispute.payee_id, amount_fen=theirs - own, at=at)
    if dispute.amount_fen - theirs:
        legs.append(ledger.Leg(ledger.open_account(ledger.RESERVE), clearing, dispute.amount_fen - theirs))
    ledger.post(key=f"dispute:{dispute.id}", kind="dispute", legs=legs, cause=("dispute", dispute.id), at=at)


def _announce(dispute: Dispute, intent: PaymentIntent, at: datetime) -> None:
    outbox.record(
        DisputeEnded(
            at=at,
            dispute_id=dispute.id,
            subject_kind=intent.subject_kind,
            subject_id=intent.subject_id,
            party_id=intent.payer_id,
            amount_fen=dispute.amount_fen,
            outcome=dispute.state,
            is_whole=intent.refunded_fen == intent.amount_fen,
        )
    )
