"""Envelope encryption of personal identifiers (信封加密), and the keyed hash they are searched by.

Every value has a data key of its own, wrapped by a key-encryption key from a key ring file outside
the database and outside Git. The associated data names table, column and row, so that a ciphertext
moved to another row does not open. Rotation: add a key to the ring, make it current, `rewrap`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from backend.common.errors import Busy

_NONCE = 12


@dataclass(frozen=True)
class KeyRing:
    """Keys by id, the current one, and the key of the look-up hash."""

    current: str
    keys: dict[str, bytes]
    lookup: bytes


def make_ring() -> dict[str, object]:
    """A new key ring as it is kept on disk (0600)."""
    return {"current": "k1", "keys": {"k1": _text(os.urandom(32))}, "lookup": _text(os.urandom(32))}


@lru_cache(maxsize=1)
def _load(path: str) -> KeyRing:
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Busy from error
    keys = {name: base64.b64decode(value) for name, value in kept["keys"].items()}
    return KeyRing(kept["current"], keys, base64.b64decode(kept["lookup"]))


def ring() -> KeyRing:
    """The installation's key ring.

    Raises:
        Busy: the ring cannot be read; whatever needs it is refused.
    """
    return _load(str(settings.SIZHONG_KEY_RING))


def encrypt(value: str, *, place: str) -> str:
    """Seal `value` for one place (`table.column:row`): `key id.wrapped key.nonce+ciphertext`."""
    keys = ring()
    data_key = AESGCM.generate_key(256)
    wrapped = _seal(keys.keys[keys.current], data_key, place)
    return f"{keys.current}.{_text(wrapped)}.{_text(_seal(data_key, value.encode(), place))}"


def decrypt(sealed: str, *, place: str) -> str:
    """Open what `encrypt` sealed for the same place.

    Raises:
        ValueError: another place, another key, or a changed ciphertext.
    """
    key_id, wrapped, body = sealed.split(".")
    data_key = _open(ring().keys[key_id], base64.b64decode(wrapped), place)
    return _open(data_key, base64.b64decode(body), place).decode()


def rewrap(sealed: str, *, place: str) -> str:
    """Wrap the data key anew under the current key; the value itself is not touched."""
    keys = ring()
    key_id, wrapped, body = sealed.split(".")
    data_key = _open(keys.keys[key_id], base64.b64decode(wrapped), place)
    return f"{keys.current}.{_text(_seal(keys.keys[keys.current], data_key, place))}.{body}"


def lookup_hash(value: str, *, purpose: str) -> str:
    """What a value is found and kept unique by: HMAC-SHA-256 under a key of its own, hex."""
    return hmac.new(ring().lookup, f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()


def _seal(key: bytes, data: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, place.encode())


def _open(key: bytes, sealed: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except InvalidTag as error:
        raise ValueError("the ciphertext does not belong here") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
