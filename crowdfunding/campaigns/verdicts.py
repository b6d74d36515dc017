"""Whether a campaign succeeded, and who gets what of what is left: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence

from backend.common.fen import Fen, part, split

KEEP_IT_ALL = "keep_it_all"


def has_succeeded(*, rule: str, goal_fen: Fen, cleared_fen: Fen) -> bool:
    """All-or-nothing and two rounds: the cleared sum reaches the goal, which is the minimum. Keep-it-all: anything.

    Source: features.md §2.4, clearing → successful.
    """
    return cleared_fen > 0 if rule == KEEP_IT_ALL else cleared_fen >= goal_fen


def first_part(raised_fen: Fen, *, share_bp: int, fee_fen: Fen) -> Fen:
    """What the maker gets after the publicity period: its share of the whole, less the fee on the whole."""
    return max(0, part(raised_fen, share_bp) - fee_fen)


def shares_of_rest(rest_fen: Fen, totals: Sequence[Fen]) -> list[Fen]:
    """Divide what escrow still holds over pledges by what each paid; nobody gets more than they paid.

    Every fen of the rest is given out while it is at most what was paid.
    """
    if not totals:
        return []
    whole = sum(totals)
    return list(totals) if rest_fen >= whole else split(rest_fen, totals)
