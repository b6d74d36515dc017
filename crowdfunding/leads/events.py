"""What led campaigns announce."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class LeadMoved(Event):
    """A lead made a move."""

    lead_id: UUID
    campaign_id: UUID
    owner_id: UUID
    party_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class RoundMoved(Event):
    """A led round made a move."""

    campaign_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class FollowersAsked(Event):
    """Followers of a lead that left are asked to confirm under another by a time."""

    campaign_id: UUID
    until: datetime


@dataclass(frozen=True, kw_only=True)
class ReportMoved(Event):
    """A report was filed, or missed."""

    report_id: UUID
    lead_id: UUID
    move: str
