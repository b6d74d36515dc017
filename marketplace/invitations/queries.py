"""What somebody was let in to see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from backend.common.paging import page
from backend.listings.models import Listing
from marketplace.invitations.models import Invitation
from marketplace.kinds_of_work import KINDS_OF_WORK, Posted, posted


@dataclass(frozen=True)
class LetIn:
    """One invitation with the work as lists show it."""

    invitation: Invitation
    posted: Posted


def invited_to(party_id: UUID, *, cursor: str = "", size: int = 20) -> tuple[list[LetIn], str]:
    """The work that only the invited see, and a party is, the latest invitation first, and the next cursor.

    What its poster or a moderator has taken back since is left out.
    """
    is_there = Q()
    for kind, work in KINDS_OF_WORK.items():
        is_there |= Q(kind=kind, state__in=work.postings.public)
    listed = Listing.objects.filter(is_there)
    mine = Invitation.objects.filter(
        Exists(listed.filter(kind=OuterRef("kind"), subject_id=OuterRef("subject_id"))), party_id=party_id
    )
    found = page(mine, order=("-at", "-id"), cursor=cursor, size=size)
    rows = {row.subject_id: row for row in listed.filter(subject_id__in=[one.subject_id for one in found.rows])}
    return [LetIn(one, posted(rows[one.subject_id])) for one in found.rows if one.subject_id in rows], found.next_cursor
