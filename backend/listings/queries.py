"""Reads of listings (发现), and what may never be found of how many there are."""

from __future__ import annotations

from uuid import UUID

from backend.listings.models import Listing


def cover_of(kind: str, subject_id: UUID) -> Listing | None:
    """The listing of a thing that has a picture of its own, with no more than the picture's columns."""
    rows = Listing.objects.filter(kind=kind, subject_id=subject_id).exclude(cover_sha256="")
    return rows.only("cover_sha256", "cover_mime", "cover_width", "cover_height").first()


STANDING = {
    "count of public listings differs from the listings (cell, difference)": """
        SELECT concat_ws('/', kind, category, county, state, closes), sum(n) FROM (
            SELECT kind, category, county, state, is_open AND closes_at IS NOT NULL AS closes, count(*) AS n
            FROM listings_listing WHERE is_public GROUP BY 1, 2, 3, 4, 5
            UNION ALL
            SELECT kind, category, county, state, closes, -sum(n) FROM listings_tally GROUP BY 1, 2, 3, 4, 5
        ) sides GROUP BY kind, category, county, state, closes HAVING sum(n) <> 0 ORDER BY 1""",
}
"""What may never be found (常设核对)."""
