"""Every read of profiles, and which work is shown to whom and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, ExpressionWrapper, Q

from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.listings.models import Listing
from backend.listings.words import query_words
from marketplace.profiles.models import MOST_PIECES, Piece, Profile

KINDS = {
    "task": ("招标任务", "Tender"),
    "contest": ("赛事与悬赏", "Contest"),
    "microtask": ("计件微任务", "Micro-tasks"),
    "errand": ("现场任务", "Errand"),
    "gap": ("知识悬赏", "Bounty for knowledge"),
    "solicitation": ("创意征集", "Call for ideas"),
}
"""The kinds of listings that are work, or ask for what one knows; a kind is the name of its page's address too."""
LOOKED_AT, MOST_SHOWN = 200, 24
"""How many of the newest open listings of each kind are looked through, and how many are shown."""
FLOOR = 4
"""One of so many places goes to the best that nobody has answered yet, so that newcomers are seen too (features.md P2)."""


def profile_of(party_id: UUID | None) -> Profile | None:
    """What a party says of itself."""
    return Profile.objects.filter(party=party_id).first() if party_id is not None else None


def pieces_of(party_id: UUID, actor: Actor) -> list[Piece]:
    """What a party shows, the latest first; what was taken from view is there for itself and for staff."""
    rows = Piece.objects.filter(profile=party_id).order_by("-at", "-id")
    if actor.party_id != party_id and not actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        rows = rows.filter(hidden_at=None)
    return list(rows[:MOST_PIECES])


def piece(piece_id: UUID, actor: Actor) -> Piece:
    """A piece that one may see.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Piece.objects.select_related("profile__party").filter(pk=piece_id).first()
    if found is None or found.profile.party.closed_at is not None:
        raise NotFound
    may = found.hidden_at is None or actor.party_id == found.profile_id
    if not may and not actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        raise NotFound
    return found


def shown_party(party_id: UUID) -> Party:
    """A party whose page everybody may read.

    Raises:
        NotFound: none, or its account is closed.
    """
    found = Party.objects.filter(pk=party_id, closed_at=None).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Because:
    """Why something is shown: a kind of reason, and the word of it."""

    kind: str
    word: str


@dataclass(frozen=True)
class Suggested:
    """Open work that fits somebody, and why."""

    listing: Listing
    because: tuple[Because, ...]

    @property
    def word(self) -> tuple[str, str]:
        """What kind of work it is."""
        return KINDS[self.listing.kind]

    @property
    def weight(self) -> int:
        """How well it fits: a skill counts most, then the kind of work, then the place."""
        return sum({"skill": 4, "category": 3, "county": 1}.get(one.kind, 0) for one in self.because)


def suggested(profile: Profile) -> list[Suggested]:
    """Open work by what somebody said of themselves, best first; nothing else of them is used, and they read why.

    Every fourth place is kept for the best that nobody has answered yet.
    """
    fits = [one for kind in KINDS for one in _fitting(profile, kind)]
    fits.sort(key=lambda one: (-one.weight, -one.listing.listed_at.timestamp(), one.listing.pk))
    fresh = [one for one in fits if one.listing.people_n == 0]
    found: list[Suggested] = []
    taken: set[int] = set()
    rest, quiet = iter(fits), iter(fresh)
    while len(found) < min(MOST_SHOWN, len(fits)):
        is_kept = (len(found) + 1) % FLOOR == 0
        one = _next(quiet, taken) if is_kept else None
        one = one or _next(rest, taken)
        if one is None:
            break
        taken.add(one.listing.pk)
        found.append(one)
    return found


def _next(rows: Iterator[Suggested], taken: set[int]) -> Suggested | None:
    return next((one for one in rows if one.listing.pk not in taken), None)


def _fitting(profile: Profile, kind: str) -> list[Suggested]:
    """The newest open listings of a kind that fit at all."""
    skills = {f"has_{number}": skill for number, skill in enumerate(profile.skills)}
    rows = Listing.objects.filter(kind=kind, is_public=True, is_open=True).exclude(owner_id=profile.party_id)
    rows = rows.defer("words").annotate(
        **{name: ExpressionWrapper(_says(skill), output_field=BooleanField()) for name, skill in skills.items()}
    )
    found = []
    for listing in rows.order_by("-listed_at", "-id")[:LOOKED_AT]:
        because = [Because("skill", skill) for name, skill in skills.items() if getattr(listing, name)]
        if listing.category in profile.categories:
            because.append(Because("category", listing.category))
        if because and listing.county and listing.county in profile.counties:
            because.append(Because("county", listing.county))
        if because and listing.people_n == 0:
            because.append(Because("fresh", ""))
        if because:
            found.append(Suggested(listing, tuple(because)))
    return found


def _says(skill: str) -> Q:
    """Whether a listing's words hold all of a skill's."""
    words = query_words(skill)
    if not words:
        return Q(pk__in=[])
    found = Q()
    for word in words:
        found &= Q(words=SearchQuery(word, config="simple"))
    return found
