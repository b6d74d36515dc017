"""What short harvests announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ShortfallMoved(Event):
    """What a maker says of a harvest was said, checked, or carried out."""

    shortfall_id: UUID
    campaign_id: UUID
    owner_id: UUID
    move: str
    state: str
    percent: int


@dataclass(frozen=True, kw_only=True)
class PortionPayable(Event):
    """What goes back of a short harvest can no longer go the way it came: the backer is owed it."""

    pledge_id: UUID
    backer_id: UUID
    amount_fen: int
