"""Dated rules (规则): what law or policy sets, looked up by the date of the fact.

Seed files are typed TOML, one `rules.toml` an app, each row with its source; `load` writes them to
the table, where an officer's later row takes over from its `valid_from`.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.apps import apps

from backend.common.models import Rule

CITY, HISTORICAL = "city", "historical"
SHANGHAI = ZoneInfo("Asia/Shanghai")

_FRESH_SECONDS = 30.0
_kept: dict[tuple[str, str], list[Rule]] = {}
_kept_since = 0.0


class RuleMissing(LookupError):
    """No row of the table covers this key on this date: a fault of the installation, not of the user."""


def value(key: str, *, at: datetime, ruleset: str = CITY) -> int:
    """The number in force at a moment, by the day in Shanghai.

    Raises:
        RuleMissing: no row covers the day.
    """
    return int(rule(key, at=at, ruleset=ruleset).value)


def days(key: str, *, at: datetime, ruleset: str = CITY) -> timedelta:
    """A rule that counts days, as a length of time."""
    return timedelta(days=value(key, at=at, ruleset=ruleset))


def hours(key: str, *, at: datetime, ruleset: str = CITY) -> timedelta:
    """A rule that counts hours, as a length of time."""
    return timedelta(hours=value(key, at=at, ruleset=ruleset))


def rule(key: str, *, at: datetime, ruleset: str = CITY) -> Rule:
    """The row in force at a moment; another rule set falls back to the city's where it says nothing.

    Raises:
        RuleMissing: no row covers the day.
    """
    day = at.astimezone(SHANGHAI).date()
    for name in dict.fromkeys((ruleset, CITY)):
        for row in _rows().get((name, key), ()):
            if row.valid_from <= day and (row.valid_to is None or day < row.valid_to):
                return row
    raise RuleMissing(f"{key} on {day}")


def named(prefix: str, *, at: datetime, ruleset: str = CITY) -> list[str]:
    """What follows a prefix in the keys that are in force and not 0, in order: rules that list things."""
    keys = {key for _name, key in _rows() if key.startswith(prefix)}
    found = []
    for key in sorted(keys):
        try:
            if value(key, at=at, ruleset=ruleset):
                found.append(key.removeprefix(prefix))
        except RuleMissing:
            continue
    return found


def _rows() -> dict[tuple[str, str], list[Rule]]:
    global _kept, _kept_since
    if not _kept or time.monotonic() - _kept_since > _FRESH_SECONDS:
        fresh: dict[tuple[str, str], list[Rule]] = {}
        for row in Rule.objects.order_by("key", "-valid_from"):
            fresh.setdefault((row.ruleset, row.key), []).append(row)
        _kept, _kept_since = fresh, time.monotonic()
    return _kept


def forget() -> None:
    """Drop what this process remembers of the table."""
    global _kept
    _kept = {}


def load() -> int:
    """Write every app's seed file to the table and return the number of rows. Safe to repeat."""
    rows = list(_seeds())
    for row in rows:
        Rule.objects.update_or_create(
            ruleset=row.ruleset,
            key=row.key,
            valid_from=row.valid_from,
            defaults={
                "name": row.name,
                "value": row.value,
                "unit": row.unit,
                "valid_to": row.valid_to,
                "source": row.source,
                "status": row.status,
            },
        )
    forget()
    return len(rows)


def _seeds() -> Iterator[Rule]:
    for app in apps.get_app_configs():
        path = Path(app.path) / "rules.toml"
        if path.exists():
            for row in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
                if not isinstance(row["valid_from"], date):
                    raise TypeError(f"{path}: {row['key']} has no date")
                yield Rule(**row)
