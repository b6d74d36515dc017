"""Working days (工作日) in China: Monday to Friday, less public holidays, plus the weekend days worked for them."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from backend.common.rules import SHANGHAI


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; a year without a notice yet counts Monday to Friday."""
    off, made_up = _notices()
    return day in made_up or day.weekday() < 5 and day not in off


def after(moment: datetime, days: int) -> datetime:
    """The end (midnight in Shanghai) of the `days`-th working day after the day of a moment."""
    day = moment.astimezone(SHANGHAI).date()
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)


@cache
def _notices() -> tuple[frozenset[date], frozenset[date]]:
    path = Path(__file__).with_name("holidays.toml")
    notices = tomllib.loads(path.read_text(encoding="utf-8"))["notice"]
    return (
        frozenset(day for notice in notices for day in notice["off"]),
        frozenset(day for notice in notices for day in notice["work"]),
    )
