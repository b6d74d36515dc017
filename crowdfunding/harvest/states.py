"""The life of what a maker says of a short harvest (features.md G11)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Falling:
    """States of a declared shortfall."""

    DECLARED, SHARING, SETTLED, CALLED_OFF = "declared", "sharing", "settled", "called_off"
    REFUSED, WITHDRAWN, LAPSED = "refused", "withdrawn", "lapsed"

    STANDING = (DECLARED, SHARING, SETTLED, CALLED_OFF)
    OPEN = (DECLARED, SHARING)


SHORTFALL = Machine(
    name="shortfall",
    zh="歉收申报",
    initial=Falling.DECLARED,
    finals=frozenset(
        {Falling.SETTLED, Falling.CALLED_OFF, Falling.REFUSED, Falling.WITHDRAWN, Falling.LAPSED},
    ),
    holds_money=frozenset({Falling.SHARING}),
    refunds=frozenset({"settle"}),
    words={
        Falling.DECLARED: ("歉收待核实", "Short harvest, being checked"),
        Falling.SHARING: ("按收成比例退还中", "Giving back what was not harvested"),
        Falling.SETTLED: ("差额已退", "The rest was given back"),
        Falling.CALLED_OFF: ("低于约定下限，项目取消", "Below what was agreed, called off"),
        Falling.REFUSED: ("未予核实", "Not confirmed"),
        Falling.WITHDRAWN: ("已撤回", "Withdrawn"),
        Falling.LAPSED: ("逾期未核实，作废", "Lapsed unchecked"),
    },
    moves=(
        Move("confirm", Falling.DECLARED, Falling.SHARING, by=Role.MODERATOR, money="each backer's part is fixed"),
        Move(
            "call_off",
            Falling.DECLARED,
            Falling.CALLED_OFF,
            by=Role.MODERATOR,
            money="what escrow holds is refunded pro rata, the maker owes the rest",
        ),
        Move("refuse", Falling.DECLARED, Falling.REFUSED, by=Role.MODERATOR),
        Move("withdraw", Falling.DECLARED, Falling.WITHDRAWN, by=Role.OWNER),
        Move(
            "lapse",
            Falling.DECLARED,
            Falling.LAPSED,
            by=(Role.CLOCK, Role.SYSTEM),
            after="14 days unchecked; at once when the campaign ends",
        ),
        Move(
            "settle",
            Falling.SHARING,
            Falling.SETTLED,
            by=Role.CLOCK,
            after="no part waits to be given back",
            money="the price of what was not harvested is refunded to each backer",
        ),
    ),
)
