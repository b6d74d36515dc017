"""`sizhong errands evaluate`: learn what makes a task get done, and forecast others."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from backend.common.errors import Refusal
from backend.common.fen import wire_yuan
from backend.common.tables import Dirty
from marketplace.errands.forecasts import Outlook, look_ahead
from marketplace.errands.records import Member, Task, read_members, read_tasks
from marketplace.errands.scores import score

MOST_LINES = 50
"""How many refused rows are named; all are counted."""

Kind = TypeVar("Kind", Task, Member)


class Command(BaseCommand):
    """Forecasts a row each, then one JSON object with how good they were."""

    help = "Learn from tasks with known ends, and print how likely each task of another file is to be done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--train", type=Path, required=True, help="tasks with their ends (CSV)")
        parser.add_argument("--test", type=Path, required=True, help="tasks to forecast (CSV); ends are only scored")
        parser.add_argument("--members", type=Path, required=True, help="members (CSV)")
        parser.add_argument("--target", type=float, default=0.9, help="the probability that a price is suggested for")
        parser.add_argument("--json", action="store_true", help="a JSON object a row")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if not 0.01 <= options["target"] <= 0.99:
            raise CommandError("--target is a probability from 0.01 to 0.99")
        self.refused = 0
        try:
            asked = self._clean(read_tasks(options["test"]), options["test"])
            known = self._known(
                self._clean(read_tasks(options["train"]), options["train"]), {one.number for one in asked}
            )
            members = self._clean(read_members(options["members"]), options["members"])
            outlook = look_ahead(known, asked, members)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        except Refusal as refusal:
            raise CommandError(refusal.text()) from refusal
        self._print(outlook, options["target"], as_json=options["json"])
        ends = {one.number: one.is_done for one in asked if one.is_done is not None}
        scored = [one for one in outlook.forecasts if one.number in ends]
        found = score([one.probability for one in scored], [bool(ends[one.number]) for one in scored])
        closing = {
            "tasks": len(asked),
            "learned_from": len(known),
            "refused": self.refused,
            "auc": found.auc if found else None,
            "brier": found.brier if found else None,
            "calibration_slope": found.calibration_slope if found else None,
            "seconds": round(time.monotonic() - started, 2),
        }
        self.stdout.write(json.dumps(closing))

    def _clean(self, rows: Iterable[Kind | Dirty], path: Path) -> list[Kind]:
        kept: list[Kind] = []
        for row in rows:
            if isinstance(row, Dirty):
                self._refuse(f"{path.name} row {row.row}, {row.field or 'the row'}: {row.reason}")
            else:
                kept.append(row)
        return kept

    def _known(self, rows: list[Task], asked: set[str]) -> list[Task]:
        """What can be learned from: tasks with an end that are not asked about as well."""
        kept = []
        for row in rows:
            if row.is_done is None or row.number in asked:
                self._refuse(
                    f"task {row.number} is not learned from: {'also asked about' if row.number in asked else 'no end'}"
                )
            else:
                kept.append(row)
        return kept

    def _refuse(self, line: str) -> None:
        self.refused += 1
        if self.refused <= MOST_LINES:
            self.stderr.write(line)

    def _print(self, outlook: Outlook, target: float, *, as_json: bool) -> None:
        for one in outlook.forecasts:
            price = outlook.price_for(one, target)
            if as_json:
                line = {
                    "task_id": one.number,
                    "probability": round(one.probability, 6),
                    "near_done": one.near_done,
                    "near_of": one.near_of,
                    "price_yuan": wire_yuan(one.price_fen),
                    "suggested_price_yuan": None if price is None else wire_yuan(price),
                    "reasons": [{"fact": reason.fact, "effect": reason.effect} for reason in one.reasons],
                }
                self.stdout.write(json.dumps(line))
            else:
                advice = "no price tried so far" if price is None else f"¥{wire_yuan(price)}"
                near = f"{one.near_done} of the nearest {one.near_of} were"
                self.stdout.write(f"{one.number}  {one.probability:.3f}  {near}; for {target:.0%}: {advice}")
