"""What project passports announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PassportMoved(Event):
    """A passport made a move; `by_clock` where nobody but time did it."""

    passport_id: UUID
    holder_id: UUID
    move: str
    reason: str
    by_clock: bool


@dataclass(frozen=True, kw_only=True)
class EvidenceMoved(Event):
    """A document was verified, declined, revoked, or is no longer valid."""

    evidence_id: UUID
    holder_id: UUID
    move: str


@dataclass(frozen=True, kw_only=True)
class StageReached(Event):
    """A published venture has come to another stage."""

    passport_id: UUID
    stage: str
