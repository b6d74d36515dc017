"""What is withheld from a payment for work (代扣代缴), to the fen and with every step of the sum, so that it can be shown before anybody accepts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from backend.common.fen import Fen
from marketplace.tax import brackets


class Method(StrEnum):
    """How tax is withheld (预扣方法): by the payment, over the year, from who lives abroad, of a prize, or not at all."""

    PER_PAYMENT, CUMULATIVE, NON_RESIDENT, PRIZE, NONE = "per_payment", "cumulative", "non_resident", "prize", "none"


@dataclass(frozen=True)
class Earlier:
    """What counts together with a payment, in fen.

    By the payment: what the same continuing project paid in the same month. Over the year: everything since its
    first month in a row, `months` of them with this one, and other deductions that the worker has proved.
    """

    paid_fen: Fen = 0
    withheld_fen: Fen = 0
    months: int = 1
    deductions_fen: Fen = 0


@dataclass(frozen=True)
class Withholding:
    """The sum, step by step, in fen: what was paid, what of it (and of what came before) is taxed, at which bracket."""

    method: Method
    paid_fen: Fen
    taxable_fen: Fen
    percent: int
    quick_fen: Fen
    tax_fen: Fen
    source: str

    @property
    def net_fen(self) -> Fen:
        """What the worker gets."""
        return self.paid_fen - self.tax_fen


def method_for(*, is_person: bool, is_resident: bool, platform_pays: bool, day: date) -> Method:
    """Which method holds for a payee and a day (domain.md §7): a firm sends an invoice, and nothing is withheld."""
    if not is_person:
        return Method.NONE
    if not is_resident:
        return Method.NON_RESIDENT
    return Method.CUMULATIVE if platform_pays and day >= brackets.begins(Method.CUMULATIVE) else Method.PER_PAYMENT


def withhold(method: Method, paid_fen: Fen, *, day: date, earlier: Earlier | None = None) -> Withholding:
    """What is withheld from a payment of so many fen.

    Tax on everything that counts together, less what was withheld of it before: so a sum that is paid in parts bears what it
    would bear whole. Never more than is paid, and never given back here: what was withheld too much comes back in the
    yearly settlement (汇算清缴).

    Raises:
        ValueError: nothing is paid, or what came before is below nothing.
        LookupError: no brackets are known for the day.
    """
    before = earlier or Earlier()
    if paid_fen <= 0 or min(before.paid_fen, before.withheld_fen, before.deductions_fen) < 0 or before.months < 1:
        raise ValueError("a payment is above nothing, and what came before is not below it")
    if method == Method.NONE:
        return Withholding(method, paid_fen, 0, 0, 0, 0, "")
    if method in (Method.NON_RESIDENT, Method.PRIZE):
        before = Earlier()  # each payment stands for itself
    proved = before.deductions_fen if method == Method.CUMULATIVE else 0
    table = brackets.table(method, day)
    taxable = table.taxable_fen(before.paid_fen + paid_fen, months=before.months, deductions_fen=proved)
    one = table.bracket_of(taxable)
    tax = min(paid_fen, max(0, table.due_fen(taxable) - before.withheld_fen))
    return Withholding(method, paid_fen, taxable, one.percent, one.quick_fen, tax, table.source)
