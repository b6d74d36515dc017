"""Comparing our records with the provider's bill of a day (对账).

What the bill has and we do not know of is taken through the same door as a notice, and put on
record; anything else that differs becomes a work item and is never corrected silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from backend.common import crash, locks, rules
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen
from backend.payments.gateways import provider
from backend.payments.models import Bill, BillDifference, BillEntry, PaymentIntent, Payout, Refund
from backend.payments.operations.intents import apply_trade
from backend.payments.provider import BillLine, Refused, TradeFact, Unknown
from backend.payments.states import Paying, Refunding

CLEARING = "clearing:alipay"
A_MONTH = 31
BOOKED_FROM_BILL = "账单有、我方无：已按账单入账"


def days_due(*, at: datetime) -> list[date]:
    """Days whose bill is ready by the rules and has not been compared yet, oldest first; at most a month at a time.

    They follow on the last one compared, so that an outage of weeks leaves no gap; the first is the
    day of the first payment.
    """
    ready = at.astimezone(rules.SHANGHAI) - timedelta(hours=rules.value("payments.bill_ready_hour", at=at))
    last = ready.date() - timedelta(days=1)
    done = Bill.objects.filter(clearing=CLEARING).order_by("-day").values_list("day", flat=True).first()
    if done is None:
        paid = PaymentIntent.objects.filter(clearing=CLEARING, paid_at__isnull=False)
        first = paid.order_by("paid_at").values_list("paid_at", flat=True).first()
        if first is None:
            return []
        done = first.astimezone(rules.SHANGHAI).date() - timedelta(days=1)
    return [done + timedelta(days=ahead) for ahead in range(1, min((last - done).days, A_MONTH) + 1)]


def reconcile(*, days: list[date], at: datetime) -> int:
    """Fetch the bills of days in their order, book what only they know, note what differs.

    Stops at the first day without a bill, so that no day is passed over. Returns how many days were
    compared. Safe to repeat: a day is compared once.
    """
    bills: dict[date, list[BillLine]] = {}
    for day in days:
        lines = provider().bill(day=day, at=at)
        if isinstance(lines, (Refused, Unknown)):
            break
        bills[day] = lines
    crash.point("bill.fetched")
    for day, lines in bills.items():
        for line in _unknown_payments(lines):
            _book(line, day, at)
    crash.point("bill.booked")
    if bills:
        _compare(bills, at)
    return len(bills)


def _unknown_payments(lines: Iterable[BillLine]) -> Iterator[BillLine]:
    """Payments whose trade none of our orders has."""
    paid = [line for line in lines if line.kind == BillLine.PAYMENT]
    for start in range(0, len(paid), 1_000):
        some = paid[start : start + 1_000]
        known = PaymentIntent.objects.filter(clearing=CLEARING, trade_no__in=[line.trade_no for line in some])
        have = set(known.values_list("trade_no", flat=True))
        yield from (line for line in some if line.trade_no not in have)


@transaction.atomic
def _book(line: BillLine, day: date, at: datetime) -> None:
    intent = PaymentIntent.objects.filter(number=line.number, amount_fen=line.amount_fen).first()
    if intent is None:
        return  # another's order, or another amount: the comparison makes it a work item
    fact = TradeFact(line.trade_no, line.number, "TRADE_SUCCESS", line.amount_fen)
    if apply_trade(intent_id=intent.pk, fact=fact, at=at):
        BillDifference.objects.get_or_create(
            kind=line.kind,
            key=line.key,
            what=BillDifference.MISSING_HERE,
            defaults={
                "day": day,
                "theirs_fen": line.amount_fen,
                "found_at": at,
                "settled_at": at,
                "settled_note": BOOKED_FROM_BILL,
            },
        )


@transaction.atomic
def _compare(bills: dict[date, list[BillLine]], at: datetime) -> None:
    locks.alone(f"bills:{CLEARING}")
    done = set(Bill.objects.filter(clearing=CLEARING, day__in=list(bills)).values_list("day", flat=True))
    new = {day: lines for day, lines in bills.items() if day not in done}
    if not new:
        return
    signs = {BillLine.PAYMENT: 1, BillLine.PAYOUT_BACK: 1, BillLine.REFUND: -1, BillLine.PAYOUT: -1}
    kept = Bill.objects.bulk_create(
        Bill(
            clearing=CLEARING,
            day=day,
            fetched_at=at,
            lines_n=len(lines),
            total_fen=sum(signs[line.kind] * line.amount_fen for line in lines),
        )
        for day, lines in new.items()
    )
    BillEntry.objects.bulk_create(
        (_entry(bill, line) for bill in kept for line in new[bill.day]), batch_size=1_000, ignore_conflicts=True
    )
    found = [one for day, lines in new.items() for one in _in_the_bill(day, lines)]
    found += _not_in_a_bill(min(new), max(new))
    for one in found:
        one.found_at = at
    BillDifference.objects.bulk_create(found, batch_size=1_000, ignore_conflicts=True)
    _hurry([line for lines in new.values() for line in lines], at)


def _entry(bill: Bill, line: BillLine) -> BillEntry:
    return BillEntry(
        bill=bill,
        kind=line.kind,
        key=line.key,
        number=line.number,
        trade_no=line.trade_no,
        amount_fen=line.amount_fen,
        fee_fen=line.fee_fen,
    )


def _in_the_bill(day: date, lines: list[BillLine]) -> Iterator[BillDifference]:
    """Lines that are not ours, of another amount, or with a fee that nobody agreed to."""
    ours = {
        BillLine.PAYMENT: (PaymentIntent, "trade_no"),
        BillLine.REFUND: (Refund, "number"),
        BillLine.PAYOUT: (Payout, "number"),
        BillLine.PAYOUT_BACK: (Payout, "number"),
    }
    for kind, (model, name) in ours.items():
        of_kind = [line for line in lines if line.kind == kind]
        for start in range(0, len(of_kind), 1_000):
            some = of_kind[start : start + 1_000]
            keys = {f"{name}__in": [line.key for line in some]}
            amounts = dict(model.objects.filter(**keys).values_list(name, "amount_fen"))  # type: ignore[attr-defined]
            for line in some:
                yield from _judge(day, line, amounts.get(line.key))


def _judge(day: date, line: BillLine, mine: Fen | None) -> Iterator[BillDifference]:
    if mine is None:
        what = BillDifference.MISSING_HERE
    elif mine != line.amount_fen:
        what = BillDifference.AMOUNT
    else:
        what = ""
    if what:
        yield BillDifference(
            day=day, kind=line.kind, key=line.key, what=what, ours_fen=mine, theirs_fen=line.amount_fen
        )
    if line.fee_fen:
        fee = BillDifference.FEE
        yield BillDifference(day=day, kind=line.kind, key=line.key, what=fee, ours_fen=0, theirs_fen=line.fee_fen)


def _not_in_a_bill(first: date, last: date) -> Iterator[BillDifference]:
    """What we hold for done by the end of the day before the last, and no bill has.

    Not of the last day itself, because our time of a refund or payout is when we heard of it, which
    may be the day after the bill's.
    """
    has_earlier = Bill.objects.filter(clearing=CLEARING, day__lt=first).exists()
    start = _midnight(first - timedelta(days=1) if has_earlier else first)
    window = (start, _midnight(last))

    def billed(kind: str, name: str) -> Exists:
        return Exists(BillEntry.objects.filter(kind=kind, key=OuterRef(name)))

    paid = PaymentIntent.objects.filter(clearing=CLEARING, trade_no__isnull=False)
    back = Refund.objects.filter(state=Refunding.SUCCEEDED, intent__clearing=CLEARING)
    out = Payout.objects.filter(state__in=(Paying.PAID, Paying.RETURNED))
    for kind, name, when, rows in (
        (BillLine.PAYMENT, "trade_no", "paid_at", paid),
        (BillLine.REFUND, "number", "succeeded_at", back),
        (BillLine.PAYOUT, "number", "paid_at", out),
    ):
        missing = rows.filter(**{f"{when}__gte": window[0], f"{when}__lt": window[1]}).exclude(billed(kind, name))  # type: ignore[attr-defined]
        for key, amount, moment in missing.values_list(name, "amount_fen", when):
            yield BillDifference(
                day=moment.astimezone(rules.SHANGHAI).date(),
                kind=kind,
                key=key,
                what=BillDifference.MISSING_THERE,
                ours_fen=amount,
            )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=rules.SHANGHAI)


def _hurry(lines: list[BillLine], at: datetime) -> None:
    """What the bill has as done and we are still asking about is asked about now."""
    for kind, model, states in (
        (BillLine.REFUND, Refund, (Refunding.SENDING, Refunding.MANUAL)),
        (BillLine.PAYOUT, Payout, (Paying.PROCESSING,)),
        (BillLine.PAYOUT_BACK, Payout, (Paying.PAID,)),
    ):
        numbers = [line.key for line in lines if line.kind == kind]
        if numbers:
            model.objects.filter(number__in=numbers, state__in=states).update(next_try_at=at)  # type: ignore[attr-defined]


def settle_difference(*, difference_id: UUID, note: str, by: Actor, at: datetime) -> None:
    """An officer explains a difference; what must be posted for it is posted elsewhere, not from here.

    Raises:
        NotFound: none, or explained before.
        Invalid: no explanation.
    """
    if not note.strip():
        raise Invalid("请填写处理说明", "Say how it was explained", field="reason")
    found = BillDifference.objects.filter(pk=difference_id, settled_at=None)
    if not found.update(settled_by=by.person_id, settled_at=at, settled_note=note[:200]):
        raise NotFound
