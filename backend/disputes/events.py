"""What disputes announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CaseMoved(Event):
    """A dispute has begun, gone on or ended; `move` is empty where it has begun."""

    case_id: UUID
    claimant_id: UUID
    respondent_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CaseSpoken(Event):
    """One side brought evidence, or made an offer; the other hears of it."""

    case_id: UUID
    to_id: UUID
    what: str
