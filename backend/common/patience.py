"""Long reads, for checks and reports that may take longer than a page may."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def unhurried(seconds: int) -> Iterator[None]:
    """Let statements of this connection run for `seconds` instead of the role's few; put back after."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{seconds}s"])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")
