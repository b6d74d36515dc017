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


@dataclass(frozen=True, kw_only=True)
class PrizeRecalled(Event):
    """The prize of a revoked award is to come back: all of it before fee and tax, and what its winner owes of it, in fen."""

    entry_id: UUID
    contest_id: UUID
    entrant_id: UUID
    owner_id: UUID
    recalled_fen: int
    owed_fen: int


@dataclass(frozen=True, kw_only=True)
class PrizeHandedOn(Event):
    """Somebody who moved up got a part of a prize that came back, in fen; `lacks_fen` is still to come."""

    entry_id: UUID
    contest_id: UUID
    entrant_id: UUID
    paid_fen: int
    fee_fen: int
    tax_fen: int
    lacks_fen: int
