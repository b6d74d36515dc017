"""Reading records strictly: a row is taken whole, or refused with its number, the field and the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path

from backend.accounts.operations import clean_name
from backend.common import tables
from backend.common.fen import MOST_FEN, Fen
from backend.common.rules import SHANGHAI
from backend.common.tables import Dirty, Refused, Row

COLUMNS = ("id", "name", "main_category", "deadline", "goal", "launched", "pledged", "state", "backers")
STATES = frozenset({"successful", "failed", "canceled", "suspended", "live", "undefined"})
FIRST_YEAR = 2000
"""Before this no such campaign existed; 1970 is the zero of a clock, not a date."""

MOST_BACKERS = 1_000_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)
_MONEY = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Record:
    """One historical campaign; money in fen, read as yuan whatever the currency was."""

    number: str
    title: str
    category: str
    opens_at: datetime
    closes_at: datetime
    goal_fen: Fen
    pledged_fen: Fen
    backers: int
    outcome: str

    @property
    def pledges(self) -> int:
        """How many pledges it is lived with: money that nobody is counted for is one anonymous pledge."""
        return self.backers or (1 if self.pledged_fen else 0)


def read(path: Path) -> Iterator[Record | Dirty]:
    """Every row of a file, in order; row 1 is the first after the header.

    Raises:
        ValueError: the file lacks a column that is needed.
    """
    return tables.read(path, COLUMNS, _record, lambda record: record.number)


def _record(row: Row) -> Record:
    if None in row:
        raise Refused("row", "more fields than columns")
    value = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in COLUMNS:
        if row.get(name) is None:
            raise Refused(name, "missing")
        try:
            value[name].encode("utf-8")
        except UnicodeEncodeError:
            raise Refused(name, "not UTF-8") from None
    if not _ID.fullmatch(value["id"]):
        raise Refused("id", "not an id of letters and digits")
    title = clean_name(value["name"])
    if not title:
        raise Refused("name", "empty")
    if value["state"] not in STATES:
        raise Refused("state", f"unknown outcome {value['state'][:20]!r}")
    opens, closes = _window(value["launched"], value["deadline"])
    goal, pledged, backers = _money(value, "goal"), _money(value, "pledged"), _count(value["backers"])
    if goal == 0:
        raise Refused("goal", "zero")
    if backers and pledged < backers:
        raise Refused("backers", "more backers than fen pledged")
    return Record(
        number=value["id"],
        title=title if len(title) <= 120 else title[:119] + "…",
        category=clean_name(value["main_category"])[:32] or "other",
        opens_at=opens,
        closes_at=closes,
        goal_fen=goal,
        pledged_fen=pledged,
        backers=backers,
        outcome=value["state"],
    )


def _window(launched: str, deadline: str) -> tuple[datetime, datetime]:
    try:
        opens = datetime.strptime(launched, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Refused("launched", "not a time") from None
    try:
        last_day = datetime.strptime(deadline, "%Y-%m-%d").date()
    except ValueError:
        raise Refused("deadline", "not a date") from None
    if opens.year < FIRST_YEAR:
        raise Refused("launched", f"{opens.year} is before any such campaign: the zero of a clock, not a date")
    closes = datetime.combine(last_day, time(23, 59, 59), tzinfo=SHANGHAI)
    if closes <= opens:
        raise Refused("deadline", "not after the launch")
    return opens, closes


def _money(value: dict[str, str], name: str) -> Fen:
    if not _MONEY.fullmatch(value[name]):
        raise Refused(name, "not an amount with at most two decimals")
    try:
        fen = int(Decimal(value[name]).scaleb(2))
    except InvalidOperation:
        raise Refused(name, "not an amount") from None
    if fen > MOST_FEN:
        raise Refused(name, "too large")
    return fen


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text) or int(text) > MOST_BACKERS:
        raise Refused("backers", "not a number of people")
    return int(text)
