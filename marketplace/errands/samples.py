"""Errands to try things with: the real ones where the installation has them, a made-up map elsewhere.

`SIZHONG_DATA` names a folder with `geo_tasks.csv` and `geo_members.csv`.
"""

from __future__ import annotations

import os
import random
from math import exp
from pathlib import Path

from marketplace.errands.records import Member, Place, Task, read_members, read_tasks


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
        made.append(Task(f"T{number}", where, price * 100, chance.random() < 1 / (1 + exp(-odds))))
    return made, people


def known() -> tuple[list[Task], list[Member]]:
    """The real tasks and members where `SIZHONG_DATA` names their folder, and a made-up map elsewhere."""
    folder = os.environ.get("SIZHONG_DATA")
    if folder is None:
        return made_up(tasks=600, members=1_800, seed=1)
    tasks = [one for one in read_tasks(Path(folder) / "geo_tasks.csv") if isinstance(one, Task)]
    members = [one for one in read_members(Path(folder) / "geo_members.csv") if isinstance(one, Member)]
    return tasks, members
