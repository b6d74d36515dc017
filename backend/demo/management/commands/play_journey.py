"""The journey's script, run by `sizhong journey` against the platform it started."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from backend.demo.journey import Journey


class Command(BaseCommand):
    """Exit 0 only if every step holds and the books agree."""

    help = "Play the journey against a running platform on a scratch database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '60s'")
        self.stdout.write("旅程：一个项目从发布到结项，另一个项目失败退款（The journey, over real HTTP）")
        if not Journey(f"http://localhost:{options['port']}", lambda text: self.stdout.write(text)).play():
            raise CommandError("the journey failed")
        self.stdout.write("旅程完成，账目一致。")
