"""What is true of the listings (发现): how many there are, kept as sums."""

from __future__ import annotations

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
