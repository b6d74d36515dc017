"""`sizhong outbox replay`: send dead letters, or events since a point, again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backend.common import outbox


class Command(BaseCommand):
    """Make deliveries due again; handlers are idempotent by event id."""

    help = "Send dead letters again, or with --since everything from an outbox number on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kind", default="")
        parser.add_argument("--handler", default="")
        parser.add_argument("--since", type=int, default=0)
        parser.add_argument("--list", action="store_true", help="only show the dead letters")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for letter in outbox.dead_letters():
                self.stdout.write(f"{letter.event_id}\t{letter.event.kind}\t{letter.handler}\t{letter.error}")
            return
        count = outbox.replay(kind=options["kind"], handler=options["handler"], since=options["since"])
        self.stderr.write(f"{count} deliveries made due")
