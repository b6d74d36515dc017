"""The goal coach (目标参谋): how campaigns like yours fared at this goal, and at lower ones.

It counts historical campaigns of the same kind whose goal was between half and twice yours, says
how many there were, and gives a Wilson interval: few cases make a wide one, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from django.db.models import Count, Q, QuerySet

from backend.common import rules
from backend.common.fen import Fen
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State

ENOUGH = 30
"""Below this the coach looks across all kinds, and says so."""

Z = 1.96
KINDS = {
    "tech": ["Technology", "Design"],
    "culture": ["Design", "Publishing", "Art", "Comics"],
    "craft": ["Crafts", "Fashion", "Art"],
    "bamboo": ["Crafts", "Design"],
    "food": ["Food"],
    "tea": ["Food"],
    "osmanthus": ["Food"],
}
"""Our categories, and the kinds of the historical records that are nearest to them."""


@dataclass(frozen=True)
class Odds:
    """How many of the comparable campaigns succeeded at about this goal."""

    goal_fen: Fen
    n: int
    succeeded: int
    low_pct: int
    high_pct: int

    @property
    def of_ten(self) -> int:
        return round(10 * self.succeeded / self.n) if self.n else 0

    @property
    def percent(self) -> int:
        return round(100 * self.succeeded / self.n) if self.n else 0


@dataclass(frozen=True)
class Advice:
    """The odds at the goal and at two lower ones, and some of the comparable campaigns."""

    odds: list[Odds]
    is_widened: bool
    examples: list[Campaign]


def advise(*, goal_fen: Fen, category: str) -> Advice | None:
    """Advice for a goal; None while there is nothing to compare with. At most five statements."""
    kinds = KINDS.get(category, [])
    near = _decided().filter(category__in=kinds) if kinds else _decided()
    odds = _odds(near, goal_fen)
    widened = odds.n < ENOUGH or not kinds
    if odds.n < ENOUGH:
        near = _decided()
        odds = _odds(near, goal_fen)
    if odds.n == 0:
        return None
    lower = [_odds(near, goal) for goal in (_rounded(goal_fen * 2 // 3), _rounded(goal_fen // 2)) if goal >= 50_000]
    examples = list(_around(near, goal_fen).order_by("-pledges_n", "pk")[:5])
    return Advice([odds, *[row for row in lower if row.n]], widened, examples)


def _rounded(fen: Fen) -> Fen:
    """A sum that a person would set as a goal: two leading digits, in whole yuan."""
    step: int = max(100, 10 ** (len(str(fen)) - 2))
    return round(fen / step) * step


def _decided() -> QuerySet[Campaign]:
    return Campaign.objects.filter(ruleset=rules.HISTORICAL, state__in=(State.CLOSED, State.FAILED))


def _around(found: QuerySet[Campaign], goal_fen: Fen) -> QuerySet[Campaign]:
    return found.filter(goal_fen__gte=goal_fen // 2, goal_fen__lte=goal_fen * 2)


def _odds(found: QuerySet[Campaign], goal_fen: Fen) -> Odds:
    counts = _around(found, goal_fen).aggregate(n=Count("pk"), won=Count("pk", filter=Q(state=State.CLOSED)))
    low, high = wilson(counts["won"], counts["n"])
    return Odds(goal_fen, counts["n"], counts["won"], round(100 * low), round(100 * high))


def wilson(won: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share.

    Source: Wilson, E. B. (1927), Journal of the American Statistical Association 22, 209–212.
    """
    if n == 0:
        return 0.0, 1.0
    share = won / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, middle - half), min(1.0, middle + half)
