"""The PostgreSQL engine: full text over words that jieba cut, facets from counts that are kept, keyset pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, F, Func, QuerySet, Sum

from backend.common import paging
from backend.common.errors import Invalid
from backend.listings.models import Listing, Tally
from backend.listings.words import query_words
from search.engines import Found, Query

ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-listed_at", "-id"),
    "closing": ("closes_at", "id"),
    "raised": ("-raised_fen", "-id"),
    "percent": ("-percent", "-id"),
}
FACETS = {"category": "categories", "county": "counties", "state": "states"}
MOST_COUNTED, MOST_CELLS, FEW = 1_000, 4_000, 500


@dataclass(frozen=True)
class Cell:
    """How many listings share category, county and state."""

    category: str
    county: str
    state: str
    n: int


class Has(Func):
    """Whether a vector has all words of a query, as a function: the operator would lead the planner to the index of words.

    Where thousands have the words, going through the newest listings and looking at each comes to a page much sooner.
    """

    function = "ts_match_vq"
    output_field = BooleanField()


class PostgresEngine:
    """Finds listings in the database itself; two statements a page, whatever the size."""

    def find(self, query: Query) -> Found:
        order = ORDERS.get(query.order)
        if order is None:
            raise Invalid("没有这种排序", "There is no such order", field="order")
        chosen = {name: list(getattr(query, attribute)) for name, attribute in FACETS.items()}
        base = Listing.objects.filter(is_public=True).defer("words")
        if query.kind:
            base = base.filter(kind=query.kind)
        if query.order == "closing":
            base = base.filter(is_open=True, closes_at__isnull=False)
        matching, cells, is_capped = self._with_words(query, base) if query.text else (base, self._kept(query), False)
        fitting = [cell for cell in cells if _fits(cell, chosen, skip="")]
        total = sum(cell.n for cell in fitting)
        few = fitting if not query.text and any(chosen.values()) and total <= FEW else []
        page = paging.page(self._narrowed(matching, chosen, few), order=order, cursor=query.cursor, size=query.size)
        return Found(page, total, {name: _count(cells, name, chosen) for name in FACETS}, is_capped)

    def _kept(self, query: Query) -> list[Cell]:
        """Counts that the database keeps as listings come and go: a read of hundreds of rows at a million listings."""
        kept = Tally.objects.filter(kind=query.kind) if query.kind else Tally.objects.all()
        if query.order == "closing":
            kept = kept.filter(closes=True)
        return [Cell(**row) for row in kept.values(*FACETS).annotate(n=Sum("n")).filter(n__gt=0)[:MOST_CELLS]]

    def _with_words(self, query: Query, base: QuerySet[Listing]) -> tuple[QuerySet[Listing], list[Cell], bool]:
        """What has the words, how many of it by facets, and whether there is more than is counted."""
        words = query_words(query.text)
        if not words:
            return base.none(), [], False
        asked = SearchQuery(" & ".join(f"'{word}'" for word in words), config="simple", search_type="raw")
        rows = list(base.filter(words=asked).values_list("pk", *FACETS)[: MOST_COUNTED + 1])
        counts = Counter((category, county, state) for _pk, category, county, state in rows[:MOST_COUNTED])
        cells = [Cell(category, county, state, n) for (category, county, state), n in counts.items()]
        if len(rows) > MOST_COUNTED:
            is_narrowed = query.categories or query.counties or query.states
            return base.filter(words=asked) if is_narrowed else base.filter(Has(F("words"), asked)), cells, True
        return base.filter(pk__in=[row[0] for row in rows]), cells, False

    def _narrowed(
        self, matching: QuerySet[Listing], chosen: dict[str, list[str]], few: Sequence[Cell]
    ) -> QuerySet[Listing]:
        """Only what was chosen. Where that is `few`, every facet is named, so that an index leads right to it."""
        for name, values in chosen.items():
            if few:
                matching = matching.filter(**{f"{name}__in": sorted({getattr(cell, name) for cell in few})})
            elif values:
                matching = matching.filter(**{f"{name}__in": values})
        return matching


def _count(cells: Iterable[Cell], name: str, chosen: dict[str, list[str]]) -> dict[str, int]:
    """How many each value would show, the other facets' choices kept."""
    counts: Counter[str] = Counter()
    for cell in cells:
        if _fits(cell, chosen, skip=name):
            counts[getattr(cell, name)] += cell.n
    return dict(counts.most_common())


def _fits(cell: Cell, chosen: dict[str, list[str]], *, skip: str) -> bool:
    return all(name == skip or not values or getattr(cell, name) in values for name, values in chosen.items())
