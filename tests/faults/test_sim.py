"""The simulator holds, replays, and finds what is planted: the test of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from backend.sim.management.commands.simulate import MANY
from backend.sim.scenes import SCENES
from tests.faults import ROOT


def sim(*words: str) -> tuple[int, dict, str]:
    """`sizhong sim …` beside the tests' own services; its status, summary and story."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIZHONG_DATABASE")}
    done = subprocess.run(
        [sys.executable, "-m", "backend.config.cli", "sim", "--json", *words],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else {}, done.stderr


HUNTED = os.environ.get("HUNTED", "some")
"""Which planted bugs are hunted: every fourth in each run, `all` of them by `make proof`, with three times the seeds."""

SEEDS = {
    "funding": (10, 9),
    "work": (6, 3),
    "contests": (6, 3),
    "finals": (4, 2),
    "pieces": (6, 3),
    "errands": (4, 1),
    "lore": (4, 1),
}
"""How many seeds of a scene, and how many kills they have at least."""


@pytest.mark.parametrize("scene", SCENES)
def test_seeds_of_two_hundred_steps_hold_and_replay_exactly(scene):
    seeds, kills = (number * (3 if HUNTED == "all" else 1) for number in SEEDS[scene])
    status, summary, story = sim("--scene", scene, "--seeds", str(seeds), "--steps", "200", "--again")
    assert status == 0, story[-6_000:]
    assert (summary["seeds"], summary["broken"], summary["replayed"]) == (seeds, [], True)
    assert summary["kills"] > kills
    assert summary["statements"] > 500 * seeds


def test_planted_bugs_are_found_within_two_hundred_seeds():
    status, summary, story = sim("--bug", HUNTED, "--seeds", "200", "--steps", "200")
    assert (status, summary["missed"]) == (0, []), story[-3_000:]
    assert summary["bugs"] == len(MANY[HUNTED]) >= 10


def test_the_invariants_are_the_ones_that_are_written_down():
    text = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    for part in {part.name: part for scene in SCENES.values() for part in reversed(scene.parts)}.values():
        for invariant in (*part.laws, *part.invariants, part.settled):
            assert f"| {invariant.number} | {invariant.says} |" in text
