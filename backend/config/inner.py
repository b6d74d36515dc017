"""One of our commands inside a running platform: the environment already points at its services."""

import os
import sys

from backend.config.cli import DJANGO_COMMANDS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")


def main() -> None:
    """Run the Django command that the words mean."""
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings first

    words = sys.argv[1:]
    for size in (2, 1):
        name = DJANGO_COMMANDS.get(tuple(words[:size]))
        if name is not None:
            execute_from_command_line(["sizhong", *([name] if name else []), *words[size:]])
            return
    sys.exit(f"unknown command: {' '.join(words)}")


if __name__ == "__main__":
    main()
