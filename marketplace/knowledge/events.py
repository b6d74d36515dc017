"""What knowledge announces."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ChangeMoved(Event):
    """A change made a move; published, it is the entry's version `version_no`."""

    change_id: UUID
    article_id: UUID
    author_id: UUID
    move: str
    state: str
    version_no: int = 0


@dataclass(frozen=True, kw_only=True)
class GapMoved(Event):
    """A gap made a move."""

    gap_id: UUID
    owner_id: UUID
    move: str
    state: str
