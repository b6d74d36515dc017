"""What a contract says, and the hash by which both know that it is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from backend.common.fen import Fen, split

RIGHTS = {
    "transfer": ("付款后著作财产权转让给发包方", "Rights pass to the client on payment"),
    "licence": ("权利归承接方，发包方获得永久使用许可", "Rights stay with the worker; the client may use it for good"),
}
"""What becomes of the rights in what is made; neither takes effect before it is paid for (features.md O3p)."""


@dataclass(frozen=True)
class Part:
    """One stage: its name, its money in fen, its time in days."""

    title: str
    amount_fen: Fen
    days: int


@dataclass(frozen=True)
class Terms:
    """Everything that both sides agree on."""

    title: str
    scope: str
    offer: str
    rights: str
    accept_days: int
    rounds_most: int
    parts: tuple[Part, ...]

    @property
    def total_fen(self) -> Fen:
        return sum(part.amount_fen for part in self.parts)

    @property
    def digest(self) -> str:
        """SHA-256 of the terms in one canonical form, in hex."""
        body = {
            "title": self.title,
            "scope": self.scope,
            "offer": self.offer,
            "rights": self.rights,
            "accept_days": self.accept_days,
            "rounds_most": self.rounds_most,
            "parts": [[part.title, part.amount_fen, part.days] for part in self.parts],
        }
        plain = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()


def parts_of(total_fen: Fen, days: int, stages: Sequence[tuple[str, int]]) -> tuple[Part, ...]:
    """A price and a time divided over stages by their percent, every fen given out, every stage a day at least."""
    weights = [percent for _title, percent in stages]
    sums, times = split(total_fen, weights), split(max(days, len(stages)), weights)
    return tuple(
        Part(title, fen, max(1, time)) for (title, _percent), fen, time in zip(stages, sums, times, strict=True)
    )
