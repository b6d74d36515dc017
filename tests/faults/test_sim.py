"""The simulator holds, replays, and finds what is planted: the test of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from backend.sim.bugs import BUGS
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


def test_a_hundred_seeds_of_two_hundred_steps_hold():
    status, summary, story = sim("--seeds", "100", "--steps", "200")
    assert status == 0, story[-6_000:]
    assert (summary["seeds"], summary["broken"]) == (100, [])
    assert summary["kills"] > 100


def test_twenty_seeds_of_tenders_and_contracts_hold():
    status, summary, story = sim("--scene", "work", "--seeds", "20", "--steps", "200")
    assert status == 0, story[-6_000:]
    assert (summary["seeds"], summary["broken"]) == (20, [])
    assert summary["kills"] > 10


@pytest.mark.parametrize("scene", ["funding", "work"])
def test_a_seed_replays_exactly(scene):
    one, two = (sim("--scene", scene, "--seed", "7", "--steps", "150")[1] for _ in range(2))
    assert one["digest"] == two["digest"]
    assert one["statements"] == two["statements"] > 500


def test_every_planted_bug_is_found_within_two_hundred_seeds():
    status, summary, story = sim("--bug", "all", "--seeds", "200", "--steps", "200")
    assert (status, summary["missed"]) == (0, []), story[-3_000:]
    assert summary["bugs"] == len(BUGS) >= 10


def test_the_invariants_are_the_ones_that_are_written_down():
    text = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    for part in {part.name: part for scene in SCENES.values() for part in reversed(scene.parts)}.values():
        for invariant in (*part.laws, *part.invariants, part.settled):
            assert f"| {invariant.number} | {invariant.says} |" in text
