"""`sizhong import campaigns FILE`: live historical campaigns through the platform's rules."""

from __future__ import annotations

import json
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.common.patience import unhurried
from backend.common.tables import Dirty
from backend.ledger import queries as books
from crowdfunding.campaigns import verdicts
from crowdfunding.campaigns.history import living
from crowdfunding.campaigns.history.records import Record, read
from crowdfunding.campaigns.models import ALL_OR_NOTHING
from crowdfunding.campaigns.states import State

PROGRESS_SECONDS = 2.0


@dataclass
class Result:
    """What came of an import; money in fen."""

    taken: int = 0
    refused: int = 0
    agree: int = 0
    disagree: int = 0
    pledges: int = 0
    pledged_fen: int = 0
    seconds: float = 0.0
    ledger_clean: bool | None = None


class Command(BaseCommand):
    """Takes every clean row, refuses every dirty one by row, field and reason, and verifies the books."""

    help = "Live historical campaigns through the platform's rules; can be stopped and run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check and judge every row, write nothing")
        parser.add_argument("--json", action="store_true", help="refusals and the result as JSON lines")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        result, stopped = Result(), _StopFlag()
        try:
            rows = list(read(options["file"]))
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        records = [row for row in rows if isinstance(row, Record)]
        for row in rows:
            if isinstance(row, Dirty):
                result.refused += 1
                self._refuse(row, as_json=options["json"])
        with unhurried(3_600):
            self._take(records, result, stopped, dry=options["dry_run"])
            if not options["dry_run"]:
                differences = list(books.differences())
                for line in differences[:20]:
                    self.stderr.write(line)
                result.ledger_clean = not differences
        result.seconds = round(time.monotonic() - started, 2)
        self.stdout.write(json.dumps(asdict(result)) if options["json"] else _sentence(result))
        if stopped.asked:
            raise CommandError("stopped; run it again to go on where it stopped", returncode=130)
        if result.disagree or result.ledger_clean is False:
            raise CommandError("the rules and the records, or the books, do not agree")

    def _refuse(self, row: Dirty, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(
                json.dumps({"row": row.row, "field": row.field, "reason": row.reason}, ensure_ascii=False)
            )
        else:
            self.stderr.write(f"row {row.row}: {row.field}: {row.reason}")

    def _take(self, records: Sequence[Record], result: Result, stopped: _StopFlag, *, dry: bool) -> None:
        owner = None if dry or not records else living.maker()
        if not dry and records:
            living.grow_pool(max(record.backers for record in records))
        spoken = time.monotonic()
        for number, record in enumerate(records, start=1):
            if stopped.asked:
                break
            won = _judged(record) if owner is None else living.live(record, owner_id=owner.pk) == State.CLOSED
            _count(record, won, result)
            if time.monotonic() - spoken > PROGRESS_SECONDS:
                spoken = time.monotonic()
                print(f"\r{number}/{len(records)} rows, {result.pledges} pledges", end="", file=sys.stderr, flush=True)
        print(f"\r{result.taken}/{len(records)} rows, {result.pledges} pledges", file=sys.stderr, flush=True)


def _judged(record: Record) -> bool:
    return verdicts.has_succeeded(rule=ALL_OR_NOTHING, goal_fen=record.goal_fen, cleared_fen=record.pledged_fen)


def _count(record: Record, won: bool, result: Result) -> None:
    result.taken += 1
    result.pledges += record.pledges
    result.pledged_fen += record.pledged_fen
    if record.outcome in ("successful", "failed"):
        if won == (record.outcome == "successful"):
            result.agree += 1
        else:
            result.disagree += 1


def _sentence(result: Result) -> str:
    return (
        f"{result.taken} taken, {result.refused} refused, {result.agree} agree, {result.disagree} disagree, "
        f"{result.pledges} pledges, {result.pledged_fen} fen, {result.seconds} s, books clean: {result.ledger_clean}"
    )


class _StopFlag:
    """Set by SIGINT or SIGTERM: the campaign at hand is finished, and the rest is left for the next run."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
