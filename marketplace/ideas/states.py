"""The lives of a solicitation and of an idea (features.md C5)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Asking:
    """States of a solicitation."""

    DRAFT, REVIEW, RETURNED, OPEN, FROZEN = "draft", "review", "returned", "open", "frozen"
    ANSWERING, CONCLUDED, UNANSWERED = "answering", "concluded", "unanswered"
    CANCELLED, WITHDRAWN = "cancelled", "withdrawn"

    EDITABLE = (DRAFT, RETURNED)
    PUBLIC = (OPEN, FROZEN, ANSWERING, CONCLUDED, UNANSWERED, CANCELLED)
    UNDER_WAY = (REVIEW, OPEN, FROZEN, ANSWERING)


SOLICITATION = Machine(
    name="solicitation",
    zh="创意征集",
    initial=Asking.DRAFT,
    finals=frozenset({Asking.CONCLUDED, Asking.UNANSWERED, Asking.CANCELLED, Asking.WITHDRAWN}),
    words={
        Asking.DRAFT: ("草稿", "Draft"),
        Asking.REVIEW: ("审核中", "In review"),
        Asking.RETURNED: ("已退回修改", "Returned"),
        Asking.OPEN: ("征集中", "Open"),
        Asking.FROZEN: ("已冻结", "Frozen"),
        Asking.ANSWERING: ("答复中", "Being answered"),
        Asking.CONCLUDED: ("已公布结果", "Concluded"),
        Asking.UNANSWERED: ("逾期未答复", "Left unanswered"),
        Asking.CANCELLED: ("已取消", "Cancelled"),
        Asking.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Asking.EDITABLE, Asking.REVIEW, by=Role.OWNER),
        Move("approve", Asking.REVIEW, Asking.OPEN, by=Role.MODERATOR),
        Move("return", Asking.REVIEW, Asking.RETURNED, by=Role.MODERATOR),
        Move("give_up_review", Asking.REVIEW, Asking.RETURNED, by=Role.CLOCK, after="14 days unreviewed"),
        Move(
            "reconsider",
            Asking.RETURNED,
            Asking.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move(
            "withdraw",
            (Asking.DRAFT, Asking.RETURNED, Asking.REVIEW),
            Asking.WITHDRAWN,
            by=(Role.OWNER, Role.CLOCK),
            after="a year untouched",
        ),
        Move("freeze", Asking.OPEN, Asking.FROZEN, by=Role.MODERATOR),
        Move("thaw", Asking.FROZEN, Asking.OPEN, by=Role.MODERATOR),
        Move("call_off", Asking.FROZEN, Asking.CANCELLED, by=Role.CLOCK, after="frozen for 30 days"),
        Move("close", Asking.OPEN, Asking.ANSWERING, by=Role.CLOCK, after="closes_at"),
        Move("conclude", Asking.ANSWERING, Asking.CONCLUDED, by=Role.OWNER),
        Move("lapse", Asking.ANSWERING, Asking.UNANSWERED, by=Role.CLOCK, after="30 days without a conclusion"),
    ),
)


class Proposed:
    """States of an idea."""

    SHOWN, ADOPTED, DECLINED, UNANSWERED = "shown", "adopted", "declined", "unanswered"
    HIDDEN, WITHDRAWN = "hidden", "withdrawn"

    PUBLIC = (SHOWN, ADOPTED, DECLINED, UNANSWERED)


IDEA = Machine(
    name="idea",
    zh="创意",
    initial=Proposed.SHOWN,
    finals=frozenset({Proposed.ADOPTED, Proposed.DECLINED, Proposed.UNANSWERED, Proposed.HIDDEN, Proposed.WITHDRAWN}),
    words={
        Proposed.SHOWN: ("征集中", "Under discussion"),
        Proposed.ADOPTED: ("已采纳", "Adopted"),
        Proposed.DECLINED: ("未采纳", "Not adopted"),
        Proposed.UNANSWERED: ("未获答复", "Left unanswered"),
        Proposed.HIDDEN: ("已隐藏", "Hidden"),
        Proposed.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("adopt", Proposed.SHOWN, Proposed.ADOPTED, by=Role.OWNER),
        Move("decline", Proposed.SHOWN, Proposed.DECLINED, by=Role.OWNER),
        Move("withdraw", Proposed.SHOWN, Proposed.WITHDRAWN, by=Role.AUTHOR),
        Move("hide", Proposed.SHOWN, Proposed.HIDDEN, by=Role.MODERATOR),
        Move("unhide", Proposed.HIDDEN, Proposed.SHOWN, by=Role.MODERATOR),
        Move(
            "close",
            Proposed.SHOWN,
            Proposed.UNANSWERED,
            by=Role.SYSTEM,
        ),
    ),
)
