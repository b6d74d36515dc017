"""The lives of an errand's listing, its stops, the offers that dispatch makes, and runners' licences (features.md §1.C C6)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Posted:
    """States of a listing."""

    DRAFT, REVIEW, RETURNED, FUNDING, OPEN = "draft", "review", "returned", "funding", "open"
    FROZEN = "frozen"
    COMPLETED, FAILED, CANCELLED, WITHDRAWN = "completed", "failed", "cancelled", "withdrawn"

    EDITABLE = (DRAFT, RETURNED)
    PUBLIC = (OPEN, FROZEN, COMPLETED, FAILED, CANCELLED)
    HOLDING = (OPEN, FROZEN)
    UNDER_WAY = (REVIEW, FUNDING, *HOLDING)


ERRAND = Machine(
    name="errand",
    zh="现场任务",
    initial=Posted.DRAFT,
    finals=frozenset({Posted.COMPLETED, Posted.FAILED, Posted.CANCELLED, Posted.WITHDRAWN}),
    holds_money=frozenset(Posted.HOLDING),
    refunds=frozenset({"cancel", "complete"}),
    words={
        Posted.DRAFT: ("草稿", "Draft"),
        Posted.REVIEW: ("审核中", "In review"),
        Posted.RETURNED: ("已退回修改", "Returned"),
        Posted.FUNDING: ("待托管报酬", "Pay to be put into escrow"),
        Posted.OPEN: ("进行中", "Open"),
        Posted.FROZEN: ("已冻结", "Frozen"),
        Posted.COMPLETED: ("已完成", "Completed"),
        Posted.FAILED: ("已终止，付款被银行收回", "Ended: the payment was taken back"),
        Posted.CANCELLED: ("已取消，报酬已退", "Cancelled, pay returned"),
        Posted.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Posted.EDITABLE, Posted.REVIEW, by=Role.OWNER),
        Move("order", Posted.DRAFT, Posted.FUNDING, by=Role.OWNER),
        Move("approve", Posted.REVIEW, Posted.FUNDING, by=Role.MODERATOR),
        Move("return", Posted.REVIEW, Posted.RETURNED, by=Role.MODERATOR),
        Move("give_up_review", Posted.REVIEW, Posted.RETURNED, by=Role.CLOCK, after="14 days unreviewed"),
        Move(
            "reconsider",
            Posted.RETURNED,
            Posted.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move(
            "withdraw",
            (Posted.DRAFT, Posted.RETURNED, Posted.REVIEW, Posted.FUNDING),
            Posted.WITHDRAWN,
            by=(Role.OWNER, Role.CLOCK),
            after="a year untouched; or the pay not put into escrow within 7 days",
        ),
        Move("fund", Posted.FUNDING, Posted.OPEN, by=Role.PROVIDER, money="the pay for every stop goes into escrow"),
        Move("cancel", Posted.OPEN, Posted.CANCELLED, by=Role.OWNER, money="escrow → poster"),
        Move("freeze", Posted.OPEN, Posted.FROZEN, by=Role.MODERATOR),
        Move("thaw", Posted.FROZEN, Posted.OPEN, by=Role.MODERATOR),
        Move(
            "complete",
            (Posted.OPEN, Posted.FROZEN),
            Posted.COMPLETED,
            by=Role.CLOCK,
            money="what no stop earned → poster",
            after="every stop has ended, and no chargeback is open",
        ),
        Move("lose", Posted.HOLDING, Posted.FAILED, by=Role.SYSTEM, money="nothing is left"),
    ),
)


class At:
    """States of a stop: one thing to be done at one place."""

    READY, BOOKED, SUBMITTED, REFUSED, CONTESTED = "ready", "booked", "submitted", "refused", "contested"
    ACCEPTED, PAID, UNDONE, VOID = "accepted", "paid", "undone", "void"

    LIVE = (READY, BOOKED, SUBMITTED, REFUSED, CONTESTED, ACCEPTED)
    HANDED_IN = (SUBMITTED, REFUSED, CONTESTED, ACCEPTED)


STOP = Machine(
    name="stop",
    zh="点位",
    initial=At.READY,
    finals=frozenset({At.PAID, At.UNDONE, At.VOID}),
    words={
        At.READY: ("可预订", "Free"),
        At.BOOKED: ("已预订", "Booked"),
        At.SUBMITTED: ("待验收", "To be accepted"),
        At.REFUSED: ("未通过", "Refused"),
        At.CONTESTED: ("待平台裁定", "For the platform to decide"),
        At.ACCEPTED: ("已通过", "Accepted"),
        At.PAID: ("已付款", "Paid"),
        At.UNDONE: ("未完成", "Not done"),
        At.VOID: ("已作废", "Void"),
    },
    moves=(
        Move("book", At.READY, At.BOOKED, by=Role.WORKER),
        Move("give_up", At.BOOKED, At.READY, by=Role.WORKER),
        Move(
            "release", At.BOOKED, At.READY, by=(Role.SYSTEM, Role.CLOCK), after="the licence ended before the service"
        ),
        Move("miss", At.BOOKED, At.UNDONE, by=Role.CLOCK, after="until_at, and nothing handed in"),
        Move("lapse", At.READY, At.UNDONE, by=Role.CLOCK, after="until_at, and nobody took it"),
        Move("drop", At.READY, At.UNDONE, by=(Role.OWNER, Role.SYSTEM)),
        Move("submit", At.BOOKED, At.SUBMITTED, by=Role.WORKER),
        Move(
            "accept",
            At.SUBMITTED,
            At.ACCEPTED,
            by=(Role.OWNER, Role.CLOCK),
            after="3 days without the poster's answer",
        ),
        Move("refuse", At.SUBMITTED, At.REFUSED, by=Role.OWNER),
        Move("redo", At.REFUSED, At.SUBMITTED, by=Role.WORKER),
        Move("contest", At.REFUSED, At.CONTESTED, by=Role.WORKER),
        Move("let_go", At.REFUSED, At.UNDONE, by=Role.CLOCK, after="3 days neither redone nor contested"),
        Move(
            "find_for",
            At.CONTESTED,
            At.ACCEPTED,
            by=(Role.MODERATOR, Role.CLOCK),
            after="7 days undecided",
        ),
        Move("find_against", At.CONTESTED, At.UNDONE, by=Role.MODERATOR),
        Move(
            "pay",
            At.ACCEPTED,
            At.PAID,
            by=Role.CLOCK,
            money="escrow → runner (− fee − tax)",
            after="at once, unless a chargeback is open",
        ),
        Move("void", At.LIVE, At.VOID, by=Role.SYSTEM, money="nothing is left"),
    ),
)


class Offered:
    """States of an offer: a stop that dispatch holds out to one runner until a moment."""

    MADE, ACCEPTED, DECLINED, LAPSED, CLOSED = "made", "accepted", "declined", "lapsed", "closed"


OFFER = Machine(
    name="offer",
    zh="派单",
    initial=Offered.MADE,
    finals=frozenset({Offered.ACCEPTED, Offered.DECLINED, Offered.LAPSED, Offered.CLOSED}),
    words={
        Offered.MADE: ("待答复", "To be answered"),
        Offered.ACCEPTED: ("已接单", "Accepted"),
        Offered.DECLINED: ("已谢绝", "Declined"),
        Offered.LAPSED: ("超时未答复", "Not answered in time"),
        Offered.CLOSED: ("已失效", "No longer there"),
    },
    moves=(
        Move("accept", Offered.MADE, Offered.ACCEPTED, by=Role.WORKER),
        Move("decline", Offered.MADE, Offered.DECLINED, by=Role.WORKER),
        Move("lapse", Offered.MADE, Offered.LAPSED, by=Role.CLOCK, after="until"),
        Move("close", Offered.MADE, Offered.CLOSED, by=Role.SYSTEM),
    ),
)


class Licensed:
    """States of a licence that a runner hands in."""

    SUBMITTED, IN_FORCE, REFUSED, ENDED, REVOKED = "submitted", "in_force", "refused", "ended", "revoked"


LICENCE = Machine(
    name="licence",
    zh="从业证照",
    initial=Licensed.SUBMITTED,
    finals=frozenset({Licensed.REFUSED, Licensed.ENDED, Licensed.REVOKED}),
    words={
        Licensed.SUBMITTED: ("待核验", "To be checked"),
        Licensed.IN_FORCE: ("有效", "In force"),
        Licensed.REFUSED: ("未通过", "Refused"),
        Licensed.ENDED: ("已到期", "Ended"),
        Licensed.REVOKED: ("已吊销", "Revoked"),
    },
    moves=(
        Move("confirm", Licensed.SUBMITTED, Licensed.IN_FORCE, by=Role.MODERATOR),
        Move("refuse", Licensed.SUBMITTED, Licensed.REFUSED, by=Role.MODERATOR),
        Move("revoke", Licensed.IN_FORCE, Licensed.REVOKED, by=Role.MODERATOR),
        Move(
            "end",
            (Licensed.SUBMITTED, Licensed.IN_FORCE),
            Licensed.ENDED,
            by=Role.CLOCK,
            after="the day after valid_until",
        ),
    ),
)
