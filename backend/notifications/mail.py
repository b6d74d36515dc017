"""The demo's e-mail backend: what would have been sent is shown in the demo's inbox page."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from backend.notifications.models import DemoMessage


class DemoInbox(BaseEmailBackend):
    """Keeps e-mails instead of sending them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep every message for every recipient."""
        for message in email_messages:
            for target in message.to:
                DemoMessage.objects.create(kind="email", target=target, text=f"{message.subject}\n\n{message.body}")
        return len(email_messages)
