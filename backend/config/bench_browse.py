"""Browsing the hall of tasks as people do: at a thousand listings, and at a million."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.common import clock
from backend.listings import operations
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.listings.words import tokens
from marketplace.tasks.states import TASK

FEW, MANY, AT_ONCE, ROUNDS = 1_000, 1_000_000, 5_000, 12
THINGS = ("青砖茶礼盒", "楠竹提篮", "桂花糕点", "温泉民宿", "麻塘风湿膏", "赤壁导览图", "猕猴桃果酱", "非遗雕花剪纸")
WORKS = (
    "包装设计",
    "网站开发",
    "宣传文案",
    "英文翻译",
    "产品摄影",
    "结构图纸",
    "成分检测",
    "数据标注",
    "直播推广",
    "技能培训",
)
RARE = "崇阳提琴戏"
"""What eleven listings at most are about, however many there are."""

_FILL = """
    INSERT INTO listings_listing (kind, subject_id, title, summary, owner_name, category, county, state, is_public, is_open,
        goal_fen, raised_fen, people_n, percent, opens_at, closes_at, listed_at, words)
    SELECT 'task', gen_random_uuid(), thing || work, '', '咸宁' || n, category, county, state, true,
        state = 'open', 100 * (n %% 5000), 0, n %% 40, 0, listed_at, listed_at + interval '20 days', listed_at,
        array_to_tsvector(string_to_array(cut_thing || ' ' || cut_work, ' '))
    FROM (
        SELECT n, (%(things)s::text[])[t] AS thing, (%(cut_things)s::text[])[t] AS cut_thing,
            (%(works)s::text[])[w] AS work, (%(cut_works)s::text[])[w] AS cut_work,
            (%(categories)s::text[])[1 + floor(power(random(), 2) * %(categories_n)s)::int] AS category,
            (%(counties)s::text[])[1 + floor(power(random(), 2) * %(counties_n)s)::int] AS county,
            (%(states)s::text[])[1 + floor(power(random(), 2) * %(states_n)s)::int] AS state,
            %(at)s::timestamptz - random() * interval '700 days' AS listed_at
        FROM (SELECT n, CASE WHEN n %% %(rare)s = 0 THEN 1 ELSE 2 + floor(random() * %(things_n)s)::int END AS t,
            1 + floor(random() * %(works_n)s)::int AS w FROM generate_series(%(first)s, %(last)s) n) drawn
    ) made
"""


@dataclass(frozen=True)
class Browsing:
    """What a reader's requests take: milliseconds that 95 of a hundred stay under, and statements of the dearest one."""

    p95_ms: float
    statements: int


def _fill(first: int, last: int, at: datetime, rare: int) -> None:
    things, works = [RARE, *THINGS], list(WORKS)
    words: dict[str, Any] = {
        "things": things, "cut_things": [tokens(word) for word in things], "things_n": len(THINGS),
        "works": works, "cut_works": [tokens(word) for word in works], "works_n": len(works),
        "categories": WORK_CATEGORY_KEYS, "categories_n": len(WORK_CATEGORY_KEYS),
        "counties": list(COUNTIES), "counties_n": len(COUNTIES),
        "states": list(TASK.states), "states_n": len(TASK.states),
        "at": at, "rare": rare,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for start in range(first, last + 1, AT_ONCE):
            cursor.execute(_FILL, words | {"first": start, "last": min(last, start + AT_ONCE - 1)})
    operations.fold_tallies()


BROWSED: list[dict[str, str | list[str]]] = [
    {}, {"order": "closing"}, {"category": WORK_CATEGORY_KEYS[0]}, {"category": WORK_CATEGORY_KEYS[-1]},
    {"county": COUNTIES[-1]}, {"state": TASK.states[-1]}, {"county": list(COUNTIES[:3])},
    {"category": WORK_CATEGORY_KEYS[3], "county": COUNTIES[4]},
    {"category": WORK_CATEGORY_KEYS[-1], "county": COUNTIES[-1], "state": TASK.states[-1]},
    {"category": WORK_CATEGORY_KEYS[0], "order": "closing"},
]  # fmt: skip
"""Everything, one facet, several, what ends next."""

LOOKED_FOR: list[dict[str, str | list[str]]] = [
    {"q": "青砖茶"}, {"q": "包装设计 楠竹"}, {"q": RARE}, {"q": "摄影", "county": COUNTIES[2]}, {"q": "没有这个词"},
]  # fmt: skip
"""Frequent words, several together, rare ones, words within a facet, none."""


def _measured(asked: list[dict[str, str | list[str]]]) -> Browsing:
    client = Client(HTTP_HOST="localhost")
    addresses = [urlencode(one, doseq=True) for one in asked]
    for address in list(addresses):  # the page after, as people go on
        following = re.search(r"cursor=([\w-]+)", client.get(f"/work/?{address}").content.decode())
        if following:
            addresses.append(f"{address}&cursor={following[1]}")
    statements, took = 0, []
    for address in addresses:
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/work/?{address}")
        statements = max(statements, len(seen))
    for _ in range(ROUNDS):
        for address in addresses:
            begun = time.perf_counter()
            client.get(f"/work/?{address}")
            took.append((time.perf_counter() - begun) * 1_000)
    return Browsing(statistics.quantiles(took, n=20)[-1], statements)


def browsed(tidy: Callable[[], None]) -> list[tuple[str, Browsing, Browsing]]:
    """What is measured, at a million listings, and at a thousand; `tidy` does what autovacuum does in its own time."""
    at = clock.now() - timedelta(minutes=1)
    kinds = {"browse_tasks": BROWSED, "browse_tasks_by_words": LOOKED_FOR}
    _fill(1, FEW, at, 100)
    tidy()
    few = {name: _measured(asked) for name, asked in kinds.items()}
    _fill(FEW + 1, MANY, at, 1_000_000)
    tidy()
    return [(name, _measured(asked), few[name]) for name, asked in kinds.items()]
