"""Browsing: Chinese words, facets that count, pages that neither skip nor repeat."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.common.errors import Invalid
from backend.listings.models import Listing
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
