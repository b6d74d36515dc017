"""The life of a dispute (features.md §2.3), from the complaint on: the claim before it belongs to what is disputed."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Deciding:
    """States of a dispute."""

    FILED, HEARING, RULED, APPEALED = "filed", "hearing", "ruled", "appealed"
    EXECUTED, SETTLED, INVALID = "executed", "settled", "invalid"
    WITHDRAWN, UNDECIDED, OVERTAKEN = "withdrawn", "undecided", "overtaken"

    OPEN = (FILED, HEARING, RULED, APPEALED)
    TALKING = (FILED, HEARING)


DISPUTE = Machine(
    name="dispute",
    zh="纠纷",
    initial=Deciding.FILED,
    finals=frozenset(
        {
            Deciding.EXECUTED,
            Deciding.SETTLED,
            Deciding.INVALID,
            Deciding.WITHDRAWN,
            Deciding.UNDECIDED,
            Deciding.OVERTAKEN,
        }
    ),
    holds_money=frozenset(Deciding.OPEN),
    refunds=frozenset({"settle", "execute", "decide_appeal"}),
    words={
        Deciding.FILED: ("已投诉，待受理", "Filed, waiting to be taken up"),
        Deciding.HEARING: ("举证与调解中", "Being heard"),
        Deciding.RULED: ("已裁定，可申诉", "Ruled, may be appealed"),
        Deciding.APPEALED: ("申诉复核中", "Under appeal"),
        Deciding.EXECUTED: ("裁定已执行", "Ruling carried out"),
        Deciding.SETTLED: ("双方已和解", "Settled by both"),
        Deciding.INVALID: ("不予受理", "Not admitted"),
        Deciding.WITHDRAWN: ("投诉人已撤回", "Withdrawn"),
        Deciding.UNDECIDED: ("逾期未裁定，可向法院或 12315 主张", "Not decided in time, open to the courts"),
        Deciding.OVERTAKEN: ("已随项目终止一并处理", "Settled with the end of the whole"),
    },
    moves=(
        Move("take_up", Deciding.FILED, Deciding.HEARING, by=Role.MODERATOR),
        Move("dismiss", Deciding.FILED, Deciding.INVALID, by=Role.MODERATOR, money="what was held is free"),
        Move(
            "withdraw",
            Deciding.TALKING,
            Deciding.WITHDRAWN,
            by=Role.BACKER,
            money="what was held is free",
        ),
        Move(
            "settle",
            Deciding.TALKING,
            Deciding.SETTLED,
            by=(Role.BACKER, Role.OWNER),
            money="as both agreed",
        ),
        Move("reopen", Deciding.HEARING, Deciding.HEARING, by=Role.MODERATOR),
        Move("rule", Deciding.HEARING, Deciding.RULED, by=Role.MODERATOR),
        Move(
            "give_up",
            Deciding.TALKING,
            Deciding.UNDECIDED,
            by=Role.CLOCK,
            after="60 days after the complaint, without a ruling",
            money="what was held is free",
        ),
        Move("appeal", Deciding.RULED, Deciding.APPEALED, by=(Role.BACKER, Role.OWNER)),
        Move(
            "execute",
            (Deciding.RULED, Deciding.APPEALED),
            Deciding.EXECUTED,
            by=Role.CLOCK,
            after="7 days without an appeal; an appeal that nobody decides in 30 days leaves the ruling as it is",
            money="split as ruled",
        ),
        Move("decide_appeal", Deciding.APPEALED, Deciding.EXECUTED, by=Role.MODERATOR, money="split as decided"),
        Move(
            "overtake",
            Deciding.OPEN,
            Deciding.OVERTAKEN,
            by=Role.SYSTEM,
            money="what was held is free for the end of the whole",
        ),
    ),
)
