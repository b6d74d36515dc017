"""Reading tasks and members strictly: a row is taken whole, or refused with its number, the field and the reason.

Nothing is guessed: coordinates that would fit the other way round are named as swapped, and left out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from backend.common.fen import Fen

TASK_COLUMNS = ("task_id", "latitude", "longitude", "price_yuan")
MEMBER_COLUMNS = ("member_id", "latitude", "longitude", "booking_quota", "booking_opens_at", "reputation")
SOUTH, NORTH, WEST, EAST = 3.0, 54.0, 73.0, 136.0
"""Within which China lies, in degrees."""

MOST_PRICE_YUAN = Decimal(100_000)
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,18})?", re.ASCII)
_MONEY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2}0*)?", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where something is, in degrees (WGS 84 or GCJ-02: both are used alike here)."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Errand:
    """One task at a place; its price in fen; `is_done` where it is known."""

    number: str
    place: Place
    price_fen: Fen
    is_done: bool | None


@dataclass(frozen=True)
class Member:
    """One member who takes tasks: how many they may book, from which minute of the day, and their reputation."""

    number: str
    place: Place
    quota: int
    opens_minute: int
    reputation: float


@dataclass(frozen=True)
class Dirty:
    """Why a row is refused; row 1 is the first after the header."""

    file: str
    row: int
    field: str
    reason: str


class _Refused(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


Row = dict[str, str]


def read_errands(path: Path) -> Iterator[Errand | Dirty]:
    """Every task of a file, in order; the column `completed` (1 or 0) may be missing.

    Raises:
        ValueError: the file lacks a column that is needed, or is no text in UTF-8.
    """
    return _read(path, TASK_COLUMNS, _errand, lambda errand: errand.number)


def read_members(path: Path) -> Iterator[Member | Dirty]:
    """Every member of a file, in order.

    Raises:
        ValueError: the file lacks a column that is needed, or is no text in UTF-8.
    """
    return _read(path, MEMBER_COLUMNS, _member, lambda member: member.number)


def _read(
    path: Path, columns: tuple[str, ...], parse: Callable[[Row], Any], number_of: Callable[[Any], str]
) -> Iterator[Any]:
    seen: set[str] = set()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in columns if name not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{path.name} lacks the columns {', '.join(missing)}")
        for number, row in enumerate(rows, start=1):
            try:
                if None in row or any(value is None for value in row.values()):
                    raise _Refused("", "another number of columns than the header")
                made = parse({str(name): value.strip() for name, value in row.items()})
                if number_of(made) in seen:
                    raise _Refused(columns[0], "appears twice")
                seen.add(number_of(made))
                yield made
            except _Refused as refused:
                yield Dirty(path.name, number, refused.field, refused.reason)


def _errand(row: Row) -> Errand:
    text = row["price_yuan"]
    if not _MONEY.fullmatch(text) or not 0 < Decimal(text) <= MOST_PRICE_YUAN:
        raise _Refused("price_yuan", f"no price: {text[:40]!r}")
    done = row.get("completed", "")
    if done not in ("", "0", "1"):
        raise _Refused("completed", f"neither 1 nor 0: {done[:40]!r}")
    return Errand(_id(row, "task_id"), _place(row), int(Decimal(text) * 100), done == "1" if done else None)


def _member(row: Row) -> Member:
    clock = _CLOCK.fullmatch(row["booking_opens_at"])
    if not row["booking_quota"] and clock is None and _CLOCK.fullmatch(row["reputation"]):
        raise _Refused("booking_quota", "empty, and what follows stands one column too far right")
    if not row["booking_quota"].isascii() or not row["booking_quota"].isdigit() or len(row["booking_quota"]) > 7:
        raise _Refused("booking_quota", f"no whole number: {row['booking_quota'][:40]!r}")
    if clock is None:
        raise _Refused("booking_opens_at", f"no time of day: {row['booking_opens_at'][:40]!r}")
    reputation = _number(row, "reputation")
    if reputation < 0:
        raise _Refused("reputation", "below zero")
    minute = int(clock[1]) * 60 + int(clock[2])
    return Member(_id(row, "member_id"), _place(row), int(row["booking_quota"]), minute, reputation)


def _id(row: Row, field: str) -> str:
    if not _ID.fullmatch(row[field]):
        raise _Refused(field, f"no id: {row[field][:40]!r}")
    return row[field]


def _number(row: Row, field: str) -> float:
    if not _NUMBER.fullmatch(row[field]):
        raise _Refused(field, f"no number: {row[field][:40]!r}")
    return float(row[field])


def _place(row: Row) -> Place:
    latitude, longitude = _number(row, "latitude"), _number(row, "longitude")
    if SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST:
        return Place(latitude, longitude)
    if SOUTH <= longitude <= NORTH and WEST <= latitude <= EAST:
        raise _Refused("latitude", "latitude and longitude stand in each other's column")
    raise _Refused("latitude", "not in China")
