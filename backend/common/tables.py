"""Reading tables that others made (CSV): a row is taken whole, or refused with its number, the field and the reason."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backend.common.errors import Invalid

Made = TypeVar("Made")
Row = dict[str | None, str | None]
"""A row as `csv` gives it: None for a field that is not there, and under None what stands beyond the last column."""


@dataclass(frozen=True)
class Dirty:
    """Why a row is refused; row 1 is the first after the header."""

    row: int
    field: str
    reason: str


class Refused(Exception):
    """What a parser of rows raises: nothing of the row is taken. `zh` is the reason in Chinese, where people read it."""

    def __init__(self, field: str, reason: str, zh: str = "") -> None:
        super().__init__(reason)
        self.field, self.reason, self.zh = field, reason, zh or reason


def decoded(body: bytes) -> str:
    """The text of a file that somebody hands in: UTF-8, or what spreadsheets write on a Chinese Windows.

    Raises:
        Invalid: neither of the two.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid("文件须为 UTF-8 或 GB18030 文本", "The file must be text in UTF-8 or GB18030", field="file")


def read(
    path: Path, columns: Sequence[str], parse: Callable[[Row], Made], id_of: Callable[[Made], str]
) -> Iterator[Made | Dirty]:
    """Every row of a file in UTF-8, in order; the first of the columns holds the id, which may come once.

    Bytes that are no UTF-8 reach `parse` as lone surrogates.

    Raises:
        ValueError: the file lacks a column that is needed.
    """
    seen: set[str] = set()
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in columns if name not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{path.name} lacks the columns {', '.join(missing)}")
        number = 0
        while True:
            number += 1
            try:
                made = parse(next(rows))
                if id_of(made) in seen:
                    raise Refused(columns[0], "this id appears twice in the file")
            except StopIteration:
                return
            except csv.Error as error:
                yield Dirty(number, "row", f"cannot be read: {error}")
            except Refused as refused:
                yield Dirty(number, refused.field, refused.reason)
            else:
                seen.add(id_of(made))
                yield made
