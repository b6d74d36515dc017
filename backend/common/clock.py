"""The one clock (时钟): the database's time plus an offset that production refuses.

Doors ask once and pass `at` down, so an operation can be replayed and tested at any moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from backend.common.errors import Refusal


class ClockFixed(Refusal):
    """Someone tried to move time where real money moves."""

    status, code = 403, "clock_fixed"
    zh, en = "正式环境不允许调整时钟", "Time cannot be moved in production"


def now() -> datetime:
    """Aware UTC: the database server's wall clock plus the offset row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() + coalesce((SELECT ahead FROM common_clockoffset WHERE id = 1), interval '0')"
        )
        moment: datetime = cursor.fetchone()[0]
    return moment


def move_to(moment: datetime) -> None:
    """Make `now()` answer `moment` and go on from there.

    Raises:
        ClockFixed: this installation runs with real money.
    """
    if not settings.SIZHONG_MOVABLE_CLOCK:
        raise ClockFixed
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO common_clockoffset (id, ahead) VALUES (1, %s - clock_timestamp()) "
            "ON CONFLICT (id) DO UPDATE SET ahead = excluded.ahead",
            [moment],
        )


def advance(by: timedelta) -> datetime:
    """Move the clock forward and return the new time.

    Raises:
        ClockFixed: this installation runs with real money.
    """
    moment = now() + by
    move_to(moment)
    return moment
