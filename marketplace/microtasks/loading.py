"""Items as they come in a file (题目文件): CSV with a head line, or a JSON list; every line is checked before one is taken."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from backend.common import tables
from backend.common.errors import Invalid
from marketplace.microtasks.errors import RowsRefused

FIELDS = {"id": 60, "text": 2_000, "image": 80, "gold": 300, "why": 300}
"""The columns and their longest value in characters; `id` and one of `text` and `image` are needed."""
MOST_BYTES = 5_000_000


@dataclass(frozen=True)
class Row:
    """One item to be: the poster's own key, its words, its picture's file name; a gold item has its answer and why."""

    id: str
    text: str = ""
    image: str = ""
    gold: str = ""
    why: str = ""


def read(body: bytes, *, most: int) -> list[Row]:
    """The rows of a file, at most so many, in its order.

    Raises:
        Invalid: neither CSV nor JSON, too large, or empty.
        RowsRefused: the first line that cannot be taken.
    """
    if not body or len(body) > MOST_BYTES:
        raise Invalid("文件须大于 0、不超过 5 MB", "The file must not be empty, and at most 5 MB", field="file")
    text = tables.decoded(body)
    lines = _json(text) if text.lstrip()[:1] in ("[", "{") else _csv(text)
    rows: list[Row] = []
    seen: set[str] = set()
    for number, line in lines:
        if len(rows) >= most:
            raise Invalid(f"最多 {most} 题", f"At most {most} items", field="file")
        row = _row(number, line)
        if row.id in seen:
            raise RowsRefused(row=number, what_zh=f"编号 {row.id} 重复", what_en=f"the id {row.id} is there twice")
        seen.add(row.id)
        rows.append(row)
    if not rows:
        raise Invalid("文件中没有题目", "There is no item in the file", field="file")
    return rows


def _csv(text: str) -> Iterable[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        heads = [(name or "").strip().lower() for name in reader.fieldnames or []]
        if "id" not in heads or not {"text", "image"} & set(heads):
            raise Invalid(
                "首行须有列名：id，以及 text 或 image；可选 gold、why",
                "The first line names the columns: id, and text or image; gold and why if you like",
                field="file",
            )
        reader.fieldnames = heads
        for line in reader:
            if None in line:
                raise RowsRefused(
                    row=reader.line_num, what_zh="列数多于首行", what_en="it has more columns than the head"
                )
            yield reader.line_num, dict(line)
    except csv.Error as error:
        raise RowsRefused(row=reader.line_num, what_zh="不是 CSV", what_en="it is not CSV") from error


def _json(text: str) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("不是 JSON", "It is not JSON", field="file") from error
    if not isinstance(found, list):
        raise Invalid("JSON 须为列表", "The JSON must be a list", field="file")
    for number, line in enumerate(found, 1):
        if not isinstance(line, dict):
            raise RowsRefused(row=number, what_zh="须为对象", what_en="it must be an object")
        yield number, line


def _row(number: int, line: dict[str, Any]) -> Row:
    values: dict[str, str] = {}
    for name, longest in FIELDS.items():
        value = line.get(name)
        if value is not None and not isinstance(value, str | int):
            raise RowsRefused(row=number, what_zh=f"{name} 须为文字", what_en=f"{name} must be text")
        text = "" if value is None else str(value).strip()
        if len(text) > longest or any(ord(letter) < 32 and letter not in "\n\t\r" for letter in text):
            raise RowsRefused(row=number, what_zh=f"{name} 超过 {longest} 字或含控制字符",
                              what_en=f"{name} is longer than {longest} characters, or holds control characters")  # fmt: skip
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RowsRefused(row=number, what_zh=f"{name} 不是文字", what_en=f"{name} is not text") from error
        values[name] = text
    if not values["id"]:
        raise RowsRefused(row=number, what_zh="缺少 id", what_en="it has no id")
    if not values["text"] and not values["image"]:
        raise RowsRefused(row=number, what_zh="text 和 image 都为空", what_en="text and image are both empty")
    return Row(**values)
