"""Withholding as it is done: what came before is read from the records, and each payment adds one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Sum

from backend.accounts.models import Party
from backend.common import locks, rules
from backend.common.fen import Fen
from backend.common.ids import new_id
from backend.common.rules import SHANGHAI
from marketplace.tax.labour import Earlier, Method, Withholding, method_for, withhold
from marketplace.tax.models import Withheld


@dataclass(frozen=True)
class Payment:
    """A payment for work: who to, who from, of which contract, for what; `fee_fen` is what the platform keeps of it."""

    payee: Party
    payer_id: UUID
    project_id: UUID
    cause_id: UUID
    title: str
    paid_fen: Fen
    fee_fen: Fen


def foresee(*, payee: Party, paid_fen: Fen, project_id: UUID, at: datetime) -> Withholding:
    """What would be withheld from a payment made now; nothing is written."""
    return _reckon(payee, paid_fen, project_id, at)[0]


def keep(payment: Payment, *, at: datetime) -> Withholding:
    """Reckon what is withheld and write it down, in the caller's transaction; payments to one payee go one after the other."""
    locks.alone(f"withholding:{payment.payee.pk}")
    found, earlier = _reckon(payment.payee, payment.paid_fen, payment.project_id, at)
    Withheld.objects.create(
        payee=payment.payee,
        payer_id=payment.payer_id,
        project_id=payment.project_id,
        cause_id=payment.cause_id,
        title=payment.title[:120],
        method=found.method,
        paid_fen=payment.paid_fen,
        fee_fen=payment.fee_fen,
        taxable_fen=found.taxable_fen,
        percent=found.percent,
        tax_fen=found.tax_fen,
        months=earlier.months,
        source=found.source[:120],
        day=_day(at),
        at=at,
    )
    return found


def take_back(cause_id: UUID, *, at: datetime) -> Fen:
    """Undo the record of a payment that was taken back; return the tax of it. In the caller's transaction (更正扣缴).

    Source: proposal; the filing of that month (domain.md tax.withhold.file_by) is to be corrected by it.
    """
    done = Withheld.objects.get(cause_id=cause_id)
    locks.alone(f"withholding:{done.payee_id}")
    Withheld.objects.create(
        payee=done.payee,
        payer_id=done.payer_id,
        project_id=done.project_id,
        cause_id=new_id(),
        corrects=done,
        title=done.title,
        method=done.method,
        paid_fen=-done.paid_fen,
        fee_fen=-done.fee_fen,
        taxable_fen=-done.taxable_fen,
        percent=done.percent,
        tax_fen=-done.tax_fen,
        months=done.months,
        source=done.source,
        day=done.day,
        at=at,
    )
    return int(done.tax_fen)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _reckon(payee: Party, paid_fen: Fen, project_id: UUID, at: datetime) -> tuple[Withholding, Earlier]:
    day = _day(at)
    method = method_for(
        is_person=payee.kind == Party.PERSON,
        is_resident=True,  # who is verified by a mainland identity card is one
        platform_pays=bool(rules.value("tax.platform_pays", at=at)),
        day=day,
    )
    earlier = _earlier(method, payee, project_id, day)
    return withhold(method, paid_fen, day=day, earlier=earlier), earlier


def _earlier(method: Method, payee: Party, project_id: UUID, day: date) -> Earlier:
    if method == Method.CUMULATIVE:
        return _of_the_year(payee, day)
    if method == Method.PER_PAYMENT:
        rows = Withheld.objects.filter(payee=payee, project_id=project_id, method=method)
        sums = rows.filter(day__year=day.year, day__month=day.month).aggregate(paid=Sum("paid_fen"), tax=Sum("tax_fen"))
        return Earlier(sums["paid"] or 0, sums["tax"] or 0)
    return Earlier()


def _of_the_year(payee: Party, day: date) -> Earlier:
    """What counts together: this year's payments of the unbroken run of months that ends with this one."""
    rows = Withheld.objects.filter(payee=payee, method=Method.CUMULATIVE, day__year=day.year, day__lte=day)
    by_month = {
        row["day__month"]: (int(row["paid"]), int(row["tax"]))
        for row in rows.values("day__month").annotate(paid=Sum("paid_fen"), tax=Sum("tax_fen"))
    }
    first = day.month
    while first - 1 in by_month:
        first -= 1
    run = [by_month.get(month, (0, 0)) for month in range(first, day.month + 1)]
    return Earlier(sum(paid for paid, _tax in run), sum(tax for _paid, tax in run), day.month - first + 1)
