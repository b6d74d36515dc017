"""Forecasts of on-site tasks, against a random forest and boosted trees on price, distances and counts.

With `SIZHONG_DATA` (a folder with `geo_tasks.csv` and `geo_members.csv`) the real tasks are split; otherwise a made-up map.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from marketplace.errands.forecasts import look_ahead
from marketplace.errands.records import Member, Place, Task, read_members, read_tasks
from marketplace.errands.surroundings import Grid, distances

REACHES_KM = (1, 3, 5, 10, 20)
ROUNDS, PARTS = 2, 4


def made_up(*, tasks: int, members: int, seed: int) -> tuple[list[Task], list[Member]]:
    """A map where some quarters do what they are asked, price helps a little, and rivals and members matter."""
    chance = random.Random(seed)  # noqa: S311 - a made-up map

    def place() -> Place:
        return Place(chance.uniform(22.5, 23.4), chance.uniform(113.0, 114.3))

    quarters = [(place(), chance.gauss(0, 3)) for _ in range(25)]
    people = [
        Member(f"M{number}", place(), chance.randint(1, 40), 60 * chance.randint(6, 8), chance.uniform(0, 500))
        for number in range(members)
    ]
    made = []
    for number in range(tasks):
        where, price = place(), chance.choice((65, 66, 68, 70, 72, 75, 80, 85))
        here = min(
            quarters, key=lambda one: abs(one[0].latitude - where.latitude) + abs(one[0].longitude - where.longitude)
        )
        odds = here[1] + 0.15 * (price - 70) + chance.gauss(0, 0.7)
        made.append(Task(f"T{number}", where, price * 100, chance.random() < 1 / (1 + np.exp(-odds))))
    return made, people


def _map() -> tuple[list[Task], list[Member]]:
    folder = os.environ.get("SIZHONG_DATA")
    if folder is None:
        return made_up(tasks=600, members=1_800, seed=1)
    tasks = [one for one in read_tasks(Path(folder) / "geo_tasks.csv") if isinstance(one, Task)]
    members = [one for one in read_members(Path(folder) / "geo_members.csv") if isinstance(one, Member)]
    return tasks, members


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
    errands, members = _map()
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
