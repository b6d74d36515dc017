"""`sizhong bench [NAME …] [--json]`: one line a benchmark, its baseline measured in the same run."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Runs the benchmarks that `SIZHONG_BENCHES` names, each in a scratch database of its own."""

    help = "Measure; every figure beside a baseline of the same run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        known = import_module(settings.SIZHONG_BENCHES).BENCHES
        for name in options["names"] or known:
            if name not in known:
                raise CommandError(f"no benchmark {name}; there are {', '.join(known)}")
            for result in known[name]():
                line = (
                    json.dumps(result)
                    if options["json"]
                    else "  ".join(f"{key}={value}" for key, value in result.items())
                )
                self.stdout.write(line)
                self.stdout.flush()
