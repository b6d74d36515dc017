"""The lives of an entry and of a change to it (features.md C7)."""

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
