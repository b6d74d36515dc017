"""`sizhong migrate`: schema, allowed moves, rules, fee schedule; as the owner role."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from backend.common import rules, states


class Command(BaseCommand):
    """Bring the database up to what the code expects. Safe to repeat."""

    help = "Bring database, rules and fee schedule up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        call_command("migrate", verbosity=0)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('platform_migrate', 3))")
            states.publish_moves(states.MACHINES.values())
            count = rules.load()
            for app in apps.get_app_configs():
                if find_spec(f"{app.name}.schedule"):
                    import_module(f"{app.name}.schedule").publish()
        self.stderr.write(f"database up to date; {count} rules")
