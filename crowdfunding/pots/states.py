"""The lives of a match pot and of one match (features.md §2.4)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Pooling:
    """States of a pot."""

    REVIEW, APPROVED, FUNDED = "review", "approved", "funded"
    OPEN, EXHAUSTED, ENDED, SETTLED = "open", "exhausted", "ended", "settled"
    DECLINED, LAPSED, WITHDRAWN = "declined", "lapsed", "withdrawn"

    PUBLIC = (FUNDED, OPEN, EXHAUSTED, ENDED, SETTLED)
    UNDER_WAY = (REVIEW, APPROVED, FUNDED, OPEN, EXHAUSTED, ENDED)


POT = Machine(
    name="match_pot",
    zh="配捐资金池",
    initial=Pooling.REVIEW,
    finals=frozenset({Pooling.SETTLED, Pooling.DECLINED, Pooling.LAPSED, Pooling.WITHDRAWN}),
    holds_money=frozenset({Pooling.FUNDED, Pooling.OPEN, Pooling.EXHAUSTED, Pooling.ENDED}),
    refunds=frozenset({"settle"}),
    words={
        Pooling.REVIEW: ("审核中", "In review"),
        Pooling.APPROVED: ("审核通过，待注资", "Approved, awaits its money"),
        Pooling.FUNDED: ("已注资，待开始", "Funded, not open yet"),
        Pooling.OPEN: ("配捐中", "Matching"),
        Pooling.EXHAUSTED: ("已配完", "Exhausted"),
        Pooling.ENDED: ("已停止，待结清", "Over, being settled"),
        Pooling.SETTLED: ("已结清", "Settled"),
        Pooling.DECLINED: ("未通过", "Declined"),
        Pooling.LAPSED: ("逾期未注资", "Not funded in time"),
        Pooling.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("approve", Pooling.REVIEW, Pooling.APPROVED, by=Role.MODERATOR),
        Move(
            "decline",
            Pooling.REVIEW,
            Pooling.DECLINED,
            by=(Role.MODERATOR, Role.CLOCK),
            after="14 days unreviewed, or its window is over",
        ),
        Move("withdraw", (Pooling.REVIEW, Pooling.APPROVED), Pooling.WITHDRAWN, by=Role.OWNER),
        Move(
            "lapse",
            Pooling.APPROVED,
            Pooling.LAPSED,
            by=Role.CLOCK,
            after="14 days unpaid, or its window is over",
        ),
        Move("fund", Pooling.APPROVED, Pooling.FUNDED, by=Role.PROVIDER, money="clearing → escrow"),
        Move("open", Pooling.FUNDED, Pooling.OPEN, by=Role.CLOCK, after="opens_at"),
        Move("exhaust", Pooling.OPEN, Pooling.EXHAUSTED, by=Role.SYSTEM),
        Move("refill", Pooling.EXHAUSTED, Pooling.OPEN, by=Role.SYSTEM),
        Move(
            "stop",
            (Pooling.FUNDED, Pooling.OPEN, Pooling.EXHAUSTED),
            Pooling.ENDED,
            by=(Role.OWNER, Role.MODERATOR, Role.SYSTEM),
            money="what is matched stays matched",
        ),
        Move("end", (Pooling.OPEN, Pooling.EXHAUSTED), Pooling.ENDED, by=Role.CLOCK, after="closes_at"),
        Move(
            "settle",
            Pooling.ENDED,
            Pooling.SETTLED,
            by=Role.CLOCK,
            after="no match is open",
            money="what is left goes back to the sponsor",
        ),
    ),
)


class Matching:
    """States of a match."""

    MATCHED, PAID, CLAWED_BACK = "matched", "paid", "clawed_back"

    GIVEN = (MATCHED, PAID)


MATCH = Machine(
    name="match",
    zh="配捐",
    initial=Matching.MATCHED,
    finals=frozenset({Matching.PAID, Matching.CLAWED_BACK}),
    holds_money=frozenset({Matching.MATCHED}),
    refunds=frozenset({"claw_back"}),
    words={
        Matching.MATCHED: ("已配，交付后拨付", "Matched, paid after delivery"),
        Matching.PAID: ("已拨付发起人", "Paid to the maker"),
        Matching.CLAWED_BACK: ("已收回", "Clawed back"),
    },
    moves=(
        Move(
            "pay",
            Matching.MATCHED,
            Matching.PAID,
            by=Role.CLOCK,
            after="its campaign is delivered and closed",
            money="what was set aside goes to the maker, less the part of what was refunded",
        ),
        Move(
            "claw_back",
            Matching.MATCHED,
            Matching.CLAWED_BACK,
            by=(Role.SYSTEM, Role.CLOCK),
            after="its pledge ended, or its campaign did without delivering",
            money="what was set aside is the pot's again",
        ),
    ),
)
