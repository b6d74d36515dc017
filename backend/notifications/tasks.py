"""What beat rings for in notifications."""

import logging

from celery import shared_task

from backend.common import clock
from backend.notifications import operations, queries

log = logging.getLogger(__name__)


@shared_task(queue="deadlines")
def send_mails() -> int:
    """Send the e-mails that are due, one a party; one that fails comes up again by itself."""
    now, sent = clock.now(), 0
    for party_id in queries.parties_to_mail(at=now):
        try:
            sent += operations.mail_due(party_id=party_id, at=now)
        except OSError as error:  # its text may hold addresses: only the kind is kept
            log.warning("mail.failed", extra={"party": str(party_id), "error": type(error).__name__})
    return sent
