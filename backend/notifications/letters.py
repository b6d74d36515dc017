"""What an e-mail says: each message in both languages, with its link."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from backend.notifications.models import Message


def write(rows: Sequence[Message]) -> tuple[str, str]:
    """Subject and body of one e-mail for some messages, the oldest first."""
    first = rows[0].zh
    subject = f"香城四众：{first}" if len(rows) == 1 else f"香城四众：{len(rows)} 条消息 / {len(rows)} messages"
    parts = []
    for row in rows:
        link = f"\n{settings.SITE_URL}{row.url}" if row.url else ""
        parts.append(f"{row.zh}\n{row.en}{link}")
    where = f"{settings.SITE_URL}/my/notifications/"
    parts.append(f"—\n在这里选择收到什么 · Choose what you receive: {where}")
    return " ".join(subject.split())[:200], "\n\n".join(parts)
