"""Locks that guard a thing without writing to its row (咨询锁), held to the end of the transaction."""

from django.db import connection


def share(name: str) -> None:
    """Hold `name` together with others who share it; a hot campaign's payments do not queue on it."""
    _take("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 1))", name)


def alone(name: str) -> None:
    """Hold `name` alone: waits until all who share it have committed."""
    _take("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", name)


def _take(statement: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [name])
