"""What contests announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ContestMoved(Event):
    """A contest made a move."""

    contest_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class PrizePaid(Event):
    """A prize, a grant or both were paid to an entrant; sums in fen, the grant a part of what is paid."""

    entry_id: UUID
    contest_id: UUID
    entrant_id: UUID
    paid_fen: int
    grant_fen: int = 0
    fee_fen: int
    tax_fen: int
