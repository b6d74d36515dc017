"""What payments do when an order of their own was paid: a party pays what it owes."""

from __future__ import annotations

from backend.common.outbox import when
from backend.payments.events import PaymentArrivedLate, PaymentSettled
from backend.payments.operations import debts, refunds

when_of_debts = when(lambda event: event.subject_kind == "debts")


@when_of_debts
def take_repayment(event: PaymentSettled) -> None:
    debts.take_repayment(party_id=event.subject_id, intent_id=event.intent_id, amount_fen=event.amount_fen, at=event.at)


@when_of_debts
def return_late(event: PaymentArrivedLate) -> None:
    """Whoever pays a repayment after its time gets it back and orders anew: the sum may have changed."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


HANDLERS = {PaymentSettled: [take_repayment], PaymentArrivedLate: [return_late]}
