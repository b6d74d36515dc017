"""What engagements announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ContractMoved(Event):
    """A contract made a move; `move` is `offer` where it came to be."""

    contract_id: UUID
    client_id: UUID
    worker_id: UUID
    subject_kind: str
    subject_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class MilestoneMoved(Event):
    """A milestone made a move."""

    milestone_id: UUID
    contract_id: UUID
    client_id: UUID
    worker_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class WorkerReminded(Event):
    """Nothing has happened on a funded milestone for a while; what follows is said."""

    milestone_id: UUID
    contract_id: UUID
    worker_id: UUID
    client_id: UUID
    nudges: int


@dataclass(frozen=True, kw_only=True)
class ClientReminded(Event):
    """A stage waits for the client: for its money, or for their word on a delivery."""

    milestone_id: UUID
    contract_id: UUID
    client_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class ClaimMoved(Event):
    """A claim was made (`make`), answered, let go or brought before the deciders."""

    claim_id: UUID
    contract_id: UUID
    milestone_id: UUID
    by_id: UUID
    to_id: UUID
    move: str


@dataclass(frozen=True, kw_only=True)
class EndProposed(Event):
    """One side would end the contract; the other may agree."""

    contract_id: UUID
    to_id: UUID


@dataclass(frozen=True, kw_only=True)
class MessageSent(Event):
    """One side wrote to the other."""

    contract_id: UUID
    to_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewsShown(Event):
    """What both sides said of each other is there to be read."""

    contract_id: UUID
    client_id: UUID
    worker_id: UUID


@dataclass(frozen=True, kw_only=True)
class InvoiceMoved(Event):
    """An invoice was asked for, or attached."""

    contract_id: UUID
    milestone_id: UUID
    to_id: UUID
    move: str
    differs: bool
