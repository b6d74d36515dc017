"""One interface, two engines. The PostgreSQL engine is the embedded default; another takes its place by setting.

The index is a copy: losing it loses nothing, and it holds only what the public may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from backend.common.paging import Page
from backend.listings.models import Listing


@dataclass(frozen=True)
class Query:
    """What a reader looks for: words, facets, order, page."""

    text: str = ""
    kind: str = ""
    categories: Sequence[str] = ()
    counties: Sequence[str] = ()
    states: Sequence[str] = ()
    order: str = "newest"
    cursor: str = ""
    size: int = 24


@dataclass(frozen=True)
class Found:
    """One page of listings, and how many there are by facet and value.

    Where words are looked for, counting ends at a thousand: then `is_capped` holds, and `total` and the facets say how
    many there are at least.
    """

    page: Page[Listing]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    is_capped: bool = False


class Engine(Protocol):
    """Whatever finds listings."""

    def find(self, query: Query) -> Found:
        """One page of public listings for a query, with facet counts.

        Raises:
            Invalid: an order or a cursor that does not exist.
        """
