"""The PostgreSQL engine: full text over words that jieba cut, facets by grouping, keyset pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, QuerySet

from backend.common import paging
from backend.common.errors import Invalid
from backend.listings.models import Listing
from backend.listings.words import query_words
from search.engines import Found, Query

ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-listed_at", "-id"),
    "closing": ("closes_at", "id"),
    "raised": ("-raised_fen", "-id"),
    "percent": ("-percent", "-id"),
}
FACETS = {"category": "categories", "county": "counties", "state": "states"}


class PostgresEngine:
    """Finds listings in the database itself; two statements a page, whatever the size."""

    def find(self, query: Query) -> Found:
        order = ORDERS.get(query.order)
        if order is None:
            raise Invalid("没有这种排序", "There is no such order", field="order")
        base = self._base(query)
        chosen = {name: list(getattr(query, attribute)) for name, attribute in FACETS.items()}
        facets = self._facets(base, chosen)
        matching = base
        for name, values in chosen.items():
            if values:
                matching = matching.filter(**{f"{name}__in": values})
        if query.order == "closing":
            matching = matching.filter(closes_at__isnull=False)
        page = paging.page(matching, order=order, cursor=query.cursor, size=query.size)
        counts, total = facets
        return Found(page, total, counts)

    def _base(self, query: Query) -> QuerySet[Listing]:
        found = Listing.objects.filter(is_public=True).defer("words")
        if query.kind:
            found = found.filter(kind=query.kind)
        words = query_words(query.text) if query.text else ()
        if query.text and not words:
            return found.none()
        for word in words:
            found = found.filter(words=SearchQuery(word, config="simple"))
        return found

    def _facets(self, base: QuerySet[Listing], chosen: dict[str, list[str]]) -> tuple[dict[str, dict[str, int]], int]:
        """How many each value would show, the other facets' choices kept; and the total of all choices."""
        cells = base.order_by().values("category", "county", "state").annotate(n=Count("pk"))
        rows: list[dict[str, object]] = [dict(cell) for cell in cells[:2_000]]
        counts = {name: _count(rows, name, chosen) for name in FACETS}
        total = sum(int(str(row["n"])) for row in rows if _fits(row, chosen, skip=""))
        return counts, total


def _count(rows: Iterable[dict[str, object]], name: str, chosen: dict[str, list[str]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in rows:
        if _fits(row, chosen, skip=name):
            counts[str(row[name])] += int(str(row["n"]))
    return dict(counts.most_common())


def _fits(row: dict[str, object], chosen: dict[str, list[str]], *, skip: str) -> bool:
    return all(name == skip or not values or row[name] in values for name, values in chosen.items())
