"""Money going back: asked for, approved by another person, held, sent, and asked about until it is known.

The number is committed before the call; a timeout is unknown, never failure; a repeat carries the
same number and the same content.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from backend.common import crash, outbox
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor, require_other_person
from backend.common.errors import Busy, Refusal
from backend.common.fen import Fen, show_yuan
from backend.common.ids import new_id
from backend.ledger import operations as ledger
from backend.payments.errors import DisputeOpen, MoneyPromised, PreviewStale, RefundTooLarge, RefundWindowPassed
from backend.payments.events import RefundRefused, RefundSucceeded
from backend.payments.gateways import provider
from backend.payments.ledger_accounts import bearing, clearing_of
from backend.payments.models import PaymentIntent, Refund, RefundBatch, order_number
from backend.payments.payees import is_promised
from backend.payments.provider import Done, Outcome, Refused
from backend.payments.states import Disputing, Intent, Refunding

FIRST_GAP = timedelta(seconds=5)
LONGEST_GAP = timedelta(minutes=10)
MANUAL_GAP = timedelta(days=1)
_NOT_RECEIVED = frozenset({"REFUND_NOT_RECEIVED", "ACQ.TRADE_NOT_EXIST"})


@transaction.atomic
def request_refund(*, intent_id: UUID, amount_fen: Fen, reason: str, by: Actor, at: datetime) -> Refund:
    """Ask for a refund of all or part of a payment (申请退款). It waits for a second person.

    Raises:
        RefundTooLarge: refunds made and under way would exceed the payment.
        RefundWindowPassed: the provider no longer takes it.
        DisputeOpen: a chargeback is open.
        MoneyPromised: it is a published prize, and whoever asks is a person.
    """
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    _require_refundable(intent, amount_fen, at)
    if by is not SYSTEM and is_promised(intent):
        raise MoneyPromised
    _require_undisputed(intent)
    PaymentIntent.objects.filter(pk=intent_id).update(refunded_fen=F("refunded_fen") + amount_fen)
    refund = _requested(intent, amount_fen, reason, by, at)
    refund.save(force_insert=True)
    return refund


def _requested(
    intent: PaymentIntent, amount_fen: Fen, reason: str, by: Actor, at: datetime, batch: RefundBatch | None = None
) -> Refund:
    refund_id = new_id()
    return Refund(
        id=refund_id,
        number=order_number("R", at, refund_id),
        intent=intent,
        amount_fen=amount_fen,
        reason=reason,
        account_code=bearing(intent).code,
        batch=batch,
        requested_by=by.person_id,
        created_at=at,
    )


def _require_refundable(intent: PaymentIntent, amount_fen: Fen, at: datetime) -> None:
    if intent.state not in (Intent.SUCCEEDED, Intent.LATE):
        raise intent.machine.refusal(intent.state)
    left = intent.amount_fen - intent.refunded_fen
    if not 0 < amount_fen <= left:
        raise RefundTooLarge(field="amount_fen", left=show_yuan(left))
    if intent.refundable_until is not None and at.date() > intent.refundable_until:
        raise RefundWindowPassed


def _require_undisputed(intent: PaymentIntent) -> None:
    if intent.disputes.filter(state__in=Disputing.OPEN).exists():
        raise DisputeOpen


@transaction.atomic
def approve_refund(*, refund_id: UUID, by: Actor, at: datetime) -> Refund:
    """Approve a refund; its money is held at once, and a worker sends it (复核退款).

    Raises:
        SamePerson: whoever asked approves.
        DisputeOpen: a chargeback came meanwhile.
        InsufficientFunds: the escrow no longer holds as much, a payout won.
    """
    refund = Refund.objects.select_for_update().select_related("intent").get(pk=refund_id)
    if by is not SYSTEM:
        require_other_person(by, refund.requested_by)
    _require_undisputed(refund.intent)
    refund.move("approve", by=by, at=at)
    refund.hold_id = ledger.hold(
        key=f"refund-hold:{refund.id}",
        kind="refund",
        debit=bearing(refund.intent),
        credit=clearing_of(refund.intent),
        amount_fen=refund.amount_fen,
        cause=("refund", refund.id),
        at=at,
    )
    refund.approved_by = by.person_id
    refund.next_try_at = at
    refund.save(update_fields=["hold_id", "approved_by", "next_try_at"])
    return refund


@transaction.atomic
def refuse_refund(*, refund_id: UUID, by: Actor, at: datetime, reason: str) -> None:
    """Turn a refund down; the payment may be refunded later."""
    refund = Refund.objects.select_for_update(of=("self",)).select_related("intent").get(pk=refund_id)
    refund.move("lapse" if by is CLOCK else "refuse", by=by, at=at, reason=reason)
    PaymentIntent.objects.filter(pk=refund.intent_id).update(refunded_fen=F("refunded_fen") - refund.amount_fen)
    outbox.record(
        RefundRefused(
            at=at,
            refund_id=refund.id,
            subject_kind=refund.intent.subject_kind,
            subject_id=refund.intent.subject_id,
        )
    )


@transaction.atomic
def drop_requested(*, intent_ids: list[UUID], at: datetime, reason: str) -> None:
    """Turn down what was asked for but not approved, because a rule now decides on these payments.

    Called before the payments are locked: locks go refund, then payment.
    """
    waiting = Refund.objects.filter(intent_id__in=intent_ids, state=Refunding.REQUESTED).order_by("pk")
    for refund_id in list(waiting.values_list("pk", flat=True)):
        refuse_refund(refund_id=refund_id, by=SYSTEM, at=at, reason=reason)


def held_without_requests(*, intent_id: UUID, at: datetime, reason: str) -> PaymentIntent:
    """The payment, its row held, and nothing asked for of it that waits for approval.

    Locks go refund, then payment, so a request may slip in between the two: then nothing is done and
    whoever asked comes again.

    Raises:
        Busy: a request was made at this very moment.
    """
    drop_requested(intent_ids=[intent_id], at=at, reason=reason)
    intent = PaymentIntent.objects.select_for_update().get(pk=intent_id)
    if Refund.objects.filter(intent=intent, state=Refunding.REQUESTED).exists():
        raise Busy
    return intent


@transaction.atomic
def refund_whole(*, intent_id: UUID, reason: str, at: datetime) -> Refund | None:
    """Give back all that is left of a payment, by a rule and not by staff; None when nothing is left.

    What somebody asked for and nobody approved yet is part of it.
    """
    intent = held_without_requests(intent_id=intent_id, at=at, reason=reason)
    left = intent.amount_fen - intent.refunded_fen
    if left == 0:
        return None
    return refund_by_rule(intent_id=intent_id, amount_fen=left, reason=reason, at=at)


def refund_by_rule(*, intent_id: UUID, amount_fen: Fen, reason: str, at: datetime) -> Refund:
    """Give back a part of a payment, by a rule and not by staff, in the caller's transaction.

    Raises:
        RefundTooLarge, RefundWindowPassed, DisputeOpen, InsufficientFunds: as for a request and its approval.
    """
    refund = request_refund(intent_id=intent_id, amount_fen=amount_fen, reason=reason, by=SYSTEM, at=at)
    return approve_refund(refund_id=refund.id, by=SYSTEM, at=at)


def return_or_owe(
    *, intent_id: UUID, amount_fen: Fen, party_id: UUID, key: str, cause: tuple[str, UUID], reason: str, at: datetime
) -> None:
    """Give back a part of what a payment's escrow holds, by a rule, in the caller's transaction: the way it came as far as
    the provider still takes it, and the rest owed to whoever is to have it (退回或转应付). The key is of what is owed.

    Raises:
        DisputeOpen: a chargeback is open.
        Busy: a request about the payment was made at this very moment.
    """
    intent = held_without_requests(intent_id=intent_id, at=at, reason=reason)
    _require_undisputed(intent)
    is_late = intent.refundable_until is not None and at.date() > intent.refundable_until
    back = 0 if is_late else min(amount_fen, intent.amount_fen - intent.refunded_fen)
    if back > 0:
        refund_by_rule(intent_id=intent.pk, amount_fen=back, reason=reason, at=at)
    if amount_fen > back:
        owed = ledger.open_account(ledger.payable_to(party_id))
        leg = ledger.Leg(bearing(intent), owed, amount_fen - back)
        ledger.post(key=key, kind="release", legs=[leg], cause=cause, at=at)


def send_refund(*, refund_id: UUID, at: datetime) -> None:
    """Send one refund, or ask how it stands (发送退款). Two workers at one refund send the same number."""
    refund = _take_up(refund_id, at)
    if refund is None:
        return
    crash.point("refund.taken")
    intent = refund.intent
    # A duplicate payment goes back under its own trade; its order number is not known to the provider.
    trade = {
        "trade_no": intent.trade_no or "",
        "number": intent.duplicate_of.number if intent.duplicate_of else intent.number,
    }
    outcome: Outcome = provider().refund(
        **trade, refund_number=refund.number, amount_fen=refund.amount_fen, reason=refund.reason, at=at
    )
    crash.point("refund.sent")
    if not isinstance(outcome, Done):
        known = provider().query_refund(**trade, refund_number=refund.number, amount_fen=refund.amount_fen, at=at)
        outcome = known if isinstance(known, Done) else outcome
    _record(refund_id, outcome, at)
    crash.point("refund.recorded")


def _take_up(refund_id: UUID, at: datetime) -> Refund | None:
    """Commit that the call is about to be made, and when to look again if nobody comes back."""
    with transaction.atomic():
        refund = Refund.objects.select_for_update().get(pk=refund_id)
        if refund.next_try_at is None or refund.next_try_at > at:
            return None
        if refund.state == Refunding.APPROVED:
            refund.move("send", by=SYSTEM, at=at)
        elif refund.state == Refunding.MANUAL:
            refund.move("retry", by=CLOCK, at=at)
        elif refund.state != Refunding.SENDING:
            return None
        refund.tries += 1
        refund.next_try_at = at + max(timedelta(seconds=30), min(FIRST_GAP * 2 ** min(refund.tries, 10), LONGEST_GAP))
        refund.save(update_fields=["tries", "next_try_at"])
    return Refund.objects.select_related("intent__duplicate_of").get(pk=refund_id)


@transaction.atomic
def _record(refund_id: UUID, outcome: Outcome, at: datetime) -> None:
    refund = Refund.objects.select_for_update().select_related("intent").get(pk=refund_id)
    if refund.state != Refunding.SENDING:
        return
    refund.last_answer = str(outcome)[:80]
    if isinstance(outcome, Done):
        _succeed(refund, at)
        return
    if isinstance(outcome, Refused) and outcome.code not in _NOT_RECEIVED:
        refund.move("block", by=PROVIDER, at=at, reason=outcome.code)
        refund.next_try_at = at + MANUAL_GAP
    else:
        refund.next_try_at = at + min(FIRST_GAP * 2 ** min(refund.tries, 10), LONGEST_GAP)
    refund.save(update_fields=["last_answer", "next_try_at"])


def _succeed(refund: Refund, at: datetime) -> None:
    refund.move("succeed", by=PROVIDER, at=at)
    if refund.hold_id is None:
        raise AssertionError(f"refund {refund.id} is being sent without a hold")
    ledger.capture(key=f"refund:{refund.id}", hold_id=refund.hold_id, at=at)
    refund.succeeded_at = at
    refund.next_try_at = None
    refund.save(update_fields=["succeeded_at", "next_try_at", "last_answer"])
    intent = PaymentIntent.objects.select_for_update().get(pk=refund.intent_id)
    if (
        intent.refunded_fen == intent.amount_fen
        and not intent.refunds.exclude(state__in=(Refunding.SUCCEEDED, Refunding.REFUSED))
        .exclude(pk=refund.pk)
        .exists()
    ):
        intent.move("give_back", by=SYSTEM, at=at)
    outbox.record(
        RefundSucceeded(
            at=at,
            refund_id=refund.id,
            intent_id=intent.id,
            subject_kind=intent.subject_kind,
            subject_id=intent.subject_id,
            party_id=intent.payer_id,
            amount_fen=refund.amount_fen,
            is_whole=intent.state == Intent.RETURNED,
        )
    )


def preview_digest(lines: list[tuple[UUID, Fen]]) -> str:
    """What a preview is recognised by: every payment and its sum."""
    text = "\n".join(f"{intent_id}:{amount}" for intent_id, amount in sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def request_batch(
    *, purpose_id: UUID, lines: list[tuple[UUID, Fen]], reason: str, digest: str, by: Actor, at: datetime
) -> RefundBatch:
    """Ask for the refunds of a preview, together (申请批量退款).

    Set-based, so that ten thousand lines fit a web request.

    Raises:
        PreviewStale: the lines are no longer those of the preview.
        RefundTooLarge, RefundWindowPassed, DisputeOpen: of the first line that cannot be refunded.
    """
    if not lines or preview_digest(lines) != digest:
        raise PreviewStale
    if by.person_id is None:
        raise AssertionError("a batch is asked for by a person")
    batch = RefundBatch.objects.create(
        purpose_id=purpose_id,
        reason=reason,
        digest=digest,
        count=len(lines),
        total_fen=sum(amount for _, amount in lines),
        requested_by=by.person_id,
        created_at=at,
    )
    amounts = dict(lines)
    intents = list(PaymentIntent.objects.select_for_update().filter(pk__in=amounts).order_by("pk"))
    for intent in intents:
        _require_refundable(intent, amounts[intent.pk], at)
        if is_promised(intent):
            raise MoneyPromised
    if PaymentIntent.objects.filter(pk__in=amounts, disputes__state__in=Disputing.OPEN).exists():
        raise DisputeOpen
    _count_refunds(amounts)
    Refund.objects.bulk_create(
        [_requested(intent, amounts[intent.pk], reason, by, at, batch) for intent in intents], batch_size=1_000
    )
    return batch


def _count_refunds(amounts: dict[UUID, Fen]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_paymentintent i SET refunded_fen = i.refunded_fen + l.fen "
            "FROM unnest(%s::uuid[], %s::bigint[]) AS l(id, fen) WHERE i.id = l.id",
            [list(amounts), list(amounts.values())],
        )


@transaction.atomic
def approve_batch(*, batch_id: UUID, by: Actor, at: datetime) -> None:
    """Approve a bulk refund as a second person; workers then approve and send its lines, each on its own.

    Raises:
        SamePerson: whoever asked approves.
        PreviewStale: what would be refunded is no longer what was previewed.
    """
    batch = RefundBatch.objects.select_for_update().get(pk=batch_id)
    require_other_person(by, batch.requested_by)
    lines = list(batch.refunds.filter(state=Refunding.REQUESTED).values_list("intent_id", "amount_fen"))
    if preview_digest(lines) != batch.digest:
        raise PreviewStale
    batch.move("approve", by=by, at=at)
    batch.approved_by = by.person_id
    batch.save(update_fields=["approved_by"])


@transaction.atomic
def refuse_batch(*, batch_id: UUID, by: Actor, at: datetime, reason: str) -> None:
    """Turn a bulk refund down, with every line of it."""
    batch = RefundBatch.objects.select_for_update().get(pk=batch_id)
    batch.move("lapse" if by is CLOCK else "refuse", by=by, at=at, reason=reason)
    for refund_id in batch.refunds.filter(state=Refunding.REQUESTED).values_list("pk", flat=True):
        refuse_refund(refund_id=refund_id, by=by, at=at, reason=reason)


def advance_batch(*, batch_id: UUID, at: datetime, limit: int = 200) -> None:
    """Approve the next lines of an approved batch; resumable at any line (执行批量退款)."""
    batch = RefundBatch.objects.get(pk=batch_id)
    approver = Actor(batch.approved_by, batch.approved_by, SYSTEM.roles)
    waiting = batch.refunds.filter(state=Refunding.REQUESTED).order_by("pk").values_list("pk", flat=True)
    for refund_id in list(waiting[:limit]):
        try:
            approve_refund(refund_id=refund_id, by=approver, at=at)
        except Refusal as refusal:  # one line that cannot go must not keep the others back
            refuse_refund(refund_id=refund_id, by=SYSTEM, at=at, reason=refusal.code)
    with transaction.atomic():
        batch = RefundBatch.objects.select_for_update().get(pk=batch_id)
        open_lines = batch.refunds.exclude(state__in=(Refunding.SUCCEEDED, Refunding.REFUSED))
        if batch.state == "approved" and not open_lines.exists():
            batch.move("finish", by=CLOCK, at=at)
