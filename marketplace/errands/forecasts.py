"""How likely a task is to be done at its place and price, learned from tasks whose end is known.

Logistic regression on what is known of a task, beside a field over the map that is rough where neighbours differ (an
exponential kernel: kriging). How much of each is settled by cross-validated log loss among a few candidates, and the
result is calibrated on the same held-out answers. Why this and not trees: docs/decisions/0013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import Matern
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from backend.common.errors import Invalid
from backend.common.fen import Fen
from marketplace.errands.records import Member, Task
from marketplace.errands.surroundings import FACTS, Grid, coordinates, facts

Rows = NDArray[np.intp]
LEAST_OF_EACH = 10
"""How many done and how many undone tasks there must be to learn from."""

FOLDS, SEED = 5, 7
MOST_LANDMARKS = 1_500
"""How many known tasks carry the field; of more, as many are drawn."""

NEIGHBOURS = 10
YUAN: Fen = 100
SURELY = (0.01, 0.99)


@dataclass(frozen=True)
class Candidate:
    """How much place, facts and likeness of surroundings may weigh; the field forgets within `place_km`."""

    place_km: float
    place: float
    facts: float
    likeness: float = 0.0


CANDIDATES = (
    Candidate(30, 0, 0.3),
    Candidate(30, 0, 0.3, 6),
    Candidate(8, 4, 0.05),
    Candidate(30, 10, 0.05),
    Candidate(30, 30, 0.05),
    Candidate(30, 30, 0.3),
    Candidate(30, 10, 0.1, 4),
)
LIKENESS = 6.0
"""How far apart two tasks' facts may be, in standard deviations, before they are no longer alike."""


@dataclass(frozen=True)
class Reason:
    """One fact that makes a task likelier (above zero) or less likely than the usual one, in log odds."""

    fact: str
    effect: float


@dataclass(frozen=True)
class Forecast:
    """How likely a task is to be done; of its `near_of` nearest known neighbours `near_done` were."""

    number: str
    price_fen: Fen
    probability: float
    near_done: int
    near_of: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Outlook:
    """Forecasts of the tasks asked about, and what a yuan more does to the log odds of such a task."""

    forecasts: tuple[Forecast, ...]
    per_yuan: float
    least_fen: Fen
    most_fen: Fen

    def price_for(self, forecast: Forecast, target: float) -> Fen | None:
        """The lowest price at which a task is as likely to be done as wanted, whole yuan in fen.

        None where that is above every price that was ever tried. A price below the lowest one tried is not advised.
        """
        lacking = _log_odds(target) - _log_odds(forecast.probability)
        if lacking > 0 and self.per_yuan <= 0:
            return None
        change = lacking / self.per_yuan if self.per_yuan > 0 else 0.0
        price = max(self.least_fen, int(np.ceil(forecast.price_fen / YUAN + change)) * YUAN)
        return price if price <= self.most_fen else None

    def probability_at(self, forecast: Forecast, price_fen: Fen) -> float:
        """How likely a task is to be done at another price."""
        odds = _log_odds(forecast.probability) + self.per_yuan * (price_fen - forecast.price_fen) / YUAN
        return float(1 / (1 + np.exp(-odds)))


def look_ahead(known: Sequence[Task], asked: Sequence[Task], members: Sequence[Member]) -> Outlook:
    """Learn from tasks whose end is known, and say how likely each of the others is to be done.

    Rival tasks are counted over both. The order of the rows does not matter beyond the drawing of folds.

    Raises:
        Invalid: fewer than ten done or ten undone tasks to learn from.
    """
    ends = np.array([bool(one.is_done) for one in known], dtype=bool)
    if min(ends.sum(), (~ends).sum()) < LEAST_OF_EACH:
        raise Invalid(
            f"已知结果的任务中，完成与未完成各须至少 {LEAST_OF_EACH} 个",
            f"At least {LEAST_OF_EACH} done and {LEAST_OF_EACH} undone tasks are needed",
        )
    both = [*known, *asked]
    xy, found = coordinates([one.place for one in both]), facts(both, members)
    size = len(known)
    spread = found[:size].std(axis=0)
    usual = (found - found[:size].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    odds = _best(xy, usual, ends)
    effects = _effects(usual[:size], ends)
    near = _near(xy, ends)
    forecasts = tuple(
        Forecast(one.number, one.price_fen, float(chance), *around, _reasons(effects, row))
        for one, chance, around, row in zip(asked, odds, near, usual[size:], strict=True)
    )
    tried = [one.price_fen for one in known]
    per_yuan = max(0.0, float(effects[0] / spread[0])) if spread[0] > 0 else 0.0
    return Outlook(forecasts, per_yuan, min(tried), max(tried))


def _best(xy: Grid, usual: Grid, ends: NDArray[np.bool_]) -> Grid:
    """The calibrated probabilities by the candidate whose held-out answers were best."""
    size = len(ends)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(xy[:size], ends))
    tried: list[tuple[float, int, Grid, LogisticRegression]] = []
    for candidate in CANDIDATES:
        features = _features(candidate, xy, usual, size)
        held_out = np.zeros(size)
        for seen, unseen in folds:
            held_out[unseen] = _fitted(features[seen], ends[seen]).decision_function(features[unseen])
        scale = LogisticRegression(C=1e4).fit(held_out[:, None], ends)
        tried.append((log_loss(ends, scale.predict_proba(held_out[:, None])[:, 1]), len(tried), features, scale))
    _loss, _number, features, scale = min(tried, key=lambda row: row[:2])
    odds = _fitted(features[:size], ends).decision_function(features[size:]) if len(features) > size else np.empty(0)
    return np.asarray(scale.predict_proba(odds[:, None])[:, 1]) if len(odds) else odds


def _fitted(features: Grid, ends: NDArray[np.bool_]) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=1_000).fit(features, ends)


def _features(candidate: Candidate, xy: Grid, usual: Grid, size: int) -> Grid:
    """The columns in which penalised logistic regression is the most likely field of the candidate's kernel."""
    columns = [usual * np.sqrt(candidate.facts)]
    if candidate.place:
        columns.append(_spanned(xy, size, candidate.place_km) * np.sqrt(candidate.place))
    if candidate.likeness:
        columns.append(_spanned(usual, size, LIKENESS) * np.sqrt(candidate.likeness))
    return np.hstack(columns)


def _spanned(points: Grid, size: int, reach: float) -> Grid:
    """Coordinates of all points in the space that an exponential kernel spans over the known ones (Nyström)."""
    marks = points[:size]
    if size > MOST_LANDMARKS:
        marks = marks[np.random.default_rng(SEED).choice(size, MOST_LANDMARKS, replace=False)]
    kernel = Matern(length_scale=reach, nu=0.5)
    values, vectors = np.linalg.eigh(kernel(marks))
    kept = values > 1e-8 * values[-1]
    return np.asarray(kernel(points, marks) @ (vectors[:, kept] / np.sqrt(values[kept])))


WEIGHED = [FACTS.index(name) for name in ("price", "rivals_3km", "quota_3km")]
"""What the advice about prices weighs: what is paid, who else asks, and how much members may take."""


def _effects(usual: Grid, ends: NDArray[np.bool_]) -> Grid:
    """What a standard deviation of each weighed fact does to the log odds, place apart.

    Counts of members and their reputation stand for the place itself, and a comparison with neighbours' prices
    moves with the price: they would take its effect.
    """
    return np.asarray(LogisticRegression(C=0.3).fit(usual[:, WEIGHED], ends).coef_[0])


def _reasons(effects: Grid, row: Grid) -> tuple[Reason, ...]:
    weighed = effects * row[WEIGHED]
    first = np.argsort(-np.abs(weighed), kind="stable")
    return tuple(Reason(FACTS[WEIGHED[number]], round(float(weighed[number]), 3)) for number in first)


def _near(xy: Grid, ends: NDArray[np.bool_]) -> list[tuple[int, int]]:
    known, asked = xy[: len(ends)], xy[len(ends) :]
    count = min(NEIGHBOURS, len(ends))
    found = []
    for point in asked:
        km = ((known - point) ** 2).sum(axis=1)
        found.append((int(ends[np.argpartition(km, count - 1)[:count]].sum()), count))
    return found


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, SURELY[0]), SURELY[1])
    return log(bounded / (1 - bounded))
