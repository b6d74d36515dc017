"""Money as whole fen (分): parsing, showing, dividing. No floats, and yuan only at the edges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from django.db import models

from backend.common.errors import Invalid

Fen = int

MOST_FEN: Fen = 10**13
"""The largest amount a single row may carry: 1,000 亿元, far above any campaign and far below overflow."""

_YUAN = re.compile(r"[0-9]{1,11}(\.[0-9]{1,2})?", re.ASCII)


class FenField(models.BigIntegerField):  # type: ignore[type-arg]  # generic only in the stubs
    """An amount in fen (分)."""


def parse_yuan(text: str, *, field: str = "") -> Fen:
    """Read yuan as people and Alipay write them: ASCII digits, at most two decimals.

    Raises:
        Invalid: a sign, an exponent, full-width digits, a third decimal, or too large a sum.
    """
    if not _YUAN.fullmatch(text):
        raise Invalid("金额须为最多两位小数的数字", "An amount has digits and at most two decimals", field=field)
    fen = int(Decimal(text).scaleb(2))
    if fen > MOST_FEN:
        raise Invalid("金额过大", "The amount is too large", field=field)
    return fen


def wire_yuan(fen: Fen) -> str:
    """Yuan with exactly two decimals and no separators, as the provider reads them: `"1234.50"`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def show_yuan(fen: Fen) -> str:
    """Yuan for people: `¥342,000`, with decimals only where there are fen."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}" + (f".{rest:02d}" if rest else "")


def split(total: Fen, weights: Sequence[int]) -> list[Fen]:
    """Divide money by weight so that every fen is given out (按比例分配).

    `weights` are positive and of any one unit; the shares come in their order and sum to `total`.

    Source: largest remainder method; a tie goes to the earlier share, so that a rerun divides alike.
    """
    if not weights or min(weights) <= 0:
        raise ValueError("weights must be positive")
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[:left]:
        shares[index] += 1
    return shares


def part(total: Fen, basis_points: int) -> Fen:
    """A share of `total` in 1/10 000, rounded half up to the fen."""
    return (total * basis_points + 5_000) // 10_000
