"""Drafts to begin with (任务模板): what posters of a trade usually need to say."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backend.common.errors import NotFound
from backend.common.fen import Fen


@dataclass(frozen=True)
class Pattern:
    """One beginning; money in fen, stages as title and percent."""

    key: str
    zh: str
    en: str
    title: str
    category: str
    skills: tuple[str, ...]
    budget_fen: Fen
    stages: tuple[tuple[str, int], ...]
    brief: str


@cache
def patterns() -> dict[str, Pattern]:
    """Every pattern by its key, in the order of the file."""
    rows = tomllib.loads(Path(__file__).with_name("patterns.toml").read_text(encoding="utf-8"))["pattern"]
    return {
        row["key"]: Pattern(
            key=row["key"],
            zh=row["zh"],
            en=row["en"],
            title=row["title"],
            category=row["category"],
            skills=tuple(row["skills"]),
            budget_fen=row["budget_yuan"] * 100,
            stages=tuple((stage["title"], stage["percent"]) for stage in row["stages"]),
            brief=row["brief"].strip(),
        )
        for row in rows
    }


def pattern(key: str) -> Pattern:
    """One pattern.

    Raises:
        NotFound: there is none of this name.
    """
    found = patterns().get(key)
    if found is None:
        raise NotFound
    return found
