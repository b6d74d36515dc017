"""Forecasts of on-site tasks, against a random forest and boosted trees on price, distances and counts.

With `SIZHONG_DATA` the real tasks are split; otherwise a made-up map (`marketplace.errands.samples`).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from marketplace.errands import samples
from marketplace.errands.forecasts import look_ahead
from marketplace.errands.records import Member, Task
from marketplace.errands.surroundings import Grid, distances

REACHES_KM = (1, 3, 5, 10, 20)
ROUNDS, PARTS = 2, 4


def plain(errands: Sequence[Task], members: Sequence[Member]) -> Grid:
    """Price, distances to who is near, and counts of members, quotas, reputation and rivals within 1 to 20 km."""
    places = [one.place for one in errands]
    near, rivals = distances(places, [one.place for one in members]), distances(places, places)
    np.fill_diagonal(rivals, np.inf)
    weights = np.array([(1.0, one.quota, one.reputation) for one in members])
    nearest = np.sort(near, axis=1)
    columns = [[one.price_fen / 100 for one in errands], nearest[:, 0], nearest[:, :5].mean(axis=1), rivals.min(axis=1)]
    for reach in REACHES_KM:
        columns += [*((near <= reach) @ weights).T, (rivals <= reach).sum(axis=1)]
    return np.column_stack(columns)


def ranked() -> tuple[float, float, float, int]:
    """Area under the ROC curve, the mean over eight held-out quarters: ours, the forest's, the boosted trees'."""
    errands, members = samples.known()
    ends, columns = np.array([bool(one.is_done) for one in errands]), plain(errands, members)
    found: dict[str, list[float]] = {"ours": [], "forest": [], "boosted": []}
    for seed in range(ROUNDS):
        folds = StratifiedKFold(PARTS, shuffle=True, random_state=seed)
        for seen, unseen in folds.split(columns, ends):
            outlook = look_ahead([errands[i] for i in seen], [errands[i] for i in unseen], members)
            found["ours"].append(roc_auc_score(ends[unseen], [one.probability for one in outlook.forecasts]))
            for name, trees in (
                ("forest", RandomForestClassifier(500, random_state=seed)),
                ("boosted", GradientBoostingClassifier(random_state=seed)),
            ):
                guess = trees.fit(columns[seen], ends[seen]).predict_proba(columns[unseen])[:, 1]
                found[name].append(roc_auc_score(ends[unseen], guess))
    return mean(found["ours"]), mean(found["forest"]), mean(found["boosted"]), len(errands)
