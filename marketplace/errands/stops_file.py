"""Stops as they come in a file (点位文件): CSV with a head line; every line is checked before one is taken."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from backend.common import tables
from backend.common.errors import Invalid
from backend.common.fen import Fen
from backend.common.rules import SHANGHAI
from backend.common.tables import Refused, Row
from marketplace.errands.errors import StopsRefused
from marketplace.errands.records import TASK_COLUMNS, task_of, whole

MOST_BYTES = 2_000_000
MOST_ADDRESS = 120


@dataclass(frozen=True)
class StopRow:
    """One stop to be: the poster's own key, degrees, the price in fen, when it is to be done."""

    key: str
    latitude: float
    longitude: float
    price_fen: Fen
    address: str
    from_at: datetime
    until_at: datetime


def read(body: bytes, *, from_at: datetime, until_at: datetime, most: int) -> list[StopRow]:
    """The stops of a file, at most so many; `from` and `until` of a line stand before the given window.

    Raises:
        Invalid: no CSV with the columns that are needed, too large, or empty.
        StopsRefused: the first line that cannot be taken.
    """
    if not body or len(body) > MOST_BYTES:
        raise Invalid("文件须大于 0、不超过 2 MB", "The file must not be empty, and at most 2 MB", field="file")
    reader = csv.DictReader(io.StringIO(tables.decoded(body), newline=""))
    rows: list[StopRow] = []
    seen: set[str] = set()
    try:
        missing = [name for name in TASK_COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise Invalid(f"缺少列：{'、'.join(missing)}", f"Columns are missing: {', '.join(missing)}", field="file")
        for line in reader:
            if len(rows) >= most:
                raise Invalid(f"最多 {most} 个点位", f"At most {most} stops", field="file")
            rows.append(_taken(dict(line), len(rows) + 1, seen, (from_at, until_at)))
    except csv.Error as error:
        raise StopsRefused(row=len(rows) + 1, field_name="—", what=str(error)) from error
    if not rows:
        raise Invalid("文件中没有点位", "There is no stop in the file", field="file")
    return rows


def _taken(line: Row, number: int, seen: set[str], window: tuple[datetime, datetime]) -> StopRow:
    try:
        words = whole(line)
        task = task_of(words)
        if task.number in seen:
            raise Refused("task_id", "this id appears twice", "编号重复")
        seen.add(task.number)
        address = words.get("address", "")
        if len(address) > MOST_ADDRESS or not address.isprintable():
            raise Refused("address", f"more than {MOST_ADDRESS} characters", f"地址超过 {MOST_ADDRESS} 字或含控制字符")
        start, end = (
            _moment(words.get(name, ""), name) or other for name, other in zip(("from", "until"), window, strict=True)
        )
        if end <= start:
            raise Refused("until", "it ends before it begins", "截止早于开始")
    except Refused as refused:
        raise StopsRefused(row=number, field_name=refused.field or "—", what=f"{refused.zh} / {refused}") from refused
    return StopRow(task.number, task.place.latitude, task.place.longitude, task.price_fen, address, start, end)  # fmt: skip


def _moment(text: str, field: str) -> datetime | None:
    """A moment as people write it, `2026-12-01 09:00`, in Shanghai's time."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(field, "no moment such as 2026-12-01 09:00", "时间格式须如 2026-12-01 09:00") from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
