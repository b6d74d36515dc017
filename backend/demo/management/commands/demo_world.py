"""`sizhong demo-world`: make the demo world, or find it made."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.demo.world import World


class Command(BaseCommand):
    """Needs the gateway running; the workers should not be, because the past is being lived."""

    help = "Make the demo world. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SIZHONG_DEMO:
            raise CommandError("there is no demo world in production")
        made = World(lambda text: self.stderr.write(text)).make()
        self.stderr.write(f"demo world ready ({made} campaigns made now)" if made else "demo world ready")
