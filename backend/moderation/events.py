"""What moderation announces."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class AppealMoved(Event):
    """An appeal was granted, denied, or became moot."""

    appeal_id: UUID
    appellant_id: UUID
    move: str
