"""Whether a campaign succeeded, and who gets what of what is left: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence

from backend.common.fen import Fen, part, split

ALL_OR_NOTHING = "all_or_nothing"


def has_succeeded(*, rule: str, goal_fen: Fen, cleared_fen: Fen) -> bool:
    """All-or-nothing: the cleared sum reaches the goal. Keep-it-all: anything at all.

    Source: features.md §2.4, clearing → successful.
    """
    return cleared_fen >= goal_fen if rule == ALL_OR_NOTHING else cleared_fen > 0


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
