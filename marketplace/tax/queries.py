"""What was paid for work and withheld from it: by worker and year, by quarter for the tax office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from backend.accounts.models import Party
from backend.common.errors import Invalid
from backend.common.fen import Fen
from marketplace.tax.models import Withheld

FIRST_YEAR = 2020
MOST_PAYEES = 20_000
_STANDING = Count("pk", filter=Q(corrects=None, correction=None))
"""How many payments stand: neither taken back nor the row that says so."""


@dataclass(frozen=True)
class Statement:
    """A worker's year in fen: gross, fee, tax, and what was left; `months` are twelve gross sums."""

    year: int
    payments: int
    paid_fen: Fen
    fee_fen: Fen
    tax_fen: Fen
    months: tuple[tuple[str, Fen], ...]

    @property
    def net_fen(self) -> Fen:
        return self.paid_fen - self.fee_fen - self.tax_fen


def of_payee(party_id: UUID | None, year: int) -> QuerySet[Withheld]:
    """A worker's payments of a year."""
    return Withheld.objects.filter(payee_id=party_id, day__gte=date(year, 1, 1), day__lt=date(year + 1, 1, 1))


def statement(party_id: UUID | None, year: int) -> Statement:
    """What a worker needs for the yearly settlement (年度收入纳税清单)."""
    rows = of_payee(party_id, year)
    by_month = {row["day__month"]: row["paid"] for row in rows.values("day__month").annotate(paid=Sum("paid_fen"))}
    sums = rows.aggregate(n=_STANDING, paid=Sum("paid_fen"), fee=Sum("fee_fen"), tax=Sum("tax_fen"))
    months = tuple((f"{month:02d}", int(by_month.get(month, 0))) for month in range(1, 13))
    return Statement(year, sums["n"], sums["paid"] or 0, sums["fee"] or 0, sums["tax"] or 0, months)


def years(party_id: UUID | None, today: date) -> list[int]:
    """The years in which a worker was paid, this one always among them, newest first."""
    found = Withheld.objects.filter(payee_id=party_id).dates("day", "year")
    return sorted({today.year, *(day.year for day in found)}, reverse=True)


@dataclass(frozen=True)
class Reported:
    """One payee in a quarter's report: who, how many payments, gross, fee and tax in fen."""

    party: Party
    payments: int
    paid_fen: Fen
    fee_fen: Fen
    tax_fen: Fen


def quarter_of(text: str, today: date) -> tuple[int, int]:
    """A quarter as `2026-3`; without one, the last that has ended.

    Raises:
        Invalid: no quarter.
    """
    if not text:
        ended = (today.month - 1) // 3
        return (today.year, ended) if ended else (today.year - 1, 4)
    year, _, number = text.partition("-")
    if not (year.isascii() and year.isdigit() and FIRST_YEAR <= int(year) <= 2200 and number in ("1", "2", "3", "4")):
        raise Invalid("季度格式为 2026-3", "A quarter is written 2026-3", field="quarter")
    return int(year), int(number)


def report(year: int, quarter: int) -> list[Reported]:
    """Income by payee in a quarter, as the platform reports it (domain.md tax.platform.report.quarter)."""
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + 1, 1, 1) if quarter == 4 else date(year, 3 * quarter + 1, 1)
    rows = Withheld.objects.filter(day__gte=first, day__lt=after).values("payee_id")
    sums = list(
        rows.annotate(n=_STANDING, paid=Sum("paid_fen"), fee=Sum("fee_fen"), tax=Sum("tax_fen")).order_by(
            "-paid", "payee_id"
        )[:MOST_PAYEES]
    )
    parties = Party.objects.in_bulk([row["payee_id"] for row in sums])
    return [Reported(parties[row["payee_id"]], row["n"], row["paid"], row["fee"], row["tax"]) for row in sums]


STANDING: dict[str, str] = {
    "tax withheld differs from its records (account fen, recorded fen)": """
        SELECT a.fen, w.fen FROM (
            SELECT coalesce(sum(a.credits_fen - a.debits_fen + coalesce(s.net, 0)), 0) fen FROM ledger_account a
            LEFT JOIN (SELECT account_id, sum(credits_fen - debits_fen) net FROM ledger_slot GROUP BY 1) s
                ON s.account_id = a.id WHERE a.kind = 'tax'
        ) a, (SELECT coalesce(sum(tax_fen), 0) fen FROM tax_withheld) w WHERE a.fen <> w.fen""",
}
