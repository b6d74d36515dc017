"""From scores to places (排名): exact, and the same for everyone who recomputes it from what is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from statistics import median
from uuid import UUID

from backend.judging.models import EARLIER

_END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Criterion:
    """What is looked at, and how many of 100 points it is worth."""

    key: str
    title: str
    weight: int


@dataclass(frozen=True)
class Scored:
    """One application with what its judges gave: points of 100 for all criteria, and of the main one alone."""

    key: UUID
    totals: tuple[Fraction, ...]
    mains: tuple[int, ...]
    submitted_at: datetime


def total_of(marks: dict[str, int], criteria: Sequence[Criterion]) -> Fraction:
    """One judge's points of 100."""
    return Fraction(sum(marks[one.key] * one.weight for one in criteria), 100)


def mean(points: Sequence[Fraction], *, trim_from: int) -> Fraction:
    """The mean; with `trim_from` judges or more, without the highest and the lowest (domain.md §9)."""
    kept = sorted(points)[1:-1] if len(points) >= trim_from else points
    return sum(kept, Fraction(0)) / len(kept)


def rank(entries: Sequence[Scored], *, tie_rule: str, trim_from: int) -> list[list[Scored]]:
    """Groups in order, best first; who is in one group is equal by the published tie rule (features.md D5)."""

    def worth(one: Scored) -> tuple[Fraction, Fraction, Fraction, timedelta]:
        mains = Fraction(sum(one.mains), len(one.mains))
        earlier = _END - one.submitted_at if tie_rule == EARLIER else timedelta(0)
        return mean(one.totals, trim_from=trim_from), mains, Fraction(median(one.totals)), earlier

    ordered = sorted(entries, key=lambda one: (worth(one), str(one.key)), reverse=True)
    return [list(group) for _worth, group in groupby(ordered, key=worth)]


def places(groups: Sequence[Sequence[Scored]]) -> Iterator[tuple[int, Scored]]:
    """Each with its place; after two firsts comes a third."""
    before = 0
    for group in groups:
        for one in group:
            yield before + 1, one
        before += len(group)


def shares(prizes: Sequence[int], winners: Sequence[tuple[UUID, int, datetime]]) -> dict[UUID, int]:
    """The prizes in fen by winner: who shares a place shares the prizes of the places taken together.

    A fen that cannot be divided goes to those who submitted earlier. `winners` are key, place, time of submission.
    """
    found: dict[UUID, int] = {}
    ordered = sorted(winners, key=lambda one: (one[1], one[2], str(one[0])))
    for place, group in groupby(ordered, key=lambda one: one[1]):
        members = list(group)
        pool = sum(prizes[place - 1 : place - 1 + len(members)])
        found |= divided(pool, [key for key, _place, _at in members])
    return found


def scaled(prizes: Sequence[int], pool: int) -> list[int]:
    """Prizes in fen cut in proportion to what is left of them; the fen that are left over go to the first places."""
    whole = sum(prizes)
    if pool >= whole:
        return list(prizes)
    cut = [prize * pool // whole for prize in prizes]
    rest = pool - sum(cut)
    return [prize + (number < rest) for number, prize in enumerate(cut)]


def divided(pool: int, keys: Sequence[UUID]) -> dict[UUID, int]:
    """A sum in fen in equal parts; the first get the fen that are left over."""
    each, rest = divmod(pool, len(keys))
    return {key: each + (number < rest) for number, key in enumerate(keys)}
