"""`sizhong outbox relay`: hand events to their handlers until stopped."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from types import FrameType

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection

from backend.common import outbox

PAUSE_SECONDS = 0.15


class Command(BaseCommand):
    """The relay process; several may run side by side."""

    help = "Deliver events until stopped; --once delivers what is due and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        if options["once"]:
            while outbox.relay():
                pass
            return
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        while not stopping.is_set():
            try:
                busy = outbox.relay()
            except DatabaseError as error:
                self.stderr.write(f"relay: {error}")
                connection.close()
                busy = 0
                stopping.wait(1.0)
            close_old_connections()
            if not busy:
                stopping.wait(PAUSE_SECONDS)
