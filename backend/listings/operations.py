"""Every write of listings, made by the app that owns what is listed, in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import Value

from backend.common.fen import Fen
from backend.listings.models import Listing
from backend.listings.words import tokens


@dataclass(frozen=True)
class Shown:
    """What a list shows of a thing."""

    kind: str
    subject_id: UUID
    title: str
    summary: str
    owner_id: UUID | None
    owner_name: str
    category: str
    county: str
    state: str
    is_public: bool
    is_open: bool
    goal_fen: Fen
    raised_fen: Fen
    people_n: int
    opens_at: datetime | None
    closes_at: datetime | None
    listed_at: datetime
    keywords: str = ""


def show(shown: Shown) -> None:
    """List a thing, or bring its listing up to date (上架)."""
    fields = {name: value for name, value in vars(shown).items() if name not in ("kind", "subject_id", "keywords")}
    fields["percent"] = shown.raised_fen * 100 // shown.goal_fen if shown.goal_fen else 0
    heavy = Value(tokens(shown.title))
    light = Value(tokens(f"{shown.summary} {shown.owner_name} {shown.keywords}"))
    words = SearchVector(heavy, weight="A", config="simple") + SearchVector(light, weight="B", config="simple")
    Listing.objects.bulk_create(
        [Listing(kind=shown.kind, subject_id=shown.subject_id, **fields, words=words)],
        update_conflicts=True,
        unique_fields=["kind", "subject_id"],
        update_fields=[*fields, "words"],
    )


def show_figures(*, kind: str, subject_id: UUID, raised_fen: Fen, people_n: int, percent: int) -> None:
    """Bring only the figures of a listing up to date."""
    Listing.objects.filter(kind=kind, subject_id=subject_id).update(
        raised_fen=raised_fen, people_n=people_n, percent=percent
    )


def set_cover(*, kind: str, subject_id: UUID, sha256: str, mime: str, width: int | None, height: int | None) -> None:
    """Give a listing a picture of its own, or with empty words take it away (封面)."""
    Listing.objects.filter(kind=kind, subject_id=subject_id).update(
        cover_sha256=sha256, cover_mime=mime, cover_width=width, cover_height=height
    )


_FOLD = """
    WITH many AS (
        SELECT kind, category, county, state, closes FROM listings_tally
        GROUP BY kind, category, county, state, closes HAVING count(*) > 1
    ), gone AS (
        DELETE FROM listings_tally t USING many m
        WHERE (t.kind, t.category, t.county, t.state, t.closes) = (m.kind, m.category, m.county, m.state, m.closes)
        RETURNING t.*
    )
    INSERT INTO listings_tally (kind, category, county, state, closes, n)
    SELECT kind, category, county, state, closes, sum(n) FROM gone
    GROUP BY kind, category, county, state, closes HAVING sum(n) <> 0
"""


def fold_tallies() -> None:
    """Make one row of the many that say how the number of listings changed; no sum changes, whoever reads meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
