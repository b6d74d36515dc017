"""A short storm in every run of the tests; two hundred kills, a full disk, and how soon parts are back, by hand (docs/proof.md).

Beside other work a part may take six times as long: the run proves that nothing is lost, not how quick the machine is.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.faults import ROOT


def test_twelve_kills_lose_and_double_nothing_and_leave_nothing_behind():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.storm", "--kills", "12", "--patience", "6"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    assert done.returncode == 0, (report, done.stderr[-3_000:])
    assert (report["lost"], report["doubled"], report["orphans"], report["wrong"]) == (0, 0, 0, [])
    assert report["kills"] == 12
    assert report["acknowledged"] > 30
