"""Knocking at the real site as several people at once: tokens, staff sessions, and fifty requests released together."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.test import Client

from backend.accounts import operations as accounts
from backend.accounts.models import User
from backend.common import clock

MOST_RETURNS = 40
SCOPES = {"read", "pledge", "campaigns", "money"}


def token_of(user: User, scopes: set[str] = SCOPES) -> str:
    """An API token of a person."""
    return accounts.make_token(user=user, party_id=user.party_id, name="t", scopes=scopes, at=clock.now())[1]


def signed_in(user: User, *, factor: bool = False, seconds_ago: int = 0) -> Client:
    """A browser in which this person signed in just now or a while ago, with or without the second factor."""
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    at = time.time() - seconds_ago
    records = [{"method": "password", "at": at, "reauthenticated": True}]
    if factor:
        records.append({"method": "mfa", "type": "totp", "at": at})
    session["account_authentication_methods"] = records
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


@dataclass(frozen=True)
class Knock:
    """One request as bytes will carry it."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def by_token(token: str, path: str, body: dict[str, object], key: str = "") -> Knock:
    """A write over the API."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or uuid4().hex}
    return Knock("POST", f"/api/v1/{path}", headers | {"Content-Type": "application/json"}, json.dumps(body).encode())


def by_browser(client: Client, path: str, fields: dict[str, str]) -> Knock:
    """A form posted from a page, with its CSRF token."""
    secret = "a" * 32
    cookies = {
        settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
        settings.CSRF_COOKIE_NAME: secret,
    }
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": settings.SITE_URL,
    }
    return Knock("POST", path, headers, urlencode({**fields, "csrfmiddlewaretoken": secret}).encode())


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: str

    def json(self) -> dict[str, object]:
        return dict(json.loads(self.body))


def release(site: str, knocks: Sequence[Knock]) -> list[Reply]:
    """Send all but the last byte of every request, then all the last bytes at once; the replies.

    Who is told to come back (503 with `Retry-After`, on a machine that is too busy for fifty at once)
    comes back with the same request, as the protocol asks; anything else is an answer.
    """
    address = urlsplit(site)
    barrier, replies = threading.Barrier(len(knocks)), []

    def exchange(data: bytes, wait: Callable[[], object]) -> bytes:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=60) as connected:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.sendall(data[:-1])
            wait()
            connected.sendall(data[-1:])
            received = b""
            while chunk := connected.recv(65_536):
                received += chunk
            return received

    def send(knock: Knock) -> None:
        data = _bytes(knock, address.netloc)
        received = exchange(data, lambda: barrier.wait(60))
        for _ in range(MOST_RETURNS):
            if not re.match(rb"HTTP/1\.1 503.*?\r\nretry-after: ", received, re.IGNORECASE | re.DOTALL):
                break
            received = exchange(data, lambda: threading.Event().wait(0.5))
        found = re.match(rb"HTTP/1\.1 (\d{3})", received)
        replies.append(
            Reply(int(found.group(1)) if found else 0, received.partition(b"\r\n\r\n")[2].decode("utf-8", "replace"))
        )

    threads = [threading.Thread(target=send, args=(knock,)) for knock in knocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    return replies


def _bytes(knock: Knock, host: str) -> bytes:
    headers = {"Host": host, "Connection": "close", "Content-Length": str(len(knock.body)), **knock.headers}
    head = f"{knock.method} {knock.path} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in headers.items()
    )
    return head.encode() + b"\r\n" + knock.body
