"""Whether the sign-in tells who has an account: the time of its answers for known and for unknown numbers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from django.test import Client

from backend.accounts import operations as accounts
from backend.common import clock

EACH = 60


def answers() -> Iterator[tuple[str, float, float]]:
    """Median milliseconds for known and for unknown numbers: asking for a code, and a wrong password."""
    for number in range(EACH):
        user = accounts.join(kind="phone", value=_known(number), at=clock.now(), name="测试")
        user.set_password("a-long-password-1")
        user.save()
    for name, path, field in (
        ("sign_in_code_ms", "/sign-in/", "identifier"),
        ("sign_in_password_ms", "/accounts/login/", "login"),
    ):
        times: dict[bool, list[float]] = {True: [], False: []}
        for number in range(EACH):
            for known in (True, False) if number % 2 else (False, True):
                value = _known(number) if known else f"139{number:08d}"
                client = Client(HTTP_HOST="localhost", REMOTE_ADDR=f"10.{int(known)}.{len(path)}.{number}")
                started = time.perf_counter()
                reply = client.post(path, {field: value, "password": "not-the-password-2"})
                times[known].append((time.perf_counter() - started) * 1_000)
                if reply.status_code >= 400:
                    raise AssertionError(f"{path} answers {reply.status_code}")
        yield name, statistics.median(times[True]), statistics.median(times[False])


def _known(number: int) -> str:
    return f"138{number:08d}"
