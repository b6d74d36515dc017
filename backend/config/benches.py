"""The benchmarks: what the hot paths cost, each beside a plain baseline of the same run.

They work in a scratch database (`sizhong_bench`) that is made and removed here.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connection, connections, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.common import clock, rules
from backend.common.ids import new_id
from backend.config import (
    bench_browse,
    bench_errands,
    bench_fanout,
    bench_fulfilment,
    bench_leases,
    bench_nearby,
    bench_refunds,
    bench_sign_in,
    bench_similarity,
)
from backend.config.runtime.home import Home
from backend.config.runtime.postgres import OWNER, SANDBOX, WEB, Postgres, drop_database
from backend.config.runtime.services import prepare
from backend.ledger import operations as ledger
from crowdfunding.campaigns.history import living
from crowdfunding.campaigns.history.records import Record, read
from crowdfunding.campaigns.models import Campaign

DATABASE = "sizhong_bench"
CLIENTS, SECONDS = 8, 4.0
Result = dict[str, Any]


@contextmanager
def scratch() -> Iterator[None]:
    """A migrated scratch database, with this process connected to it."""
    postgres = Postgres(Home.here())
    drop_database(postgres.url("postgres"), DATABASE)
    prepare(postgres, DATABASE)
    env = os.environ | {
        "SIZHONG_DATABASE_URL": postgres.url(DATABASE, WEB),
        "SIZHONG_OWNER_URL": postgres.url(DATABASE, OWNER),
        "SIZHONG_SANDBOX_URL": postgres.url(f"{DATABASE}_sandbox", SANDBOX),
        "SIZHONG_AS_OWNER": "1",
    }
    subprocess.run([sys.executable, "-m", "backend.config.inner", "migrate"], env=env, check=True, capture_output=True)
    chosen = connections["default"].settings_dict
    before, chosen["NAME"] = chosen["NAME"], DATABASE
    connections.close_all()
    rules.forget()
    try:
        yield
    finally:
        connections.close_all()
        chosen["NAME"] = before
        rules.forget()
        for name in (DATABASE, f"{DATABASE}_sandbox"):
            drop_database(postgres.url("postgres"), name)


def rate(act: Callable[[int], None]) -> tuple[float, int]:
    """Acts a second over eight threads, and how many there were."""
    done = [0] * CLIENTS
    until = time.monotonic() + SECONDS

    def run(index: int) -> None:
        while time.monotonic() < until:
            act(index)
            done[index] += 1
        connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / SECONDS, sum(done)


def _line(name: str, value: float, unit: str, baseline: float, n: int) -> Result:
    ratio = round(value / baseline, 3) if baseline else None
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": round(baseline, 3),
        "ratio": ratio,
        "n": n,
    }


def _pledging(name: str, accounts: int) -> Iterator[Result]:
    """Contributions posted a second, against the same seven plain statements of one transaction (ledger.md §4)."""
    with scratch():
        refs = [ledger.open_account(ledger.escrow_of("campaign", uuid4())) for _ in range(accounts)]
        at = clock.now()
        _plain_tables(accounts)
        url = Postgres(Home.here()).url(DATABASE, WEB)
        plain = [psycopg.connect(url) for _ in range(CLIENTS)]

        def raw(index: int) -> None:
            number = uuid4().int % accounts
            with plain[index].transaction():
                plain[index].execute("INSERT INTO bench_key (key) VALUES (%s)", [uuid4()])
                plain[index].execute("SELECT total FROM bench_account WHERE id = %s FOR UPDATE", [-1 - index])
                plain[index].execute("SELECT total FROM bench_account WHERE id = %s FOR UPDATE", [number])
                plain[index].execute("UPDATE bench_account SET total = total + 1 WHERE id = %s", [number])
                for side in (1, -1):
                    plain[index].execute("INSERT INTO bench_entry (account, fen) VALUES (%s, %s)", [number, side])

        def post(index: int) -> None:
            leg = ledger.Leg(ledger.CLEARING, refs[uuid4().int % accounts], 100)
            ledger.post(key=uuid4().hex, kind="contribution", legs=[leg], cause=("intent", uuid4()), at=at)

        baseline, _ = rate(raw)
        value, n = rate(post)
        for one in plain:
            one.close()
        yield _line(name, value, "pledges/s", baseline, n)


def _plain_tables(accounts: int) -> None:
    with psycopg.connect(Postgres(Home.here()).url(DATABASE, OWNER), autocommit=True) as owner:
        owner.execute("CREATE TABLE bench_key (key uuid PRIMARY KEY)")
        owner.execute("CREATE TABLE bench_account (id int PRIMARY KEY, total bigint NOT NULL)")
        owner.execute(
            "CREATE TABLE bench_entry (id bigserial PRIMARY KEY, account int REFERENCES bench_account, fen bigint)"
        )
        owner.execute(
            "INSERT INTO bench_account SELECT n, 0 FROM generate_series(%s::int, %s::int) n", [-CLIENTS, accounts]
        )


def pledge_hot() -> Iterator[Result]:
    """Everybody at one campaign."""
    yield from _pledging("pledge_hot", 1)


def pledge_cold() -> Iterator[Result]:
    """The same over a thousand campaigns."""
    yield from _pledging("pledge_cold", 1_000)


def campaign_page() -> Iterator[Result]:
    """The campaign page at a thousand and at a million pledges: statements, and milliseconds against the small one."""
    with scratch():
        owner = living.maker()
        times, counts = [], []
        for pledges in (1_000, 1_000_000):
            campaign = _campaign_with(owner.pk, pledges)
            client = Client(HTTP_HOST="localhost")
            client.get(f"/campaigns/{campaign}/")
            reset_queries()
            with CaptureQueriesContext(connection) as seen:
                client.get(f"/campaigns/{campaign}/")
            counts.append(len(seen))
            runs = []
            for _ in range(30):
                started = time.perf_counter()
                client.get(f"/campaigns/{campaign}/")
                runs.append((time.perf_counter() - started) * 1_000)
            times.append(statistics.median(runs))
        yield _line("campaign_page_statements", counts[1], "statements", counts[0], 2)
        yield _line("campaign_page_ms", times[1], "ms", times[0], 30)


def _campaign_with(owner_id: UUID, pledges: int) -> UUID:
    """A campaign with so many pledges, lived in sets."""
    living.grow_pool(pledges)
    at = clock.now()
    record = Record(
        number=f"bench{pledges}", title="基准", category="tea", opens_at=at - timedelta(days=40),
        closes_at=at - timedelta(days=10), goal_fen=100, pledged_fen=pledges * 100, backers=pledges, outcome="successful",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    living.live(record, owner_id=owner_id)
    return UUID(str(Campaign.objects.values_list("pk", flat=True).get(source_no=record.number)))


def import_campaigns() -> Iterator[Result]:
    """Pledges imported a second, against a plain loop that writes one bare row a pledge."""
    with scratch(), tempfile.TemporaryDirectory() as folder:
        path, pledges = Path(folder) / "campaigns.csv", 0
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(
                [
                    "id",
                    "name",
                    "category",
                    "main_category",
                    "currency",
                    "deadline",
                    "goal",
                    "launched",
                    "pledged",
                    "state",
                    "backers",
                    "country",
                ]
            )
            for number in range(300):
                backers = 1 + number % 200
                pledges += backers
                won = number % 2 == 0
                pledged = f"{1_000 if won else 500}.00"
                state = "successful" if won else "failed"
                rows.writerow(
                    [
                        number,
                        f"C{number}",
                        "c",
                        "Games",
                        "USD",
                        "2015-02-28",
                        "1000.00",
                        "2015-01-01 00:00:00",
                        pledged,
                        state,
                        backers,
                        "US",
                    ]
                )
        with psycopg.connect(Postgres(Home.here()).url(DATABASE, OWNER)) as owner:
            owner.execute("CREATE TABLE bench_pledge (id uuid PRIMARY KEY, campaign int, fen bigint, at timestamptz)")
            started = time.monotonic()
            for number in range(5_000):
                row = (new_id(), number % 300, 100, "2015-01-01")
                owner.execute("INSERT INTO bench_pledge VALUES (%s, %s, %s, %s)", row)
                if number % 98 == 97:
                    owner.commit()
            owner.commit()
            baseline = 5_000 / (time.monotonic() - started)
        records = [row for row in read(path) if isinstance(row, Record)]
        owner_id = living.maker().pk
        living.grow_pool(200)
        started = time.monotonic()
        for record in records:
            living.live(record, owner_id=owner_id)
        yield _line("import_campaigns", pledges / (time.monotonic() - started), "pledges/s", baseline, pledges)


def survey_lock() -> Iterator[Result]:
    """Fifty thousand addresses locked, against a loop of single rows."""
    with scratch():
        value, baseline = bench_fulfilment.parcels_locked()
        yield _line("survey_lock", value, "parcels/s", baseline, bench_fulfilment.PARCELS)


def shipment_import() -> Iterator[Result]:
    """Fifty thousand tracking numbers taken in, against a loop of single rows."""
    with scratch():
        value, baseline = bench_fulfilment.parcels_sent()
        yield _line("shipment_import", value, "parcels/s", baseline, bench_fulfilment.PARCELS)


def refund_batch() -> Iterator[Result]:
    """Ten thousand payments refunded together with a crash in the middle, against a loop of single refunds."""
    with scratch():
        campaign_id = _campaign_with(living.maker().pk, bench_refunds.LINES + bench_refunds.SAMPLE)
        value, baseline = bench_refunds.batch_refunded(campaign_id)
        yield _line("refund_batch", value, "lines/s", baseline, bench_refunds.LINES)


def ws_fanout() -> Iterator[Result]:
    """Two thousand watchers of one campaign: when the last hears of a pledge, against a plain broadcast."""
    with scratch():
        campaign_id = _campaign_with(living.maker().pk, 10)
        ours, plain = bench_fanout.last_hears(campaign_id, Postgres(Home.here()).url(DATABASE, WEB))
        yield _line("ws_fanout", ours, "ms", plain, bench_fanout.WATCHERS)


def sign_in() -> Iterator[Result]:
    """The sign-in's answers to known numbers, against those to unknown ones: the ratio should be one."""
    with scratch():
        for name, known, unknown in bench_sign_in.answers():
            yield _line(name, known, "ms", unknown, bench_sign_in.EACH)


def errands_forecast() -> Iterator[Result]:
    """How well forecasts rank on-site tasks (AUC), against a random forest and against boosted trees."""
    ours, forest, boosted, tasks = bench_errands.ranked()
    yield _line("errands_forecast_forest", ours, "auc", forest, tasks)
    yield _line("errands_forecast_boosted", ours, "auc", boosted, tasks)


def similarity() -> Iterator[Result]:
    """A new entry's words and picture against a hundred thousand past ones: by the indexes, against whole scans."""
    with scratch():
        ours, scans = bench_similarity.compared()
        yield _line("similarity", ours, "ms", scans, bench_similarity.PAST)


def lease_items() -> Iterator[Result]:
    """Micro-task items a second that sixteen workers take, sheets of ten; raw rows by SKIP LOCKED, one and ten a statement."""
    with scratch():
        ours, one, many = bench_leases.leased()
        yield _line("lease_items", ours, "items/s", one, bench_leases.WORKERS)
        yield _line("lease_items_at_once", ours, "items/s", many, bench_leases.WORKERS)


def nearby() -> Iterator[Result]:
    """The forty free stops nearest to a place (95th percentile): at a million stops, against a thousand."""
    with scratch():
        many, few = bench_nearby.asked()
        yield _line("nearby", many, "ms", few, bench_nearby.MANY)


def browse_tasks() -> Iterator[Result]:
    """The hall of tasks as readers go through it (95th percentile, statements): at a million listings, and a thousand."""
    with scratch():
        owner = Postgres(Home.here()).url(DATABASE, OWNER)

        def tidy() -> None:
            with psycopg.connect(owner, autocommit=True) as tables:
                tables.execute("VACUUM ANALYZE listings_listing, listings_tally")

        for name, many, few in bench_browse.browsed(tidy):
            yield _line(name, many.p95_ms, "ms", few.p95_ms, bench_browse.MANY)
            yield _line(f"{name}_statements", many.statements, "statements", few.statements, bench_browse.MANY)


BENCHES: dict[str, Callable[[], Iterator[Result]]] = {
    "pledge_hot": pledge_hot,
    "pledge_cold": pledge_cold,
    "campaign_page": campaign_page,
    "import_campaigns": import_campaigns,
    "sign_in": sign_in,
    "refund_batch": refund_batch,
    "ws_fanout": ws_fanout,
    "survey_lock": survey_lock,
    "shipment_import": shipment_import,
    "errands_forecast": errands_forecast,
    "similarity": similarity,
    "lease_items": lease_items,
    "nearby": nearby,
    "browse_tasks": browse_tasks,
}
