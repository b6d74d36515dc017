"""Telling people things, once each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from backend.notifications.models import Message


def tell(
    party_ids: Iterable[UUID | None], *, key: str, kind: str, zh: str, en: str, url: str = "", at: datetime
) -> None:
    """Put a message into inboxes (通知). The same key for the same party is one message."""
    messages = [
        Message(party_id=party_id, key=key, kind=kind, zh=zh[:300], en=en[:300], url=url, at=at)
        for party_id in dict.fromkeys(party_ids)
        if party_id is not None
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True, batch_size=500)


def read_all(*, party_id: UUID, at: datetime) -> None:
    """Mark everything in an inbox as read."""
    Message.objects.filter(party_id=party_id, read_at=None).update(read_at=at)


def push(topic: str, body: dict[str, object]) -> None:
    """Tell everyone who watches a public topic, after the commit. A lost push is mended by polling."""

    def send() -> None:
        layer = get_channel_layer()
        if layer is not None:
            async_to_sync(layer.group_send)(topic, {"type": "figures", "body": body})

    transaction.on_commit(send, robust=True)
