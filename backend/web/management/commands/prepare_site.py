"""Compile the catalogues and collect the static files; nothing built is committed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

UNUSED = ["redoc", "CVS", ".*", "*~"]
"""What packages bring and no page of ours loads."""


class Command(BaseCommand):
    """What the site needs beside its database; what has not changed since the last time is left as it is."""

    help = "Compile catalogues and collect static files."

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in Path(folder).glob("*/LC_MESSAGES/django.po"):
                _compile(source)
        _collect(Path(settings.STATIC_ROOT))


def _compile(source: Path) -> None:
    built = source.with_suffix(".mo")
    if built.exists() and built.stat().st_mtime > source.stat().st_mtime:
        return
    with source.open("rb") as words, built.open("wb") as out:
        write_mo(out, read_po(words))


def _collect(root: Path) -> None:
    """Compressing takes half a minute, so it is done when a source has changed."""
    stamp, sources = root / "sources.sha256", _sources()
    if stamp.exists() and stamp.read_text() == sources:
        return
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
    stamp.write_text(sources)


def _sources() -> str:
    """A digest of the names, sizes and times of all static files as they are found."""
    found = sha256()
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            known = Path(storage.path(path)).stat()
            found.update(f"{storage.path(path)} {known.st_size} {known.st_mtime_ns}\n".encode())
    return found.hexdigest()
