"""Reading inboxes."""

from uuid import UUID

from django.db.models import QuerySet

from backend.notifications.models import DemoMessage, Message

MOST_COUNTED = 99


def inbox(party_id: UUID) -> QuerySet[Message]:
    """A party's messages."""
    return Message.objects.filter(party_id=party_id)


def unread(party_id: UUID) -> int:
    """How many are unread, counted up to 99."""
    return Message.objects.filter(party_id=party_id, read_at=None)[:MOST_COUNTED].count()


def demo_messages() -> QuerySet[DemoMessage]:
    """The demo's last SMS and mails."""
    return DemoMessage.objects.order_by("-id")[:50]
