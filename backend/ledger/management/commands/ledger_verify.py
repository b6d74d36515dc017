"""`sizhong ledger verify`: prove that the books agree."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.common.fen import show_yuan
from backend.common.patience import unhurried
from backend.ledger import queries


class Command(BaseCommand):
    """Print what differs and exit non-zero; print the sums and exit zero when nothing does."""

    help = "Prove that the books agree; print what differs and exit non-zero."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with unhurried(3_600):
            differences = list(queries.differences())
            totals = queries.totals()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "clean": not differences,
                        "differences": differences,
                        "by_kind_fen": totals.by_kind,
                        "transfers": totals.transfers,
                        "seconds": round(time.monotonic() - started, 2),
                    },
                    ensure_ascii=False,
                )
            )
        else:
            for line in differences:
                self.stdout.write(line)
            for kind, fen in totals.by_kind.items():
                self.stdout.write(f"{kind:10} {show_yuan(fen):>20}")
            self.stdout.write(f"{totals.transfers} transfers, {len(differences)} differences")
        if differences:
            raise CommandError(f"{len(differences)} differences")
