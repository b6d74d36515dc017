"""The lives of a task and of a bid (features.md §2.3)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Posting:
    """States of a task."""

    DRAFT, REVIEW, RETURNED, OPEN, SELECTING = "draft", "review", "returned", "open", "selecting"
    AWARDED, DELIVERING, FROZEN = "awarded", "delivering", "frozen"
    COMPLETED, ENDED, FAILED, CANCELLED, WITHDRAWN = "completed", "ended", "failed", "cancelled", "withdrawn"

    EDITABLE = (DRAFT, RETURNED)
    PUBLIC = (OPEN, SELECTING, AWARDED, DELIVERING, COMPLETED, ENDED, FAILED, CANCELLED, FROZEN)
    UNDER_WAY = (REVIEW, OPEN, SELECTING, AWARDED, DELIVERING, FROZEN)


TASK = Machine(
    name="task",
    zh="众包任务",
    initial=Posting.DRAFT,
    finals=frozenset({Posting.COMPLETED, Posting.ENDED, Posting.FAILED, Posting.CANCELLED, Posting.WITHDRAWN}),
    words={
        Posting.DRAFT: ("草稿", "Draft"),
        Posting.REVIEW: ("审核中", "In review"),
        Posting.RETURNED: ("已退回修改", "Returned"),
        Posting.OPEN: ("接受应标", "Open for bids"),
        Posting.SELECTING: ("已开标，选定中", "Bids opened, choosing"),
        Posting.AWARDED: ("已选定，待承接方确认", "Awarded, to be signed"),
        Posting.DELIVERING: ("履行中", "Under way"),
        Posting.FROZEN: ("已冻结", "Frozen"),
        Posting.COMPLETED: ("已完成", "Completed"),
        Posting.ENDED: ("提前终止", "Ended early"),
        Posting.FAILED: ("流标", "No bid was chosen"),
        Posting.CANCELLED: ("已取消", "Cancelled"),
        Posting.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Posting.EDITABLE, Posting.REVIEW, by=Role.OWNER),
        Move("approve", Posting.REVIEW, Posting.OPEN, by=Role.MODERATOR),
        Move("return", Posting.REVIEW, Posting.RETURNED, by=Role.MODERATOR),
        Move("give_up_review", Posting.REVIEW, Posting.RETURNED, by=Role.CLOCK, after="14 days unreviewed"),
        Move(
            "reconsider",
            Posting.RETURNED,
            Posting.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move(
            "withdraw",
            (Posting.DRAFT, Posting.RETURNED, Posting.REVIEW),
            Posting.WITHDRAWN,
            by=(Role.OWNER, Role.CLOCK),
            after="a year untouched",
        ),
        Move("amend", Posting.OPEN, Posting.OPEN, by=Role.OWNER),
        Move("close", Posting.OPEN, Posting.SELECTING, by=Role.CLOCK, after="closes_at, with a bid that opens"),
        Move(
            "fail",
            (Posting.OPEN, Posting.SELECTING),
            Posting.FAILED,
            by=(Role.CLOCK, Role.OWNER),
            after="no bid at closes_at; or nobody chosen within 15 days of the opening",
        ),
        Move(
            "cancel",
            (Posting.OPEN, Posting.SELECTING, Posting.FROZEN),
            Posting.CANCELLED,
            by=(Role.OWNER, Role.CLOCK, Role.MODERATOR),
            after="frozen for 30 days",
        ),
        Move("freeze", Posting.OPEN, Posting.FROZEN, by=Role.MODERATOR),
        Move("thaw", Posting.FROZEN, Posting.OPEN, by=Role.MODERATOR),
        Move("award", Posting.SELECTING, Posting.AWARDED, by=Role.OWNER),
        Move("choose_again", Posting.AWARDED, Posting.SELECTING, by=Role.SYSTEM),
        Move("contract", Posting.AWARDED, Posting.DELIVERING, by=Role.SYSTEM),
        Move("complete", Posting.DELIVERING, Posting.COMPLETED, by=Role.SYSTEM),
        Move("end", Posting.DELIVERING, Posting.ENDED, by=Role.SYSTEM),
    ),
)


class Bidding:
    """States of a bid."""

    SEALED, UNCONFIRMED, WITHDRAWN = "sealed", "unconfirmed", "withdrawn"
    OPENED, SHORTLISTED, AWARDED, CONTRACTED = "opened", "shortlisted", "awarded", "contracted"
    DECLINED, NOT_SELECTED, LAPSED, UNREADABLE, OVERTAKEN = (
        "declined",
        "not_selected",
        "lapsed",
        "unreadable",
        "overtaken",
    )

    CLOSED_UP = (SEALED, UNCONFIRMED)
    CHOOSABLE = (OPENED, SHORTLISTED)
    READABLE = (OPENED, SHORTLISTED, AWARDED, CONTRACTED, DECLINED, NOT_SELECTED)


BID = Machine(
    name="bid",
    zh="应标",
    initial=Bidding.SEALED,
    finals=frozenset(
        {
            Bidding.CONTRACTED,
            Bidding.DECLINED,
            Bidding.NOT_SELECTED,
            Bidding.LAPSED,
            Bidding.UNREADABLE,
            Bidding.OVERTAKEN,
            Bidding.WITHDRAWN,
        }
    ),
    words={
        Bidding.SEALED: ("已封存", "Sealed"),
        Bidding.UNCONFIRMED: ("条款有变，待重新确认", "Terms changed, to be confirmed"),
        Bidding.WITHDRAWN: ("已撤回", "Withdrawn"),
        Bidding.OPENED: ("已开标", "Opened"),
        Bidding.SHORTLISTED: ("入围", "Shortlisted"),
        Bidding.AWARDED: ("中选，待确认协议", "Chosen, to be signed"),
        Bidding.CONTRACTED: ("已签订", "Signed"),
        Bidding.DECLINED: ("未签订", "Not signed"),
        Bidding.NOT_SELECTED: ("未中选", "Not chosen"),
        Bidding.LAPSED: ("未重新确认，已失效", "Lapsed, not confirmed"),
        Bidding.UNREADABLE: ("无法开启，已作废", "Could not be opened"),
        Bidding.OVERTAKEN: ("任务已取消", "The task was cancelled"),
    },
    moves=(
        Move("replace", Bidding.CLOSED_UP, Bidding.SEALED, by=Role.WORKER),
        Move("withdraw", Bidding.CLOSED_UP, Bidding.WITHDRAWN, by=Role.WORKER),
        Move("return", Bidding.WITHDRAWN, Bidding.SEALED, by=Role.WORKER),
        Move("ask_again", Bidding.SEALED, Bidding.UNCONFIRMED, by=Role.OWNER),
        Move("confirm", Bidding.UNCONFIRMED, Bidding.SEALED, by=Role.WORKER),
        Move("lapse", Bidding.UNCONFIRMED, Bidding.LAPSED, by=Role.CLOCK, after="the bids are opened"),
        Move("open", Bidding.SEALED, Bidding.OPENED, by=Role.CLOCK, after="closes_at"),
        Move("spoil", Bidding.SEALED, Bidding.UNREADABLE, by=Role.CLOCK, after="closes_at, and it does not open"),
        Move("shortlist", Bidding.OPENED, Bidding.SHORTLISTED, by=Role.OWNER),
        Move("drop", Bidding.SHORTLISTED, Bidding.OPENED, by=Role.OWNER),
        Move("award", Bidding.CHOOSABLE, Bidding.AWARDED, by=Role.OWNER),
        Move("contract", Bidding.AWARDED, Bidding.CONTRACTED, by=Role.SYSTEM),
        Move("decline", Bidding.AWARDED, Bidding.DECLINED, by=Role.SYSTEM),
        Move(
            "pass_over",
            Bidding.CHOOSABLE,
            Bidding.NOT_SELECTED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="another bid is signed, or the task ends without one",
        ),
        Move(
            "overtake",
            (*Bidding.CLOSED_UP, *Bidding.CHOOSABLE),
            Bidding.OVERTAKEN,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the task is cancelled",
        ),
    ),
)
