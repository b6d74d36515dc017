"""Locks that only the clock opens (时间锁): what is sealed before a moment can be read by nobody until then.

For each thing a key pair is made. Its public half seals and is kept in the open; its private half is written, together
with the moment, into a box that only the keeper can open, and forgotten. The keeper's own private key lies with the
workers alone: neither a web process, nor a reader of the database, nor a backup has it. The keeper opens a box only when
the moment that is written inside has come, so a changed row changes nothing. Sealing is HPKE (RFC 9180).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from django.conf import settings

from backend.common.errors import Busy, Refusal

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_BOX = b"sizhong timelock box"


class TooEarly(Refusal):
    """The moment of a lock has not come."""

    status, code = 409, "sealed"
    zh, en = "封存内容须到 {until} 才能开启", "This stays sealed until {until}"
    source = "features.md D1"


class SealBroken(ValueError):
    """A sealed text or a box that does not open: changed, moved to another row, or of another key."""


@dataclass(frozen=True)
class Lock:
    """A lock: the public half in hex, and the keeper's box with the private one, base64."""

    public_key: str
    box: str


def make_keeper() -> tuple[str, str]:
    """A new pair of keeper's keys, private and public, in hex."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw().hex(), private.public_key().public_bytes_raw().hex()


def make(*, subject_id: UUID, opens_at: datetime) -> Lock:
    """A lock for one thing that opens at a moment; whoever makes it keeps nothing that would open it.

    Raises:
        Busy: the keeper's public key cannot be read.
    """
    private = X25519PrivateKey.generate()
    deed = {"subject": str(subject_id), "opens_at": opens_at.isoformat(), "key": private.private_bytes_raw().hex()}
    keeper = X25519PublicKey.from_public_bytes(_read(settings.SIZHONG_KEEPER_PUBLIC))
    box = _SUITE.encrypt(json.dumps(deed).encode(), keeper, info=_BOX)
    return Lock(private.public_key().public_bytes_raw().hex(), base64.b64encode(box).decode())


def seal(text: str, *, public_key: str, place: str) -> str:
    """Seal a text for one place (`table.column:row`): moved to another, it does not open."""
    key = X25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    return base64.b64encode(_SUITE.encrypt(text.encode(), key, info=place.encode())).decode()


def release(box: str, *, subject_id: UUID, at: datetime) -> str:
    """The private key in a box, in hex, once its moment has come. Only where the keeper's key lies.

    Where real money moves the keeper trusts no clock but its own beside the database's.

    Raises:
        TooEarly: the moment written inside has not come.
        SealBroken: the box is another thing's, or was changed.
        Busy: the keeper's key is not here.
    """
    keeper = X25519PrivateKey.from_private_bytes(_read(settings.SIZHONG_KEEPER_KEY))
    deed = json.loads(_open(box, keeper, _BOX))
    if deed["subject"] != str(subject_id):
        raise SealBroken("this box belongs to another thing")
    opens_at = datetime.fromisoformat(deed["opens_at"])
    now = at if settings.SIZHONG_MOVABLE_CLOCK else min(at, datetime.now(UTC))
    if now < opens_at:
        raise TooEarly(until=opens_at.isoformat(timespec="minutes"))
    return str(deed["key"])


def unseal(sealed: str, *, private_key: str, place: str) -> str:
    """The text that `seal` sealed for the same place.

    Raises:
        SealBroken: another key, another place, or a changed text.
    """
    return _open(sealed, X25519PrivateKey.from_private_bytes(bytes.fromhex(private_key)), place.encode()).decode()


def _open(sealed: str, key: X25519PrivateKey, info: bytes) -> bytes:
    try:
        return bytes(_SUITE.decrypt(base64.b64decode(sealed), key, info=info))
    except (InvalidTag, ValueError) as error:
        raise SealBroken("this seal does not open") from error


def _read(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise Busy from error
