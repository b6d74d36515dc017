"""Keys under which an answer is kept (幂等), so that a client may repeat what it does not know to be done.

The key row is written in the transaction that makes the change. A second request while the first
still runs is told to wait; the same key with another body is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from backend.common.errors import Invalid, Refusal
from backend.common.models import IdempotencyKey

MOST_LENGTH = 100


class KeyMissing(Refusal):
    """A request that moves money came without a key."""

    status, code = 400, "idempotency_key_missing"
    zh, en = "缺少 Idempotency-Key 请求头", "The Idempotency-Key header is missing"
    remedy_zh, remedy_en = "为每次操作生成一个新的键", "Make one new key for each act"


class KeyReused(Refusal):
    """The same key came with another body."""

    status, code = 409, "idempotency_key_reused"
    zh, en = "同一个 Idempotency-Key 对应了不同的内容", "This Idempotency-Key was used with another body"


class StillRunning(Refusal):
    """The first request under this key has not finished."""

    status, code = 409, "still_running"
    zh, en = "相同的请求正在处理，请稍后再试", "The same request is still running; try again shortly"


@dataclass(frozen=True)
class Answer:
    """What was answered: an HTTP status and a JSON body."""

    status: int
    body: dict[str, object]


def once(*, actor: str, route: str, key: str, request: object, act: Callable[[], Answer]) -> Answer:
    """Run `act` once per key and answer every repeat alike.

    Raises:
        KeyMissing, KeyReused, StillRunning: as they say.
        Invalid: a key that is too long or not printable ASCII.
    """
    if not key:
        raise KeyMissing(field="Idempotency-Key")
    if len(key) > MOST_LENGTH or not key.isascii() or not key.isprintable():
        raise Invalid("幂等键须为 100 个以内的可见 ASCII 字符", "A key has at most 100 printable ASCII characters")
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    with transaction.atomic():
        _claim(f"{actor}|{route}|{key}")
        kept = IdempotencyKey.objects.filter(actor=actor, route=route, key=key).first()
        if kept is not None:
            if kept.body_hash != digest:
                raise KeyReused
            return Answer(kept.status, kept.answer)
        answer = act()
        IdempotencyKey.objects.create(
            actor=actor, route=route, key=key, body_hash=digest, status=answer.status, answer=answer.body
        )
    return answer


def _claim(name: str) -> None:
    """Hold the key for this transaction, or say that another request does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        if not cursor.fetchone()[0]:
            raise StillRunning
