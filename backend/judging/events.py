"""What judging announces."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CallMoved(Event):
    """A call made a move."""

    call_id: UUID
    subject_kind: str
    subject_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CallReminded(Event):
    """A call waits for its judges."""

    call_id: UUID
    owner_id: UUID


@dataclass(frozen=True, kw_only=True)
class ApplicationMoved(Event):
    """An application made a move; `move` is `apply` where it came to be."""

    application_id: UUID
    call_id: UUID
    subject_kind: str
    subject_id: UUID
    party_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class JudgeMoved(Event):
    """A judge made a move; `move` is `invite` where they came to be one."""

    judge_id: UUID
    call_id: UUID
    party_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ObjectionMoved(Event):
    """An objection made a move; `move` is `raise` where it came to be."""

    objection_id: UUID
    call_id: UUID
    move: str
    state: str
