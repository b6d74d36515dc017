"""What announcements announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class AnnouncementMade(Event):
    """A poster announced something."""

    announcement_id: UUID
