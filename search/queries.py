"""Finding listings, by whichever engine this installation has."""

from search.engines import Engine, Found, Query
from search.postgres import PostgresEngine


def engine() -> Engine:
    """The engine of this installation."""
    return PostgresEngine()


def find(query: Query) -> Found:
    """One page of public listings.

    Raises:
        Invalid: an order or a cursor that does not exist.
    """
    return engine().find(query)
