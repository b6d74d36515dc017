"""What is judged, as its own package shows it: filled by the packages whose works these are, when their apps are ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.common.actors import Actor


@dataclass(frozen=True)
class Work:
    """One work as judges see it: its name, its words as safe HTML, its pictures' addresses; nothing of who made it."""

    title: str
    html: str
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """A kind of thing with works: how to show those of some applications, and whether one of the things is there for somebody."""

    works: Callable[[Sequence[UUID]], dict[UUID, Work]]
    may_see: Callable[[UUID, Actor], bool]


SUBJECTS: dict[str, Subject] = {}
