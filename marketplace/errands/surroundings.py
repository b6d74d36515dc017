"""What is around a task: members with their quotas and reputation, rival tasks, and how its price compares.

Distances are kilometres on the sphere. Nearness fades smoothly, so that a member at 3.1 km is not nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from marketplace.errands.records import Member, Place, Task

Grid = NDArray[np.float64]
EARTH_KM = 6371.0
RIVALS_KM = (1.0, 3.0, 10.0)
MEMBERS_KM = (1.0, 3.0, 10.0)
FACTS = (
    "price",
    *(f"rivals_{reach:g}km" for reach in RIVALS_KM),
    *(f"members_{reach:g}km" for reach in MEMBERS_KM),
    *(f"quota_{reach:g}km" for reach in MEMBERS_KM[1:]),
    *(f"reputation_{reach:g}km" for reach in MEMBERS_KM[1:]),
    *(f"price_against_{reach:g}km" for reach in RIVALS_KM[1:]),
)
"""What is known of each task, in this order: prices in yuan, counts and sums as the logarithm of one more than they are."""

A_HANDFUL = 256
"""Tasks whose distances are in memory at a time."""


def coordinates(places: Sequence[Place]) -> Grid:
    """Places on a plane, in kilometres east and north; near enough to the truth within a province."""
    degrees = np.array([(one.latitude, one.longitude) for one in places], dtype=np.float64).reshape(-1, 2)
    middle = float(np.radians(degrees[:, 0].mean())) if len(degrees) else 0.0
    side = np.radians(1.0) * EARTH_KM
    return np.column_stack([degrees[:, 1] * side * np.cos(middle), degrees[:, 0] * side])


def distances(left: Sequence[Place], right: Sequence[Place]) -> Grid:
    """Great-circle distances in km, a row for each of `left` (haversine)."""
    one, two = (np.radians([(place.latitude, place.longitude) for place in side]) for side in (left, right))
    lat_1, lon_1, lat_2, lon_2 = one[:, :1], one[:, 1:], two[:, 0], two[:, 1]
    half = np.sin((lat_2 - lat_1) / 2) ** 2 + np.cos(lat_1) * np.cos(lat_2) * np.sin((lon_2 - lon_1) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def facts(errands: Sequence[Task], members: Sequence[Member]) -> Grid:
    """The facts of each task, a row each, in the order of `FACTS`. Outcomes are not looked at."""
    prices = np.array([errand.price_fen / 100 for errand in errands])
    weights = np.array([(1.0, one.quota, np.log1p(one.reputation)) for one in members]).reshape(-1, 3)
    rows = [
        row
        for start, rivals, near in _handfuls(errands, members)
        for row in _rows(start, rivals, near, prices, weights)
    ]
    return np.array(rows).reshape(len(errands), len(FACTS))


def _handfuls(errands: Sequence[Task], members: Sequence[Member]) -> Iterator[tuple[int, Grid, Grid]]:
    places, theirs = [one.place for one in errands], [one.place for one in members]
    for start in range(0, len(places), A_HANDFUL):
        some = places[start : start + A_HANDFUL]
        near = distances(some, theirs) if theirs else np.empty((len(some), 0))
        yield start, distances(some, places), near


def _rows(start: int, rivals: Grid, near: Grid, prices: Grid, weights: Grid) -> Grid:
    own = np.arange(len(rivals))
    mine = prices[start : start + len(rivals)]
    rivals[own, start + own] = np.inf  # nobody is their own rival
    columns = [mine]
    columns += [np.log1p((rivals <= reach).sum(axis=1)) for reach in RIVALS_KM]
    around = [_fading(near, reach) @ weights for reach in MEMBERS_KM]
    columns += [np.log1p(found[:, 0]) for found in around]
    columns += [np.log1p(found[:, 1]) for found in around[1:]]
    columns += [np.log1p(found[:, 2]) for found in around[1:]]
    for reach in RIVALS_KM[1:]:
        weight = _fading(rivals, reach)
        total = weight.sum(axis=1)
        usual = np.divide(weight @ prices, total, out=mine.copy(), where=total > 1e-9)
        columns.append(mine - usual)
    return np.column_stack(columns)


def _fading(km: Grid, reach: float) -> Grid:
    return np.exp(-((km / reach) ** 2) / 2)
