"""What campaigns announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CampaignMoved(Event):
    """A campaign's life went on."""

    campaign_id: UUID
    owner_id: UUID
    move: str
    state: str
    is_led: bool = False


@dataclass(frozen=True, kw_only=True)
class PledgePaid(Event):
    """Somebody's money counts."""

    pledge_id: UUID
    campaign_id: UUID
    backer_id: UUID | None
    amount_fen: int
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class PledgeEnded(Event):
    """A pledge no longer counts: unpaid, cancelled or refunded."""

    pledge_id: UUID
    campaign_id: UUID
    backer_id: UUID | None
    state: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class PledgeReceived(Event):
    """A backer has the goods."""

    pledge_id: UUID
    campaign_id: UUID


@dataclass(frozen=True, kw_only=True)
class RefundAsked(Event):
    """A backer asks the maker for a refund."""

    pledge_id: UUID
    campaign_id: UUID
    owner_id: UUID


@dataclass(frozen=True, kw_only=True)
class OutsideMoved(Event):
    """Somebody says that a pledge was settled outside the platform, or the other side answered."""

    pledge_id: UUID
    campaign_id: UUID
    to_party_id: UUID | None
    to_owner: bool
    state: str


@dataclass(frozen=True, kw_only=True)
class UpdatePosted(Event):
    """The maker told the backers something."""

    campaign_id: UUID
    update_id: UUID


@dataclass(frozen=True, kw_only=True)
class QuestionAsked(Event):
    """Somebody asked the maker."""

    campaign_id: UUID
    owner_id: UUID
    question_id: UUID


@dataclass(frozen=True, kw_only=True)
class QuestionAnswered(Event):
    """The maker answered."""

    campaign_id: UUID
    asker_id: UUID
    question_id: UUID


@dataclass(frozen=True, kw_only=True)
class CampaignsImported(Event):
    """A historical campaign was lived through; one event, no notices."""

    campaign_id: UUID
    source_no: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ClaimPayable(Event):
    """What a maker paid back to a backer can no longer go the way it came: the backer is owed it."""

    pledge_id: UUID
    backer_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class DepositMoved(Event):
    """A maker's deposit came in, went back, or was used for backers."""

    campaign_id: UUID
    owner_id: UUID
    state: str
    amount_fen: int
    used_fen: int
