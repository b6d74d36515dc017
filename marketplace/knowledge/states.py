"""The lives of an entry, of a change to it, and of a gap that somebody pays to have filled (features.md C7)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Shelved:
    """States of an entry."""

    BLANK, PUBLISHED, HIDDEN, DROPPED = "blank", "published", "hidden", "dropped"


ENTRY = Machine(
    name="article",
    zh="知识条目",
    initial=Shelved.BLANK,
    finals=frozenset({Shelved.PUBLISHED, Shelved.HIDDEN, Shelved.DROPPED}),
    words={
        Shelved.BLANK: ("未发布", "Not published yet"),
        Shelved.PUBLISHED: ("已发布", "Published"),
        Shelved.HIDDEN: ("已隐藏", "Hidden"),
        Shelved.DROPPED: ("未发布即终止", "Ended unpublished"),
    },
    moves=(
        Move("publish", Shelved.BLANK, Shelved.PUBLISHED, by=Role.SYSTEM),
        Move("drop", Shelved.BLANK, Shelved.DROPPED, by=Role.SYSTEM),
        Move("hide", Shelved.PUBLISHED, Shelved.HIDDEN, by=Role.MODERATOR),
        Move("unhide", Shelved.HIDDEN, Shelved.PUBLISHED, by=Role.MODERATOR),
    ),
)


class Changing:
    """States of a change."""

    DRAFT, REVIEW, REVIEWING, RETURNED = "draft", "review", "reviewing", "returned"
    PUBLISHED, DECLINED, WITHDRAWN = "published", "declined", "withdrawn"

    EDITABLE = (DRAFT, RETURNED)
    WAITING = (REVIEW, REVIEWING)
    OPEN = (DRAFT, REVIEW, REVIEWING, RETURNED)


CHANGE = Machine(
    name="change",
    zh="知识修改",
    initial=Changing.DRAFT,
    finals=frozenset({Changing.PUBLISHED, Changing.DECLINED, Changing.WITHDRAWN}),
    words={
        Changing.DRAFT: ("草稿", "Draft"),
        Changing.REVIEW: ("待评审", "Waiting for a reviewer"),
        Changing.REVIEWING: ("评审中", "Being reviewed"),
        Changing.RETURNED: ("待修改", "To be changed"),
        Changing.PUBLISHED: ("已发布", "Published"),
        Changing.DECLINED: ("未采用", "Declined"),
        Changing.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Changing.EDITABLE, Changing.REVIEW, by=Role.AUTHOR),
        Move("take", Changing.REVIEW, Changing.REVIEWING, by=Role.JUDGE),
        Move(
            "let_go", Changing.REVIEWING, Changing.REVIEW, by=(Role.JUDGE, Role.CLOCK), after="3 days without a verdict"
        ),
        Move("publish", Changing.REVIEWING, Changing.PUBLISHED, by=Role.JUDGE),
        Move("send_back", Changing.REVIEWING, Changing.RETURNED, by=Role.JUDGE),
        Move("decline", Changing.REVIEWING, Changing.DECLINED, by=Role.JUDGE),
        Move("give_up_review", Changing.REVIEW, Changing.RETURNED, by=Role.CLOCK, after="30 days without a reviewer"),
        Move(
            "withdraw",
            (*Changing.EDITABLE, Changing.REVIEW),
            Changing.WITHDRAWN,
            by=(Role.AUTHOR, Role.CLOCK),
            after="half a year untouched",
        ),
    ),
)


class Missing:
    """States of a gap."""

    REVIEW, RETURNED, FUNDING, OPEN, DECIDING, FILLED = "review", "returned", "funding", "open", "deciding", "filled"
    CONTESTED, FROZEN = "contested", "frozen"
    COMPLETED, EXPIRED, CANCELLED, FAILED, WITHDRAWN = "completed", "expired", "cancelled", "failed", "withdrawn"

    WANTED = (OPEN, DECIDING)
    HOLDING = (OPEN, DECIDING, FILLED, CONTESTED, FROZEN)
    PUBLIC = (*HOLDING, COMPLETED, EXPIRED, CANCELLED, FAILED)
    UNDER_WAY = (REVIEW, FUNDING, *HOLDING)


GAP = Machine(
    name="gap",
    zh="知识悬赏",
    initial=Missing.REVIEW,
    finals=frozenset({Missing.COMPLETED, Missing.EXPIRED, Missing.CANCELLED, Missing.FAILED, Missing.WITHDRAWN}),
    holds_money=frozenset(Missing.HOLDING),
    refunds=frozenset({"cancel", "expire", "call_off"}),
    words={
        Missing.REVIEW: ("审核中", "In review"),
        Missing.RETURNED: ("已退回修改", "Returned"),
        Missing.FUNDING: ("待托管赏金", "Bounty to be put into escrow"),
        Missing.OPEN: ("征求中", "Open"),
        Missing.DECIDING: ("评审中", "Being reviewed"),
        Missing.FILLED: ("已补上，待发放", "Filled, to be paid"),
        Missing.CONTESTED: ("有异议", "Contested"),
        Missing.FROZEN: ("已冻结", "Frozen"),
        Missing.COMPLETED: ("已发放", "Paid"),
        Missing.EXPIRED: ("无人补上，赏金已退", "Not filled, bounty returned"),
        Missing.CANCELLED: ("已取消，赏金已退", "Cancelled, bounty returned"),
        Missing.FAILED: ("已终止", "Ended"),
        Missing.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Missing.RETURNED, Missing.REVIEW, by=Role.OWNER),
        Move("approve", Missing.REVIEW, Missing.FUNDING, by=Role.MODERATOR),
        Move("return", Missing.REVIEW, Missing.RETURNED, by=Role.MODERATOR),
        Move("give_up_review", Missing.REVIEW, Missing.RETURNED, by=Role.CLOCK, after="14 days unreviewed"),
        Move(
            "reconsider",
            Missing.RETURNED,
            Missing.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move(
            "withdraw",
            (Missing.REVIEW, Missing.RETURNED, Missing.FUNDING),
            Missing.WITHDRAWN,
            by=(Role.OWNER, Role.CLOCK),
            after="90 days returned; or the bounty not put into escrow within 7 days",
        ),
        Move("fund", Missing.FUNDING, Missing.OPEN, by=Role.PROVIDER, money="the bounty goes into escrow"),
        Move("cancel", Missing.OPEN, Missing.CANCELLED, by=Role.OWNER, money="escrow → poster"),
        Move("freeze", Missing.OPEN, Missing.FROZEN, by=Role.MODERATOR),
        Move("thaw", Missing.FROZEN, Missing.OPEN, by=Role.MODERATOR),
        Move(
            "call_off",
            Missing.FROZEN,
            Missing.CANCELLED,
            by=Role.CLOCK,
            money="escrow → poster",
            after="frozen for 30 days",
        ),
        Move("close", Missing.OPEN, Missing.DECIDING, by=Role.CLOCK, after="closes_at, with a change waiting"),
        Move("fill", Missing.WANTED, Missing.FILLED, by=Role.SYSTEM),
        Move(
            "expire",
            Missing.WANTED,
            Missing.EXPIRED,
            by=Role.CLOCK,
            money="escrow → poster",
            after="closes_at with nothing waiting, or 40 days later",
        ),
        Move(
            "pay",
            Missing.FILLED,
            Missing.COMPLETED,
            by=(Role.OWNER, Role.CLOCK),
            money="escrow → author (− fee − tax)",
            after="5 days uncontested",
        ),
        Move("contest", Missing.FILLED, Missing.CONTESTED, by=Role.OWNER),
        Move(
            "find_for",
            Missing.CONTESTED,
            Missing.COMPLETED,
            by=(Role.MODERATOR, Role.CLOCK),
            money="escrow → author (− fee − tax)",
            after="7 days undecided",
        ),
        Move("find_against", Missing.CONTESTED, Missing.OPEN, by=Role.MODERATOR),
        Move("lose", Missing.HOLDING, Missing.FAILED, by=Role.SYSTEM, money="nothing is left"),
    ),
)
