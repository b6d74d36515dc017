"""Orders for money: opened, shown to the payer, settled, expired.

`apply_trade` is the one transition that serves notice, query, bill and staff alike.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import crash, outbox, rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM
from backend.common.fen import Fen
from backend.common.ids import new_id
from backend.ledger import operations as ledger
from backend.payments.events import PaymentArrivedLate, PaymentExpired, PaymentSettled
from backend.payments.gateways import provider
from backend.payments.ledger_accounts import clearing_of, escrow_of
from backend.payments.models import PaymentIntent, order_number
from backend.payments.operations import refunds
from backend.payments.provider import Refused, TradeFact, Unknown
from backend.payments.states import Intent

FIRST_LOOK = timedelta(seconds=20)
LONGEST_GAP = timedelta(minutes=10)
LAST_LOOK = timedelta(days=1)
"""How long after its time an unpaid order is asked about for the last time."""


def open_intent(
    *,
    purpose: tuple[str, UUID],
    subject: tuple[str, UUID],
    payer_id: UUID,
    amount_fen: Fen,
    title: str,
    expires_at: datetime,
    at: datetime,
) -> PaymentIntent:
    """Write an order for money. The caller's transaction decides whether it comes to be."""
    intent_id = new_id()
    return PaymentIntent.objects.create(
        id=intent_id,
        number=order_number("P", at, intent_id),
        purpose_kind=purpose[0],
        purpose_id=purpose[1],
        subject_kind=subject[0],
        subject_id=subject[1],
        payer_id=payer_id,
        amount_fen=amount_fen,
        title=title,
        created_at=at,
        expires_at=expires_at,
        next_try_at=at + FIRST_LOOK,
    )


def cashier_url(*, intent_id: UUID, phone: bool, at: datetime) -> str:
    """Where to send the payer's browser; every visit may ask anew, and one order is paid once.

    Raises:
        MoveRefused: the order is paid, failed or expired.
    """
    with transaction.atomic():
        intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
        if intent.state == Intent.CREATED:
            intent.move("show_cashier", by=SYSTEM, at=at)
        elif intent.state != Intent.AWAITING or at >= intent.expires_at:
            raise intent.machine.refusal(intent.state)
    return provider().cashier_url(
        number=intent.number,
        amount_fen=intent.amount_fen,
        subject=intent.title,
        expires_at=intent.expires_at,
        phone=phone,
        at=at,
    )


@transaction.atomic
def apply_trade(*, intent_id: UUID, fact: TradeFact, at: datetime) -> bool:
    """Bring an order to what the provider says of its payment; return whether anything changed.

    Safe to repeat, in any order: a second trade for a paid order becomes a duplicate that goes back
    by itself, and final states never go back.
    """
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    if not fact.is_payment or fact.amount_fen != intent.amount_fen:
        return False
    if intent.trade_no == fact.trade_no or _duplicate_known(intent, fact):
        return False
    if intent.trade_no is not None:
        _take_duplicate(intent, fact, at)
        return True
    intent.trade_no = fact.trade_no
    intent.paid_at = fact.paid_at or at
    intent.refundable_until = (at + timedelta(days=rules.value("payments.refund_window_days", at=at))).date()
    intent.next_try_at = None
    intent.save(update_fields=["trade_no", "paid_at", "refundable_until", "next_try_at"])
    if intent.state in (Intent.CREATED, Intent.AWAITING):
        _settle(intent, at)
    else:
        _take_late(intent, at)
    return True


def _settle(intent: PaymentIntent, at: datetime) -> None:
    intent.move("succeed", by=PROVIDER, at=at)
    leg = ledger.Leg(clearing_of(intent), escrow_of(intent), intent.amount_fen)
    ledger.post(key=f"settle:{intent.id}", kind="contribution", legs=[leg], cause=("intent", intent.id), at=at)
    outbox.record(
        PaymentSettled(
            at=at,
            intent_id=intent.id,
            subject_kind=intent.subject_kind,
            subject_id=intent.subject_id,
            purpose_id=intent.purpose_id,
            amount_fen=intent.amount_fen,
        )
    )


def _take_late(intent: PaymentIntent, at: datetime) -> None:
    """Money after expiry waits in suspense until whoever sold decides: honour, or give back whole."""
    intent.move("arrive_late", by=PROVIDER, at=at)
    _to_suspense(intent, at)
    outbox.record(
        PaymentArrivedLate(at=at, intent_id=intent.id, subject_kind=intent.subject_kind, subject_id=intent.subject_id)
    )


def _to_suspense(intent: PaymentIntent, at: datetime) -> None:
    leg = ledger.Leg(clearing_of(intent), ledger.SUSPENSE, intent.amount_fen)
    ledger.post(key=f"late:{intent.id}", kind="late", legs=[leg], cause=("intent", intent.id), at=at)


def _duplicate_known(intent: PaymentIntent, fact: TradeFact) -> bool:
    return PaymentIntent.objects.filter(clearing=intent.clearing, trade_no=fact.trade_no).exists()


def _take_duplicate(intent: PaymentIntent, fact: TradeFact, at: datetime) -> None:
    """A second payment of one order: never in escrow, and on its way back without staff."""
    twin_id = new_id()
    twin = PaymentIntent.objects.create(
        id=twin_id,
        number=order_number("D", at, twin_id),
        purpose_kind=intent.purpose_kind,
        purpose_id=intent.purpose_id,
        subject_kind="duplicate",
        subject_id=intent.id,
        payer_id=intent.payer_id,
        amount_fen=fact.amount_fen,
        title=intent.title,
        clearing=intent.clearing,
        trade_no=fact.trade_no,
        duplicate_of=intent,
        created_at=at,
        expires_at=at,
        paid_at=fact.paid_at or at,
        refundable_until=intent.refundable_until,
        state=Intent.EXPIRED,
    )
    twin.move("arrive_late", by=PROVIDER, at=at, reason="second payment of one order")
    _to_suspense(twin, at)
    refunds.refund_whole(intent_id=twin.id, reason="重复支付", at=at)


@transaction.atomic
def honour_late(*, intent_id: UUID, at: datetime) -> None:
    """Let money that came late count after all: suspense → escrow."""
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    intent.move("honour", by=SYSTEM, at=at)
    leg = ledger.Leg(ledger.SUSPENSE, escrow_of(intent), intent.amount_fen)
    ledger.post(key=f"honour:{intent.id}", kind="contribution", legs=[leg], cause=("intent", intent.id), at=at)


def look_after(*, intent_id: UUID, at: datetime) -> None:
    """Ask the provider about an unpaid order, and once its time is past close and expire it.

    "No such trade" proves nothing before the expiry: the payer may still be at the cashier. After a
    close the provider is asked once more, because a payment may have won.
    """
    intent = PaymentIntent.objects.get(pk=intent_id)
    if intent.state == Intent.EXPIRED and intent.next_try_at is not None:
        _look_for_late(intent, at)
        return
    if intent.state not in (Intent.CREATED, Intent.AWAITING):
        return
    fact = provider().query(number=intent.number, at=at)
    crash.point("intent.queried")
    if isinstance(fact, TradeFact) and fact.is_payment:
        apply_trade(intent_id=intent_id, fact=fact, at=at)
        return
    if at >= intent.expires_at and not isinstance(fact, Unknown) and _is_closed(intent, fact, at):
        expire(intent_id=intent_id, at=at)
        return
    _look_later(intent, at)


def _look_for_late(intent: PaymentIntent, at: datetime) -> None:
    """A payer who began in time may end a little after it, and the notice of it may be lost: ask twice more."""
    fact = provider().query(number=intent.number, at=at)
    if isinstance(fact, TradeFact) and fact.is_payment:
        apply_trade(intent_id=intent.pk, fact=fact, at=at)
        return
    last_look = intent.expires_at + LAST_LOOK
    again = at + LONGEST_GAP if isinstance(fact, Unknown) else last_look if at < last_look else None
    PaymentIntent.objects.filter(pk=intent.pk, state=Intent.EXPIRED).update(next_try_at=again)


def _is_closed(intent: PaymentIntent, fact: TradeFact | Refused, at: datetime) -> bool:
    """Whether the provider will take no more money for this order."""
    if isinstance(fact, Refused):
        return fact.code == "ACQ.TRADE_NOT_EXIST"  # past time_expire the link is dead
    if fact.status == "TRADE_CLOSED":
        return True
    closing = provider().close(number=intent.number, at=at)
    crash.point("intent.closed")
    after = provider().query(number=intent.number, at=at)
    if isinstance(after, TradeFact) and after.is_payment:
        apply_trade(intent_id=intent.id, fact=after, at=at)
        return False
    return not isinstance(closing, Unknown) and not isinstance(after, Unknown)


@transaction.atomic
def expire(*, intent_id: UUID, at: datetime) -> None:
    """Give up an order that was not paid in time; what it reserved is free again."""
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    if intent.state not in (Intent.CREATED, Intent.AWAITING):
        return
    intent.move("expire", by=CLOCK, at=at)
    intent.next_try_at = at + LONGEST_GAP
    intent.save(update_fields=["next_try_at"])
    outbox.record(
        PaymentExpired(at=at, intent_id=intent.id, subject_kind=intent.subject_kind, subject_id=intent.subject_id)
    )


def _look_later(intent: PaymentIntent, at: datetime) -> None:
    """Ask again with growing gaps, and right after the expiry."""
    gap = min(FIRST_LOOK * 2 ** min(intent.tries, 10), LONGEST_GAP)
    soon = at + gap
    if at < intent.expires_at < soon:
        soon = intent.expires_at
    PaymentIntent.objects.filter(pk=intent.pk).update(next_try_at=soon, tries=intent.tries + 1)


def hurry_expiry(*, subject_ids: list[UUID], at: datetime) -> None:
    """End the time of unpaid orders now, as when a campaign closes or the payer changes their mind."""
    PaymentIntent.objects.filter(
        subject_id__in=subject_ids, state__in=(Intent.CREATED, Intent.AWAITING), expires_at__gt=at
    ).update(expires_at=at, next_try_at=at)
