"""`sizhong import tasks FILE --members FILE`: past errands and members, from which forecasts learn."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.common import clock
from backend.common.tables import Dirty
from marketplace.errands.operations import history
from marketplace.errands.records import Member, Task, read_members, read_tasks

AT_ONCE = 1_000
_PLACE = ("latitude", "longitude", "east", "north")


class Command(BaseCommand):
    """Takes every clean row, refuses every dirty one by row, field and reason; the same file twice changes nothing."""

    help = "Keep past errands whose end is known, and members, so that prices of new errands can be forecast."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="tasks with their ends (CSV)")
        parser.add_argument("--members", type=Path, required=True, help="members (CSV)")
        parser.add_argument("--dry-run", action="store_true", help="check every row, write nothing")
        parser.add_argument("--json", action="store_true", help="refusals and the result as JSON lines")

    def handle(self, *args: Any, **options: Any) -> None:
        started, self.refused, self.as_json = time.monotonic(), 0, options["json"]
        try:
            tasks = list(self._clean(read_tasks(options["file"]), options["file"], Task))
            members = list(self._clean(read_members(options["members"]), options["members"], Member))
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        ended = [one for one in tasks if one.is_done is not None]
        for one in tasks:
            if one.is_done is None:
                self._refuse(options["file"], 0, "completed", f"task {one.number} has no end")
        if not options["dry_run"]:
            history.keep(ended, members, at=clock.now())
        result = {
            "tasks": len(ended),
            "done": sum(bool(one.is_done) for one in ended),
            "members": len(members),
            "refused": self.refused,
            "seconds": round(time.monotonic() - started, 2),
        }
        if self.as_json:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(", ".join(f"{value} {name}" for name, value in result.items()))

    def _clean(self, rows: Iterable[Any], path: Path, kind: type) -> Iterable[Any]:
        for row in rows:
            if isinstance(row, kind):
                yield row
            elif isinstance(row, Dirty):
                self._refuse(path, row.row, row.field, row.reason)

    def _refuse(self, path: Path, row: int, field: str, reason: str) -> None:
        self.refused += 1
        if self.as_json:
            line = {"file": path.name, "row": row, "field": field, "reason": reason}
            self.stdout.write(json.dumps(line, ensure_ascii=False))
        else:
            self.stderr.write(f"{path.name} row {row}: {field or 'the row'}: {reason}")
