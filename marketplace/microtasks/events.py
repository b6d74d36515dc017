"""What micro-tasks announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class JobMoved(Event):
    """A job made a move."""

    job_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class WorkerStopped(Event):
    """A worker fell under the line of gold items, or was let go on (`is_back`)."""

    participant_id: UUID
    job_id: UUID
    party_id: UUID
    is_back: bool


@dataclass(frozen=True, kw_only=True)
class AnswerRejected(Event):
    """A poster rejected an answer."""

    answer_id: UUID
    job_id: UUID
    party_id: UUID


@dataclass(frozen=True, kw_only=True)
class PleaMoved(Event):
    """A plea was raised, answered, escalated or decided."""

    plea_id: UUID
    job_id: UUID
    owner_id: UUID
    party_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class PiecesPaid(Event):
    """A worker was paid for their answers; sums in fen."""

    participant_id: UUID
    job_id: UUID
    party_id: UUID
    paid_fen: int
    fee_fen: int
    tax_fen: int
