"""What tasks announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class TaskMoved(Event):
    """A task made a move."""

    task_id: UUID
    owner_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class TaskReminded(Event):
    """A task waits for its poster."""

    task_id: UUID
    owner_id: UUID


@dataclass(frozen=True, kw_only=True)
class BidMoved(Event):
    """A bid made a move; `move` is `seal` where it came to be."""

    bid_id: UUID
    task_id: UUID
    bidder_id: UUID
    move: str
    state: str


@dataclass(frozen=True, kw_only=True)
class TaskAsked(Event):
    """Somebody asked about a task, or was answered."""

    inquiry_id: UUID
    task_id: UUID
    is_answer: bool
