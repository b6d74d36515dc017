"""Reading tasks and members strictly: a row is taken whole, or refused with its number, the field and the reason.

Nothing is guessed: coordinates that would fit the other way round are named as swapped, and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from backend.common import tables
from backend.common.fen import Fen
from backend.common.tables import Dirty, Refused, Row

TASK_COLUMNS = ("task_id", "latitude", "longitude", "price_yuan")
MEMBER_COLUMNS = ("member_id", "latitude", "longitude", "booking_quota", "booking_opens_at", "reputation")
SOUTH, NORTH, WEST, EAST = 3.0, 54.0, 73.0, 136.0
"""Within which China lies, in degrees."""

MOST_PRICE_YUAN = Decimal(100_000)
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,18})?([eE]-[0-9]{1,3})?", re.ASCII)
# Data frames write a whole number as 114.0 where its column has a gap.
_WHOLE = re.compile(r"([0-9]{1,7})(\.0+)?", re.ASCII)
_MONEY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2}0*)?", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where something is, in degrees (WGS 84 or GCJ-02: both are used alike here)."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Task:
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


def read_tasks(path: Path) -> Iterator[Task | Dirty]:
    """Every task of a file, in order; the column `completed` (1 or 0) may be missing.

    Raises:
        ValueError: the file lacks a column that is needed.
    """
    return tables.read(path, TASK_COLUMNS, lambda row: task_of(whole(row)), lambda task: task.number)


def read_members(path: Path) -> Iterator[Member | Dirty]:
    """Every member of a file, in order.

    Raises:
        ValueError: the file lacks a column that is needed.
    """
    return tables.read(path, MEMBER_COLUMNS, lambda row: _member(whole(row)), lambda member: member.number)


def whole(row: Row) -> dict[str, str]:
    if None in row or any(value is None for value in row.values()):
        raise Refused("", "another number of columns than the header", "列数与首行不同")
    return {str(name): (value or "").strip() for name, value in row.items()}


def task_of(row: dict[str, str]) -> Task:
    text = row["price_yuan"]
    if not _MONEY.fullmatch(text) or not 0 < Decimal(text) <= MOST_PRICE_YUAN:
        raise Refused("price_yuan", f"no price: {text[:40]!r}", "报酬须为 0.01 至 100000 元的数字")
    said = row.get("completed", "")
    done = _WHOLE.fullmatch(said)
    if said and (done is None or done[1] not in ("0", "1")):
        raise Refused("completed", f"neither 1 nor 0: {said[:40]!r}")
    return Task(_id(row, "task_id"), _place(row), int(Decimal(text) * 100), done[1] == "1" if done else None)


def _member(row: dict[str, str]) -> Member:
    clock = _CLOCK.fullmatch(row["booking_opens_at"])
    if not row["booking_quota"] and clock is None and _CLOCK.fullmatch(row["reputation"]):
        raise Refused("booking_quota", "empty, and what follows stands one column too far right")
    quota = _WHOLE.fullmatch(row["booking_quota"])
    if quota is None:
        raise Refused("booking_quota", f"no whole number: {row['booking_quota'][:40]!r}")
    if clock is None:
        raise Refused("booking_opens_at", f"no time of day: {row['booking_opens_at'][:40]!r}")
    reputation = _number(row, "reputation")
    if reputation < 0:
        raise Refused("reputation", "below zero")
    minute = int(clock[1]) * 60 + int(clock[2])
    return Member(_id(row, "member_id"), _place(row), int(quota[1]), minute, reputation)


def _id(row: dict[str, str], field: str) -> str:
    if not _ID.fullmatch(row[field]):
        raise Refused(field, f"no id: {row[field][:40]!r}", "编号须为 1 至 32 位字母、数字、下划线或连字符")
    return row[field]


def _number(row: dict[str, str], field: str) -> float:
    if not _NUMBER.fullmatch(row[field]):
        raise Refused(field, f"no number: {row[field][:40]!r}", "不是数字")
    return float(row[field])


def _place(row: dict[str, str]) -> Place:
    latitude, longitude = _number(row, "latitude"), _number(row, "longitude")
    if SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST:
        return Place(latitude, longitude)
    if SOUTH <= longitude <= NORTH and WEST <= latitude <= EAST:
        raise Refused("latitude", "latitude and longitude stand in each other's column", "经纬度疑似填反")
    raise Refused("latitude", "not in China", "坐标不在中国境内")
