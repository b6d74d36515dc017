"""What solicitations announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class SolicitationMoved(Event):
    """A solicitation made a move."""

    solicitation_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class IdeaMoved(Event):
    """An idea was proposed, answered, hidden or taken back."""

    idea_id: UUID
    solicitation_id: UUID
    owner_id: UUID
    author_id: UUID
    move: str
    state: str
