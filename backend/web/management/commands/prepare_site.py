"""Compile the catalogues and collect the static files; nothing built is committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """What the site needs beside its database."""

    help = "Compile catalogues and collect static files."

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in Path(folder).glob("*/LC_MESSAGES/django.po"):
                with source.open("rb") as words, source.with_suffix(".mo").open("wb") as out:
                    write_mo(out, read_po(words))
        call_command("collectstatic", interactive=False, verbosity=0)
