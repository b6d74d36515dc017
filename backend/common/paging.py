"""Keyset pages: stable under inserts, and as quick on page 1,000 as on page 1."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from backend.common.errors import Invalid

Row = TypeVar("Row", bound=Model)

MOST_ROWS = 100


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows and the cursor of the next ones, empty at the end."""

    rows: Sequence[Row]
    next_cursor: str

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def page(found: QuerySet[Row], *, order: Sequence[str], cursor: str = "", size: int = 20) -> Page[Row]:
    """Take one page of `found`.

    `order` names columns, `-` for descending, the last one unique; `cursor` is what the page before
    gave as `next_cursor`.

    Raises:
        Invalid: a cursor that this list did not give.
    """
    size = max(1, min(size, MOST_ROWS))
    if cursor:
        try:
            found = found.filter(_after(order, _read(cursor, order)))
        except (ValidationError, ValueError) as error:  # well formed, and not values of these columns
            raise Invalid("分页标记无效", "The cursor is not valid", field="cursor") from error
    rows = list(found.order_by(*order)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _write(rows[-1], order) if more else "")


def _after(order: Sequence[str], values: Sequence[object]) -> Q:
    """Rows after `values`: (a > x) or (a = x and b > y) and so on, each in its own direction."""
    condition = Q(pk__in=[])
    equal = Q()
    for column, value in zip(order, values, strict=True):
        name = column.lstrip("-")
        beyond = "lt" if column.startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{beyond}": value})
        equal &= Q(**{name: value})
    return condition


def _write(row: Model, order: Sequence[str]) -> str:
    values = []
    for column in order:
        value = row
        for step in column.lstrip("-").split("__"):
            value = getattr(value, step)
        values.append(value.isoformat() if isinstance(value, datetime) else str(value))
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str, order: Sequence[str]) -> list[str]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Invalid("分页标记无效", "The cursor is not valid", field="cursor") from error
    if not isinstance(values, list) or len(values) != len(order) or not all(isinstance(v, str) for v in values):
        raise Invalid("分页标记无效", "The cursor is not valid", field="cursor")
    return values
