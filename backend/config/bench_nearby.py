"""The free stops nearest to a place: at a thousand stops, and at a million."""

from __future__ import annotations

import random
import statistics
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from backend.accounts import operations as accounts
from backend.common import clock
from backend.payments.operations import intents
from marketplace.errands import queries
from marketplace.errands.models import Errand
from marketplace.errands.operations.shared import KIND
from marketplace.errands.states import Posted

FEW, MANY, ASKED, AT_ONCE = 1_000, 1_000_000, 300, 50_000
SOUTH, NORTH, WEST, EAST = 29.0, 30.3, 113.5, 114.95
"""About what Xianning's counties span, in degrees."""

REACH_M = 20_000

_FILL = """
    INSERT INTO errands_stop (id, state, latitude, longitude, east, north, errand_id, key, rank, address, price_fen, from_at,
        until_at, opens_at, is_for_all, words, redone_n, refusal, grounds, finding)
    SELECT gen_random_uuid(), 'ready', y, x, 6371000 * radians(x), 6371000 * ln(tan(pi() / 4 + radians(y) / 2)), %(errand)s,
        'K' || n, n, '', 5000, %(at)s, %(until)s, %(at)s, true, '', 0, '', '', ''
    FROM (SELECT n, %(south)s + random() * (%(north)s - %(south)s) y, %(west)s + random() * (%(east)s - %(west)s) x
          FROM generate_series(%(first)s, %(last)s) n) made
"""


def _errand(at: datetime) -> UUID:
    owner = accounts.join(kind="phone", value="13500010000", at=at, name="bench", level="L2").party
    errand = Errand(owner=owner, title="bench", total_fen=1, created_at=at, state_at=at, opens_at=at, state=Posted.OPEN)
    errand.paid_by = intents.open_intent(
        purpose=(KIND, errand.pk), subject=(KIND, errand.pk), payer_id=owner.pk, amount_fen=1, title="bench",
        expires_at=at + timedelta(days=1), at=at,
    )  # fmt: skip
    errand.save(force_insert=True)
    return errand.pk


def _fill(errand_id: UUID, first: int, last: int, at: datetime) -> None:
    """Stops anywhere in the city, so many a statement that none runs into the web role's time limit."""
    box: dict[str, float] = {"south": SOUTH, "north": NORTH, "west": WEST, "east": EAST}
    with connection.cursor() as cursor:
        for start in range(first, last + 1, AT_ONCE):
            words: dict[str, UUID | datetime | int] = {
                "errand": errand_id,
                "at": at,
                "until": at + timedelta(days=9),
                "first": start,
                "last": min(last, start + AT_ONCE - 1),
            }
            cursor.execute(_FILL, {**box, **words})
        cursor.execute("ANALYZE errands_stop")


def _p95(at: datetime) -> float:
    """Milliseconds that 95 of a hundred questions from anywhere in the city take at most."""
    chance = random.Random(7)  # noqa: S311 - places to ask from
    took = []
    for _ in range(ASKED):
        place = chance.uniform(SOUTH, NORTH), chance.uniform(WEST, EAST)
        begun = time.perf_counter()
        queries.nearby(place, REACH_M, at=at)
        took.append((time.perf_counter() - begun) * 1_000)
    return statistics.quantiles(took[20:], n=20)[-1]


def asked() -> tuple[float, float]:
    """The 95th percentile in milliseconds at a million stops, and at a thousand."""
    at = clock.now()
    errand_id = _errand(at)
    _fill(errand_id, 1, FEW, at)
    few = _p95(at)
    _fill(errand_id, FEW + 1, MANY, at)
    return _p95(at), few
