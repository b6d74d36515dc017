"""Micro-task items taken in hand by sixteen workers at once, against the rows themselves taken by `FOR UPDATE SKIP LOCKED`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from django.db import connection, connections

from backend.accounts import operations as accounts
from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Actor
from backend.config.runtime.home import Home
from backend.config.runtime.postgres import OWNER, WEB, Postgres
from backend.payments.operations import intents
from marketplace.microtasks.models import Item, Job
from marketplace.microtasks.operations import leases
from marketplace.microtasks.operations.shared import KIND
from marketplace.microtasks.states import Posted

WORKERS, SHEET, ITEMS, ROUNDS = 16, 10, 50_000, 30

ONE = """
    UPDATE bench_item SET leased_n = leased_n + 1 WHERE id = (
        SELECT id FROM bench_item WHERE leased_n < need ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
"""
MANY = """
    UPDATE bench_item SET leased_n = leased_n + 1 WHERE id IN (
        SELECT id FROM bench_item WHERE leased_n < need ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
"""


def _join(number: int, at: datetime) -> UUID:
    return accounts.join(kind="phone", value=f"1350001{number:04d}", at=at, name=f"bench {number}", level="L2").party_id


def _job(at: datetime) -> Job:
    owner = Party.objects.get(pk=_join(0, at))
    job = Job(
        owner=owner, title="bench", category="data", price_fen=20, answers_each=1, gold_percent=0, sheet_size=SHEET,
        total_fen=20 * ITEMS, items_n=ITEMS, created_at=at, state_at=at, opens_at=at, closes_at=at + timedelta(days=9),
        state=Posted.OPEN,
    )  # fmt: skip
    job.paid_by = intents.open_intent(
        purpose=(KIND, job.pk), subject=(KIND, job.pk), payer_id=owner.pk, amount_fen=job.total_fen, title="bench",
        expires_at=at + timedelta(days=1), at=at,
    )  # fmt: skip
    job.save(force_insert=True)
    Item.objects.bulk_create(
        [Item(job=job, key=str(rank), rank=rank, text="bench", need=1) for rank in range(1, ITEMS + 1)],
        batch_size=5_000,
    )
    _raw_rows()
    return job


def _raw_rows() -> None:
    """The floor: rows with a counter, made by the owner of the database, since the platform itself makes no tables."""
    with psycopg.connect(Postgres(Home.here()).url(connection.settings_dict["NAME"], OWNER), autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE bench_item (id int PRIMARY KEY, need int NOT NULL, leased_n int NOT NULL DEFAULT 0)"
        )
        owner.execute("INSERT INTO bench_item SELECT n, 1 FROM generate_series(1, %s) n", [ITEMS])
        owner.execute("CREATE INDEX bench_free ON bench_item (id) WHERE leased_n < need")
        owner.execute(f"GRANT SELECT, UPDATE ON bench_item TO {WEB}")
        owner.execute("ANALYZE bench_item, microtasks_item")


def _rate(pool: ThreadPoolExecutor, act: Callable[[int], object], after: str) -> float:
    """The median items a second of rounds in which every worker takes a sheet's worth at the same time."""
    rates = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        list(pool.map(act, range(WORKERS)))
        rates.append(WORKERS * SHEET / (time.perf_counter() - begun))
        with connection.cursor() as cursor:
            cursor.execute(after)
    return statistics.median(rates[2:])


def _hang_up(_number: int) -> None:
    time.sleep(0.05)  # so that every thread has its turn
    connections.close_all()


def leased() -> tuple[float, float, float]:
    """Items a second: ours, raw rows one a statement, and raw rows a sheet a statement."""
    at = clock.now()
    job = _job(at)
    people = [_join(number, at) for number in range(1, WORKERS + 1)]

    def ours(number: int) -> None:
        by = Actor(people[number], people[number], scopes=frozenset({"work"}))
        leases.take(job_id=job.pk, by=by, at=at)

    def one(_number: int) -> None:
        for _ in range(SHEET):
            with connection.cursor() as cursor:
                cursor.execute(ONE)

    def many(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(MANY, [SHEET])

    put_back = """
        UPDATE microtasks_sheet SET state = 'dropped' WHERE state = 'live';
        UPDATE microtasks_answer SET state = 'lapsed' WHERE state = 'leased';
        UPDATE microtasks_item SET leased_n = 0 WHERE leased_n > 0"""
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            found = (
                _rate(pool, ours, put_back),
                _rate(pool, one, "UPDATE bench_item SET leased_n = 0 WHERE leased_n > 0"),
                _rate(pool, many, "UPDATE bench_item SET leased_n = 0 WHERE leased_n > 0"),
            )
        finally:
            list(pool.map(_hang_up, range(WORKERS)))
    return found
