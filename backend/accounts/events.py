"""What accounts announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ContactChanged(Event):
    """A person has a new number or mailbox, or lost theirs to a verified one; `what` is phone or email."""

    party_id: UUID
    what: str
    is_lost: bool
