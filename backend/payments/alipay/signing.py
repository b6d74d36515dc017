"""RSA2 as Alipay uses it: PKCS#1 v1.5 over SHA-256, and nothing else passes.

The SDK's own verification takes the hash from the signature, so SHA-1 and MD5 would pass there;
this one does not.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

MOST_SIGNATURE = 1_024


def text_to_sign(params: Mapping[str, str], *, without: tuple[str, ...]) -> bytes:
    """Sorted `k=v` joined with `&`, no empty values, nothing URL-encoded, UTF-8."""
    parts = [f"{name}={value}" for name, value in sorted(params.items()) if value != "" and name not in without]
    return "&".join(parts).encode("utf-8", "surrogatepass")


def sign(text: bytes, key: RSAPrivateKey) -> str:
    """The signature in base64."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(text: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Whether `signature` (strict base64, at most 1 KB) is RSA2 over `text`."""
    if len(signature) > MOST_SIGNATURE:
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
        if base64.b64encode(raw).decode() != signature:
            return False  # base64 with stray bits at its end: another text for the same bytes
        key.verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


@lru_cache(maxsize=16)
def read_private_key(path: Path) -> RSAPrivateKey:
    """A private key from PEM or bare base64, PKCS#1 or PKCS#8."""
    key = serialization.load_pem_private_key(_pem(path, "PRIVATE KEY", "RSA PRIVATE KEY"), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(f"{path} is not an RSA key")
    return key


@lru_cache(maxsize=16)
def read_public_key(path: Path) -> RSAPublicKey:
    """A public key from PEM or bare base64."""
    key = serialization.load_pem_public_key(_pem(path, "PUBLIC KEY"))
    if not isinstance(key, RSAPublicKey):
        raise TypeError(f"{path} is not an RSA key")
    return key


def _pem(path: Path, *titles: str) -> bytes:
    text = path.read_text(encoding="ascii").strip()
    if text.startswith("-----"):
        return text.encode()
    der = base64.b64decode(text)
    # PKCS#8 and SubjectPublicKeyInfo name the algorithm; a bare PKCS#1 key does not.
    title = titles[0] if b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" in der[:40] else titles[-1]
    return f"-----BEGIN {title}-----\n{text}\n-----END {title}-----\n".encode()


def make_key_pair() -> tuple[str, str]:
    """A new RSA-2048 pair as PEM: private (PKCS#8) and public."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
