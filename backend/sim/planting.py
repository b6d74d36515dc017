"""How a bug is planted: one function of the running code replaced for the length of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

Bug = Callable[[], AbstractContextManager[None]]


def swap(owner: object, name: str, wrong: object) -> Bug:
    """A bug that puts something else in a name's place."""

    @contextmanager
    def planted() -> Iterator[None]:
        with patch.object(owner, name, wrong):
            yield

    return planted
