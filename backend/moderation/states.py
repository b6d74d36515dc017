"""The life of an appeal against a moderator's decision (features.md P3)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Appealing:
    """States of an appeal."""

    OPEN, GRANTED, DENIED, WITHDRAWN, LAPSED = "open", "granted", "denied", "withdrawn", "lapsed"


APPEAL = Machine(
    name="appeal",
    zh="审核申诉",
    initial=Appealing.OPEN,
    finals=frozenset({Appealing.GRANTED, Appealing.DENIED, Appealing.WITHDRAWN, Appealing.LAPSED}),
    holds_money=frozenset(),
    refunds=frozenset(),
    words={
        Appealing.OPEN: ("待另一位审核员答复", "Awaits another moderator"),
        Appealing.GRANTED: ("申诉成立", "Granted"),
        Appealing.DENIED: ("申诉不成立", "Denied"),
        Appealing.WITHDRAWN: ("已撤回", "Withdrawn"),
        Appealing.LAPSED: ("事由已变，申诉终止", "Moot: the matter moved on"),
    },
    moves=(
        Move("grant", Appealing.OPEN, Appealing.GRANTED, by=(Role.MODERATOR, Role.CLOCK), after="14 days unanswered"),
        Move("deny", Appealing.OPEN, Appealing.DENIED, by=Role.MODERATOR),
        Move("withdraw", Appealing.OPEN, Appealing.WITHDRAWN, by=Role.OWNER),
        Move(
            "lapse",
            Appealing.OPEN,
            Appealing.LAPSED,
            by=Role.CLOCK,
            after="what was decided no longer stands, or 14 days unanswered where silence grants nothing",
        ),
    ),
)
