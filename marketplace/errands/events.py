"""What on-site errands announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ErrandMoved(Event):
    """An errand's listing made a move."""

    errand_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class StopMoved(Event):
    """A stop made a move; `party_id` is the runner's, of before the move where it took it from them."""

    stop_id: UUID
    errand_id: UUID
    owner_id: UUID
    party_id: UUID | None
    move: str


@dataclass(frozen=True, kw_only=True)
class StopOffered(Event):
    """Dispatch asked a runner."""

    offer_id: UUID
    stop_id: UUID
    party_id: UUID


@dataclass(frozen=True, kw_only=True)
class LicenceMoved(Event):
    """A licence made a move."""

    licence_id: UUID
    party_id: UUID
    move: str
