"""What somebody keeps, as far as it is still there for them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.common.paging import page
from backend.listings.models import Listing
from marketplace.invitations.models import Invitation
from marketplace.keeping.models import Favourite, SavedSearch
from marketplace.kinds_of_work import Posted, posted


@dataclass(frozen=True)
class Kept:
    """One favourite with the work as lists show it."""

    favourite: Favourite
    posted: Posted


def favourites(party_id: UUID, *, cursor: str = "", size: int = 20) -> tuple[list[Kept], str]:
    """What a party keeps an eye on, the latest first, and the next cursor: public work, and what it posted or was let in to see."""
    seen = Listing.objects.filter(subject_id=OuterRef("subject_id"), kind=OuterRef("kind"))
    invited = Invitation.objects.filter(subject_id=OuterRef("subject_id"), party_id=party_id)
    mine: QuerySet[Favourite] = Favourite.objects.filter(party_id=party_id).filter(
        Q(Exists(seen.filter(Q(is_public=True) | Q(owner_id=party_id)))) | Q(Exists(invited))
    )
    found = page(mine, order=("-at", "-id"), cursor=cursor, size=size)
    rows = {
        row.subject_id: row for row in Listing.objects.filter(subject_id__in=[one.subject_id for one in found.rows])
    }
    return [Kept(one, posted(rows[one.subject_id])) for one in found.rows if one.subject_id in rows], found.next_cursor


def is_favourite(subject_id: UUID, party_id: UUID | None) -> bool:
    """Whether a party keeps an eye on a piece of work."""
    return party_id is not None and Favourite.objects.filter(subject_id=subject_id, party_id=party_id).exists()


def searches(party_id: UUID | None, kind: str = "") -> list[SavedSearch]:
    """The searches that a party keeps, of one kind or of all; at most twenty of each."""
    rows = SavedSearch.objects.filter(party_id=party_id) if party_id else SavedSearch.objects.none()
    return list((rows.filter(kind=kind) if kind else rows).order_by("kind", "name")[:200])
