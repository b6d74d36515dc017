"""What fulfilment announces."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class SurveyOpened(Event):
    """Backers are asked where to send their rewards."""

    campaign_id: UUID


@dataclass(frozen=True, kw_only=True)
class LockAnnounced(Event):
    """Addresses lock in 48 hours."""

    campaign_id: UUID


@dataclass(frozen=True, kw_only=True)
class ParcelsShipped(Event):
    """A batch of parcels is on its way."""

    campaign_id: UUID
    batch_id: UUID


@dataclass(frozen=True, kw_only=True)
class ParcelLost(Event):
    """A backer says that the parcel did not come."""

    campaign_id: UUID
    parcel_id: UUID
    owner_id: UUID


@dataclass(frozen=True, kw_only=True)
class LossSettled(Event):
    """A lost parcel is sent again, or its money goes back."""

    campaign_id: UUID
    parcel_id: UUID
    pledge_id: UUID
    backer_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class ParcelAdded(Event):
    """A late pledge has a parcel of its own."""

    campaign_id: UUID
    pledge_id: UUID
    backer_id: UUID
