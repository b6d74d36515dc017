"""All that a party posted, of every kind of work."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, QuerySet

from backend.listings.models import Listing
from marketplace.kinds_of_work import KINDS_OF_WORK


def posted_by(party_id: UUID, kind: str = "") -> QuerySet[Listing]:
    """The work that a party posted, drafts among it, of one kind or of all."""
    kinds = [kind] if kind in KINDS_OF_WORK else list(KINDS_OF_WORK)
    return Listing.objects.filter(owner_id=party_id, kind__in=kinds)


def counts_of(party_id: UUID) -> dict[str, int]:
    """How much work of each kind a party posted."""
    rows = posted_by(party_id).values("kind").annotate(n=Count("pk")).order_by("kind")
    return {row["kind"]: row["n"] for row in rows}
