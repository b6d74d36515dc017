"""By what works are compared (比对特征): min-hash signatures of texts, perceptual hashes of pictures.

Both are libraries' (`datasketch`, `imagehash`); here is only how they are looked up by an index. A text is found when about
half of its pieces are another's; a picture when at most eight of its 64 bits differ: another size, another compression, a
slight change of colour. A turned, mirrored or cropped picture is not found.
"""

from __future__ import annotations

import hashlib
import io

import imagehash
import numpy as np
from datasketch import MinHash
from PIL import Image

from backend.moderation import screening

PERMUTATIONS, ROWS = 64, 4
MOST_BITS_APART = 8
_SIGN = 1 << 63


def signature(text: str) -> list[int]:
    """The min-hash of a text's pieces, 64 numbers below 2^32; empty for a text too short to say anything."""
    pieces = screening.shingles(text)
    if not pieces:
        return []
    found = MinHash(num_perm=PERMUTATIONS, seed=1)
    found.update_batch([piece.encode() for piece in sorted(pieces)])
    return [int(value) for value in found.digest()]


def bands(values: list[int]) -> list[int]:
    """A signature's keys: texts that share one are looked at; each stands for four numbers that agree."""
    return [
        _number(f"{start}:{values[start : start + ROWS]}".encode()) for start in range(0, len(values), ROWS) if values
    ]


def _number(key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") - _SIGN


def text_percent(one: list[int], other: list[int]) -> int:
    """How many percent of two texts' pieces are common, as their signatures tell it."""
    return round(100 * float(np.mean(np.array(one) == np.array(other))))


def picture_bits(body: bytes) -> int:
    """A picture's perceptual hash as a signed number of 64 bits."""
    with Image.open(io.BytesIO(body)) as picture:
        return int(str(imagehash.phash(picture.convert("RGB"))), 16) - _SIGN


def picture_keys(bits: int) -> list[int]:
    """A picture's keys: each of its eight bytes with its place; pictures at most seven bits apart share one."""
    raw = (bits + _SIGN).to_bytes(8, "big")
    return [place * 256 + byte for place, byte in enumerate(raw)]


def picture_percent(one: int, other: int) -> int:
    """How many percent of two pictures' bits agree."""
    apart = ((one + _SIGN) ^ (other + _SIGN)).bit_count()
    return round(100 * (64 - apart) / 64)
