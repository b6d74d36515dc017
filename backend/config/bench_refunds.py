"""Benchmark of a bulk refund: ten thousand lines approved by two people, with a crash in the middle."""

from __future__ import annotations

import time
from unittest.mock import patch
from uuid import UUID

from django.db.models import Count, Sum

from backend.common import clock
from backend.common.actors import SYSTEM, Actor, Role
from backend.common.fen import Fen
from backend.common.ids import new_id
from backend.ledger import operations as ledger
from backend.ledger.models import Transfer
from backend.payments.models import PaymentIntent, Refund
from backend.payments.operations import refunds
from backend.payments.states import Refunding

LINES, SAMPLE = 10_000, 1_000


class Crash(BaseException):
    """The worker ends here, as if it were killed."""


def batch_refunded(campaign_id: UUID) -> tuple[float, float]:
    """Lines a second through a bulk refund that is cut in the middle, and through a loop of single refunds.

    The first payments go to the loop, the others to the bulk refund; both end with every line approved and its
    money held once.
    """
    found = PaymentIntent.objects.filter(purpose_id=campaign_id).order_by("pk")
    lines = [(key, int(fen)) for key, fen in found.values_list("pk", "amount_fen")[: LINES + SAMPLE]]
    if len(lines) != LINES + SAMPLE:
        raise AssertionError(f"only {len(lines)} payments to refund")
    total = sum(amount for _key, amount in lines)
    escrow = ledger.open_account(ledger.escrow_of("campaign", campaign_id))  # what it paid out when it succeeded
    leg = ledger.Leg(ledger.HISTORICAL_CLEARING, escrow, total)
    ledger.post(key="bench", kind="contribution", legs=[leg], cause=("campaign", campaign_id), at=clock.now())
    baseline = _one_by_one(lines[:SAMPLE])
    started = time.monotonic()
    _in_one_batch(lines[SAMPLE:])
    took = time.monotonic() - started
    _require_held_once(lines)
    return LINES / took, baseline


def _one_by_one(lines: list[tuple[UUID, Fen]]) -> float:
    at, started = clock.now(), time.monotonic()
    for intent_id, amount in lines:
        refund = refunds.request_refund(intent_id=intent_id, amount_fen=amount, reason="b", by=SYSTEM, at=at)
        refunds.approve_refund(refund_id=refund.pk, by=SYSTEM, at=at)
    return len(lines) / (time.monotonic() - started)


def _in_one_batch(lines: list[tuple[UUID, Fen]]) -> None:
    at, asker, approver = clock.now(), _officer(), _officer()
    purpose = PaymentIntent.objects.values_list("purpose_id", flat=True).get(pk=lines[0][0])
    digest = refunds.preview_digest(lines)
    batch = refunds.request_batch(purpose_id=purpose, lines=lines, reason="b", digest=digest, by=asker, at=at)
    refunds.approve_batch(batch_id=batch.pk, by=approver, at=at)
    _cut_after(batch.pk, len(lines) // 2)
    while batch.refunds.filter(state=Refunding.REQUESTED).exists():
        refunds.advance_batch(batch_id=batch.pk, at=at)


def _cut_after(batch_id: UUID, count: int) -> None:
    """Work at the batch until so many lines are approved, and end inside the next one's transaction."""
    right, done = ledger.hold, [0]

    def hold(**more: object) -> UUID:
        done[0] += 1
        made = right(**more)  # type: ignore[arg-type]  # handed on as it came
        if done[0] > count:
            raise Crash
        return made

    with patch.object(ledger, "hold", hold):
        try:
            while True:
                refunds.advance_batch(batch_id=batch_id, at=clock.now())
        except Crash:
            left = Refund.objects.filter(batch_id=batch_id, state=Refunding.REQUESTED).count()
            if left != LINES - count:
                raise AssertionError(f"{left} lines are left after the crash") from None


def _officer() -> Actor:
    person = new_id()
    return Actor(person, person, frozenset({Role.FINANCE}))


def _require_held_once(lines: list[tuple[UUID, Fen]]) -> None:
    approved = Refund.objects.filter(state=Refunding.APPROVED)
    held = Transfer.objects.filter(cause_kind="refund", phase=Transfer.PENDING)
    sums = held.aggregate(fen=Sum("amount_fen"), rows=Count("pk"), causes=Count("cause_id", distinct=True))
    wanted = sum(amount for _key, amount in lines)
    if approved.count() != len(lines) or (sums["fen"], sums["rows"], sums["causes"]) != (
        wanted,
        len(lines),
        len(lines),
    ):
        raise AssertionError(f"{approved.count()} approved, held {sums}")
