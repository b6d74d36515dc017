"""Browsing: Chinese words, facets that count, pages that neither skip nor repeat."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from backend.common import clock
from backend.common.errors import Invalid
from backend.ledger import queries as books
from backend.listings import operations
from backend.listings.models import Listing, Tally
from backend.listings.words import tokens
from search import postgres
from search.engines import Query
from search.queries import find
from tests.builders import draft, live_campaign, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["食盒", "楠竹食盒", "竹食", "二十七道", "竹", "  食盒 工序 "])
def test_any_part_of_a_chinese_title_finds_it(text):
    campaign, _tier = live_campaign()
    assert [row.subject_id for row in find(Query(text=text)).page] == [campaign.pk]


@pytest.mark.parametrize("text", ["台灯", "盒食", "！！", "' OR 1=1", "食盒 台灯"])
def test_what_is_not_there_is_not_found(text):
    live_campaign()
    assert find(Query(text=text)).total == 0


def test_drafts_are_found_by_nobody():
    draft(person())
    assert Listing.objects.count() == 1
    assert find(Query()).total == 0


def test_facets_count_what_the_other_choices_leave():
    for _ in range(3):
        live_campaign()
    found = find(Query(counties=("421202",)))
    assert (found.total, found.facets["county"], found.facets["category"]) == (0, {"421223": 3}, {})


def listed(n: int, **more: object) -> list[Listing]:
    """So many public tasks, written as the database writes rows in sets."""
    now = clock.now()
    words: dict[str, object] = {
        "kind": "task", "title": "竹编提篮设计", "category": "design", "county": "421221", "state": "open",
        "is_public": True, "is_open": True, "closes_at": now + timedelta(days=9), "listed_at": now,
    } | more  # fmt: skip
    made = Listing.objects.bulk_create([Listing(subject_id=uuid4(), **words) for _ in range(n)])
    Listing.objects.filter(pk__in=[row.pk for row in made]).update(
        words=SearchVector(Value(tokens(str(words["title"]))), config="simple")
    )
    return made


def differences() -> list[str]:
    return [line for line in books.differences() if line.startswith("count of public listings")]


def test_counts_follow_every_way_in_which_listings_come_change_and_go():
    rows = listed(5)
    assert find(Query(kind="task")).facets["state"] == {"open": 5}
    Listing.objects.filter(pk__in=[row.pk for row in rows[:2]]).update(state="ended", is_open=False)
    Listing.objects.filter(pk=rows[2].pk).update(is_public=False)
    rows[3].delete()
    found = find(Query(kind="task"))
    assert (found.total, found.facets["state"]) == (3, {"ended": 2, "open": 1})
    assert find(Query(kind="task", order="closing")).total == 1
    assert find(Query(kind="contest")).total == 0
    before = Tally.objects.count()
    Listing.objects.filter(kind="task").update(people_n=7)
    assert Tally.objects.count() == before
    operations.fold_tallies()
    assert Tally.objects.count() == 2 and find(Query(kind="task")).total == 3
    assert differences() == []


def test_a_count_that_is_wrong_is_found_by_the_standing_checks():
    listed(2)
    Tally.objects.filter(kind="task").update(n=3)
    assert differences() == ["count of public listings differs from the listings (cell, difference): task/design/421221/open/t, -1"]  # fmt: skip


def test_what_ends_next_leaves_out_what_is_over():
    gone = listed(1, state="ended", is_open=False, closes_at=clock.now() - timedelta(days=3))
    soon = listed(1, closes_at=clock.now() + timedelta(days=1))
    late = listed(1)
    found = find(Query(kind="task", order="closing"))
    assert [row.pk for row in found.page] == [soon[0].pk, late[0].pk] and gone[0].pk not in {
        row.pk for row in found.page
    }


def test_words_that_many_have_are_counted_to_a_thousand_and_paged_to_the_end(monkeypatch):
    monkeypatch.setattr(postgres, "MOST_COUNTED", 10)
    listed(25, state="open")
    listed(5, title="别的事情")
    found = find(Query(kind="task", text="竹编", size=20))
    assert (found.total, found.is_capped, len(found.page)) == (10, True, 20)
    rest = find(Query(kind="task", text="竹编", size=20, cursor=found.page.next_cursor))
    assert len(rest.page) == 5 and not rest.page.next_cursor
    narrowed = find(Query(kind="task", text="竹编", counties=("421221",), size=50))
    assert (narrowed.is_capped, len(narrowed.page)) == (True, 25)
    few = find(Query(kind="task", text="别的"))
    assert (few.total, few.is_capped, len(few.page)) == (5, False, 5)


@pytest.mark.parametrize("order", ["newest", "closing", "raised", "percent"])
def test_pages_neither_skip_nor_repeat_and_cost_the_same(order):
    made = {live_campaign()[0].pk for _ in range(7)}
    seen, cursor, costs = [], "", set()
    while True:
        with CaptureQueriesContext(connection) as queries:
            found = find(Query(order=order, cursor=cursor, size=3))
        costs.add(len(queries))
        seen += [row.subject_id for row in found.page]
        cursor = found.page.next_cursor
        if not cursor:
            break
    assert (sorted(seen), costs) == (sorted(made), {2})


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIl0", "é", "WyJhIiwgImIiXQ"])
def test_a_cursor_that_no_page_gave_is_refused(cursor):
    live_campaign()
    with pytest.raises(Invalid):
        list(find(Query(cursor=cursor)).page)
