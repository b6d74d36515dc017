"""What match pots announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PotMoved(Event):
    """A pot made a move."""

    pot_id: UUID
    sponsor_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class PledgeMatched(Event):
    """A sponsor's money goes with a pledge."""

    match_id: UUID
    pledge_id: UUID
    backer_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class MatchesPaid(Event):
    """All that goes with a campaign's pledges was paid to its maker."""

    campaign_id: UUID
    owner_id: UUID
