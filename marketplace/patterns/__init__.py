"""Patterns (模板): drafts to begin with, what posters of a trade usually need to say; one file of them for each kind of work."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backend.common.errors import NotFound


@dataclass(frozen=True)
class Pattern:
    """One beginning: its name, and the fields of the draft by their names in the model; money in fen."""

    key: str
    words: tuple[str, str]
    fields: dict[str, Any]


@cache
def patterns(kind: str) -> dict[str, Pattern]:
    """Every pattern of a kind of work by its key, in the order of its file."""
    file = Path(__file__).with_name("drafts") / f"{kind}.toml"
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["pattern"]
    return {row["key"]: Pattern(row["key"], (row["zh"], row["en"]), _fields(row["fields"])) for row in rows}


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}


def begun(kind: str, key: str) -> dict[str, Any]:
    """The fields that a draft begins with; none for a blank one.

    Raises:
        NotFound: there is no pattern of this name.
    """
    if not key:
        return {}
    found = patterns(kind).get(key)
    if found is None:
        raise NotFound
    return deepcopy(found.fields)
