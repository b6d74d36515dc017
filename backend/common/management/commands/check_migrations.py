"""`sizhong migrations --check`: models and migrations say the same."""

from __future__ import annotations

from argparse import ArgumentParser

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


class Command(BaseCommand):
    """Compare without a database."""

    help = "Fail when a model has changed without a migration."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    @no_translations
    def handle(self, *args: object, **options: object) -> None:
        loader = MigrationLoader(None, ignore_no_migrations=True)
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph)
        if changes:
            raise CommandError(f"models changed without a migration: {', '.join(sorted(changes))}")
