"""The brackets of law, by the day on which a payment is made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from backend.common.fen import Fen

SEEDS = Path(__file__).with_name("brackets.toml")


@dataclass(frozen=True)
class Bracket:
    """What is due of a taxable sum above `over_fen`: so many percent of all of it, less the quick deduction (速算扣除数)."""

    over_fen: Fen
    percent: int
    quick_fen: Fen


@dataclass(frozen=True)
class Table:
    """Brackets that hold from a day on, with their source, the lowest first; and what comes off before them.

    For the costs of earning: `costs_percent`, or `flat_fen` of a payment up to `flat_up_to_fen`. Over the year also
    `monthly_fen` for each month in a row. What a table does not know is 0.
    """

    name: str
    zh: str
    valid_from: date
    source: str
    costs_percent: int
    flat_fen: Fen
    flat_up_to_fen: Fen
    monthly_fen: Fen
    brackets: tuple[Bracket, ...]

    def taxable_fen(self, income_fen: Fen, *, months: int, deductions_fen: Fen) -> Fen:
        """What of an income is taxed, rounded down to the fen; never below nothing."""
        if income_fen <= self.flat_up_to_fen:
            return max(0, income_fen - self.flat_fen)
        earned = income_fen * (100 - self.costs_percent) // 100
        return max(0, earned - self.monthly_fen * months - deductions_fen)

    def bracket_of(self, taxable_fen: Fen) -> Bracket:
        """The highest bracket that a taxable sum reaches; a sum on the edge is in the lower one."""
        reached = [one for one in self.brackets if taxable_fen > one.over_fen]
        return reached[-1] if reached else self.brackets[0]

    def due_fen(self, taxable_fen: Fen) -> Fen:
        """The tax on a taxable sum, half a fen upward; never below nothing."""
        one = self.bracket_of(taxable_fen)
        return max(0, (taxable_fen * one.percent + 50) // 100 - one.quick_fen)


@cache
def _tables() -> tuple[Table, ...]:
    rows = tomllib.loads(SEEDS.read_text(encoding="utf-8"))["table"]
    return tuple(
        Table(
            name=row["name"],
            zh=row["zh"],
            valid_from=row["valid_from"],
            source=row["source"],
            costs_percent=row.get("costs_percent", 0),
            flat_fen=row.get("flat_yuan", 0) * 100,
            flat_up_to_fen=row.get("flat_up_to_yuan", 0) * 100,
            monthly_fen=row.get("monthly_yuan", 0) * 100,
            brackets=tuple(
                Bracket(one["over_yuan"] * 100, one["percent"], one["quick_yuan"] * 100) for one in row["brackets"]
            ),
        )
        for row in rows
    )


def table(name: str, day: date) -> Table:
    """The table of a name that holds on a day.

    Raises:
        LookupError: none does; the seeds begin in 2019.
    """
    held = [one for one in _tables() if one.name == name and one.valid_from <= day]
    if not held:
        raise LookupError(f"no brackets of {name} on {day}")
    return max(held, key=lambda one: one.valid_from)


def begins(name: str) -> date:
    """The first day on which a table of a name holds."""
    return min(one.valid_from for one in _tables() if one.name == name)
