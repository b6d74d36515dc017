"""What a moderator should look at twice (自动检查): contacts, promises the law forbids, texts written before.

Findings point, they never decide: a person reads the sentence and judges.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHINGLE, MOST_COMPARED = 6, 3_000
ALIKE = 0.5
"""From this share of common six-character pieces on, two texts count as the same text."""

_DIGITS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖", "00123456789123456789")
_CONTACTS = (
    ("phone", re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")),
    ("mail", re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.ASCII | re.IGNORECASE)),
    ("link", re.compile(r"(?:https?://|www\.)[^\s)]+", re.IGNORECASE)),
    ("chat", re.compile(r"(?:微信|薇信|威信|v信|vx|wx|qq)(?:号|群)?[:是加为\s]*([a-z0-9_-]{5,20})", re.IGNORECASE)),
)
_FORBIDDEN = ("股权", "股份", "分红", "利息", "保本", "收益率", "抽奖", "募捐", "返利", "高额回报")
"""Rewards are goods: words that promise something else (domain.md §3.1)."""


@dataclass(frozen=True)
class Finding:
    """One thing to look at: what kind, in which field, and the words themselves."""

    kind: str
    field: str
    words: str


def plain(text: str) -> str:
    """A text as a fraudster's reader would read it: one width, no gaps in numbers, Chinese digits as digits."""
    flat = unicodedata.normalize("NFKC", text).lower()
    numbers = re.sub(r"[〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖]{5,}", lambda found: found[0].translate(_DIGITS), flat)
    return re.sub(r"(?<=\d)[\s.·_—-]+(?=\d)", "", numbers)


def contacts(field: str, text: str) -> Iterator[Finding]:
    """Ways around the platform: numbers, mailboxes, links, chat accounts."""
    flat = plain(text)
    for kind, pattern in _CONTACTS:
        for found in dict.fromkeys(match.group(0) for match in pattern.finditer(flat)):
            yield Finding(kind, field, found[:60])


def promises(field: str, text: str) -> Iterator[Finding]:
    """Words that promise money instead of goods, with what stands around them."""
    flat = plain(text)
    for word in _FORBIDDEN:
        place = flat.find(word)
        if place >= 0:
            yield Finding("promise", field, flat[max(0, place - 12) : place + len(word) + 12].replace("\n", " "))


def shingles(text: str) -> frozenset[str]:
    """The pieces that two texts are compared by; empty for a text too short to say anything."""
    flat = re.sub(r"[\W_]+", "", plain(text[:MOST_COMPARED]))
    return (
        frozenset(flat[start : start + SHINGLE] for start in range(len(flat) - SHINGLE + 1))
        if len(flat) > 40
        else frozenset()
    )


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of common pieces, 0 to 1 (Jaccard)."""
    return len(one & other) / len(one | other) if one and other else 0.0


def alike(text: str, others: Iterable[tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """Which of the other texts (name, text) is nearly this one, and by how many percent."""
    mine = shingles(text)
    for name, other in others:
        share = likeness(mine, shingles(other))
        if share >= ALIKE:
            yield name, round(100 * share)
