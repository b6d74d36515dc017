"""Delivers notices: at least once, on the real schedule (scaled), only to allowed hosts."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction

from backend.payments.alipay import signing
from backend.payments.sandbox import book
from backend.payments.sandbox.models import Letter

log = logging.getLogger(__name__)

GAPS_MINUTES = (4, 10, 10, 60, 120, 360, 900)


def start() -> None:
    """Start the thread that delivers."""
    threading.Thread(target=_run, name="postman", daemon=True).start()


def _run() -> None:
    client = httpx.Client(timeout=10.0, follow_redirects=False, trust_env=False)
    while True:
        try:
            close_old_connections()
            busy = deliver_next(client)
        except DatabaseError:
            log.warning("postman.database_gone")
            busy = False
        if not busy:
            time.sleep(0.1)


def deliver_next(client: httpx.Client) -> bool:
    """Deliver one letter that is due; return whether there was one.

    A letter is put off before it is sent, so a gateway killed in between sends it again later.
    """
    with transaction.atomic():
        due = Letter.objects.select_for_update(skip_locked=True).filter(done=False, due_at__lte=book.now())
        letter = due.order_by("due_at").first()
        if letter is None:
            return False
        letter.tries += 1
        gap = GAPS_MINUTES[min(letter.tries, len(GAPS_MINUTES)) - 1]
        letter.due_at = book.now() + timedelta(minutes=gap) / settings.NOTICE_SCALE
        letter.done = letter.tries > len(GAPS_MINUTES) or not _is_allowed(letter.url)
        letter.save()
    if _is_allowed(letter.url) and _send(client, letter):
        Letter.objects.filter(pk=letter.pk).update(done=True)
    return True


def _is_allowed(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.hostname in settings.NOTICE_HOSTS


def _send(client: httpx.Client, letter: Letter) -> bool:
    body = {**letter.body, "notify_time": book.text_time(book.now()), "sign_type": "RSA2"}
    text = signing.text_to_sign(body, without=("sign", "sign_type"))
    body["sign"] = signing.sign(text, signing.read_private_key(settings.PLATFORM_PRIVATE_KEY))
    if body.pop("forged", ""):
        body["sign"] = "Zm9yZ2Vk"
        letter.done = True
    try:
        return client.post(letter.url, data=body).text == "success" or letter.done
    except httpx.HTTPError:
        return False
