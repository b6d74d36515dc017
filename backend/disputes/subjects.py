"""What can be disputed: filled by the packages whose deals these are, when their apps are ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.common.fen import Fen
from backend.disputes.models import Case


@dataclass(frozen=True)
class Subject:
    """One kind of deal: what a mandate must cover on each side, where each side sees it, and how a decision is done.

    `carry_out` is called in the transaction that ends a dispute, after what was held is free: it gives the claimant
    that much and lets the deal go on or end. `redo` is called instead where the work is to be done again within so many
    days; a deal without it cannot be ruled so.
    """

    claimant_scope: str
    respondent_scope: str
    carry_out: Callable[[Case, Fen, datetime], None]
    claimant_url: Callable[[Case], str]
    respondent_url: Callable[[Case], str]
    redo: Callable[[Case, int, datetime], None] | None = None


SUBJECTS: dict[str, Subject] = {}
