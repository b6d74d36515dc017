"""Proofs that somebody had something at a time (存证): a hash, linked to the one before, before anybody is shown the thing."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import locks
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid
from backend.judging.models import Proof

FIRST = "0" * 64
MOST_A_DAY = 200


def link_of(before: str, no: int, sha256: str, at: datetime) -> str:
    """What ties a proof to all before it; whoever has the proofs' lines can recompute it."""
    return hashlib.sha256(f"{before}|{no}|{sha256}|{at.isoformat()}".encode()).hexdigest()


@transaction.atomic
def deposit(*, title: str, sha256: str, by: Actor, at: datetime) -> Proof:
    """Put a hash on record for one's party (存证).

    Raises:
        Invalid: no hash of SHA-256 in hex, or no title.
    """
    if by.party_id is None:
        raise Forbidden
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Invalid("请填写 64 位十六进制的 SHA-256 摘要", "A SHA-256 in 64 hex characters", field="sha256")
    if not title.strip():
        raise Invalid("请填写名称", "Give it a name", field="title")
    return record(party_id=by.party_id, title=title, sha256=sha256, at=at)


def record(*, party_id: UUID, title: str, sha256: str, at: datetime) -> Proof:
    """Put a hash on record in the caller's transaction; one after the other, so that the chain has no branches."""
    locks.alone("judging:proofs")
    last = Proof.objects.order_by("-no").first()
    before, no = (last.link, last.no + 1) if last is not None else (FIRST, 1)
    return Proof.objects.create(
        no=no,
        party_id=party_id,
        title=title.strip()[:80],
        sha256=sha256,
        at=at,
        before=before,
        link=link_of(before, no, sha256, at),
    )
