"""The lives of a contract, of a milestone with all its money, and of a claim between the two sides (features.md §2.3)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Agreeing:
    """States of a contract."""

    OFFERED, ACTIVE = "offered", "active"
    DECLINED, LAPSED, COMPLETED, ENDED = "declined", "lapsed", "completed", "ended"

    OPEN = (OFFERED, ACTIVE)
    OVER = (COMPLETED, ENDED)


CONTRACT = Machine(
    name="contract",
    zh="承接协议",
    initial=Agreeing.OFFERED,
    finals=frozenset({Agreeing.DECLINED, Agreeing.LAPSED, Agreeing.COMPLETED, Agreeing.ENDED}),
    words={
        Agreeing.OFFERED: ("待承接方确认", "Waits for the worker"),
        Agreeing.ACTIVE: ("履行中", "Under way"),
        Agreeing.DECLINED: ("承接方已谢绝", "Declined by the worker"),
        Agreeing.LAPSED: ("逾期未确认", "Not answered in time"),
        Agreeing.COMPLETED: ("已完成", "Completed"),
        Agreeing.ENDED: ("已提前终止", "Ended early"),
    },
    moves=(
        Move("accept", Agreeing.OFFERED, Agreeing.ACTIVE, by=Role.WORKER),
        Move("decline", Agreeing.OFFERED, Agreeing.DECLINED, by=(Role.WORKER, Role.CLIENT)),
        Move("lapse", Agreeing.OFFERED, Agreeing.LAPSED, by=Role.CLOCK, after="3 days unanswered"),
        Move(
            "complete",
            Agreeing.ACTIVE,
            Agreeing.COMPLETED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="its last milestone is paid",
        ),
        Move(
            "end",
            Agreeing.ACTIVE,
            Agreeing.ENDED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="a milestone was abandoned, refunded or not funded in time",
        ),
    ),
)


class Stage:
    """States of a milestone."""

    PLANNED, FUNDED, WORKING, SUBMITTED, CHANGES = "planned", "funded", "working", "submitted", "changes"
    APPROVED, DISPUTED = "approved", "disputed"
    RELEASED, SPLIT, REFUNDED, ABANDONED, VOID = "released", "split", "refunded", "abandoned", "void"

    WITH_WORKER = (FUNDED, WORKING, CHANGES)
    HOLDING = (FUNDED, WORKING, SUBMITTED, CHANGES, APPROVED, DISPUTED)
    PAID = (RELEASED, SPLIT)
    FINAL = (RELEASED, SPLIT, REFUNDED, ABANDONED, VOID)


MILESTONE = Machine(
    name="milestone",
    zh="里程碑",
    initial=Stage.PLANNED,
    finals=frozenset(Stage.FINAL),
    holds_money=frozenset(Stage.HOLDING),
    refunds=frozenset({"abandon", "return", "decide_refund", "decide_split", "lose"}),
    words={
        Stage.PLANNED: ("待托管", "Not funded yet"),
        Stage.FUNDED: ("已托管，待开工", "Funded, not begun"),
        Stage.WORKING: ("进行中", "At work"),
        Stage.SUBMITTED: ("已交付，待验收", "Submitted, awaits acceptance"),
        Stage.CHANGES: ("待修改", "Changes asked for"),
        Stage.APPROVED: ("已验收，待放款", "Accepted, being paid"),
        Stage.DISPUTED: ("争议处理中，款项冻结", "In dispute, its money held"),
        Stage.RELEASED: ("已放款", "Paid"),
        Stage.SPLIT: ("已按裁定分配", "Divided as decided"),
        Stage.REFUNDED: ("已退还发包方", "Returned to the client"),
        Stage.ABANDONED: ("承接方放弃，已退款", "Abandoned and refunded"),
        Stage.VOID: ("未执行", "Never begun"),
    },
    moves=(
        Move("fund", Stage.PLANNED, Stage.FUNDED, by=Role.PROVIDER, money="clearing → escrow"),
        Move("default", Stage.PLANNED, Stage.VOID, by=Role.CLOCK, after="7 days unfunded when it is next"),
        Move(
            "drop",
            Stage.PLANNED,
            Stage.VOID,
            by=(Role.SYSTEM, Role.CLOCK),
            after="its contract ended before it",
        ),
        Move("start", Stage.FUNDED, Stage.WORKING, by=Role.WORKER),
        Move("submit", (Stage.WORKING, Stage.CHANGES), Stage.SUBMITTED, by=Role.WORKER),
        Move("ask_changes", Stage.SUBMITTED, Stage.CHANGES, by=Role.CLIENT),
        Move(
            "approve",
            Stage.SUBMITTED,
            Stage.APPROVED,
            by=(Role.CLIENT, Role.CLOCK),
            after="14 days without a word after a delivery",
        ),
        Move(
            "release",
            Stage.APPROVED,
            Stage.RELEASED,
            by=Role.CLOCK,
            after="the days of the rule, and no chargeback is open",
            money="escrow → worker, less fee and tax",
        ),
        Move(
            "abandon",
            Stage.WITH_WORKER,
            Stage.ABANDONED,
            by=(Role.CLOCK, Role.WORKER, Role.CLIENT),
            after="7 days without activity and two reminders",
            money="refunded to the client",
        ),
        Move(
            "return",
            Stage.WITH_WORKER,
            Stage.REFUNDED,
            by=Role.SYSTEM,
            money="refunded to the client, as both agreed",
        ),
        Move(
            "dispute",
            (Stage.SUBMITTED, Stage.CHANGES),
            Stage.DISPUTED,
            by=(Role.CLIENT, Role.WORKER),
            money="stays in escrow",
        ),
        Move(
            "resume",
            Stage.DISPUTED,
            Stage.SUBMITTED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the claim is withdrawn, or not brought before a decider within 15 days",
        ),
        Move(
            "resume_changes",
            Stage.DISPUTED,
            Stage.CHANGES,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the same, where changes were asked for",
        ),
        Move(
            "decide_redo",
            Stage.DISPUTED,
            Stage.CHANGES,
            by=(Role.SYSTEM, Role.CLOCK),
            after="a ruling, 7 days without an appeal",
            money="stays in escrow",
        ),
        Move(
            "decide_release",
            Stage.DISPUTED,
            Stage.RELEASED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="a ruling, 7 days without an appeal",
            money="escrow → worker, less fee and tax",
        ),
        Move(
            "decide_refund",
            Stage.DISPUTED,
            Stage.REFUNDED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="a ruling, 7 days without an appeal",
            money="refunded to the client",
        ),
        Move(
            "decide_split",
            Stage.DISPUTED,
            Stage.SPLIT,
            by=(Role.SYSTEM, Role.CLOCK),
            after="a ruling, 7 days without an appeal",
            money="divided as decided",
        ),
        Move(
            "lose",
            Stage.HOLDING,
            Stage.REFUNDED,
            by=Role.SYSTEM,
            money="the client's bank took the payment back; what is left is refunded",
        ),
    ),
)


class Claiming:
    """States of a claim."""

    MADE, REFUSED = "made", "refused"
    GRANTED, WITHDRAWN, LAPSED, FILED = "granted", "withdrawn", "lapsed", "filed"

    OPEN = (MADE, REFUSED)


CLAIM = Machine(
    name="work_claim",
    zh="协商诉求",
    initial=Claiming.MADE,
    finals=frozenset({Claiming.GRANTED, Claiming.WITHDRAWN, Claiming.LAPSED, Claiming.FILED}),
    words={
        Claiming.MADE: ("待对方答复", "Waits for the other side"),
        Claiming.REFUSED: ("对方不同意，可提交裁定", "Refused, may go to a decider"),
        Claiming.GRANTED: ("对方已同意", "Granted"),
        Claiming.WITHDRAWN: ("已撤回", "Withdrawn"),
        Claiming.LAPSED: ("逾期未提交，已作废", "Lapsed"),
        Claiming.FILED: ("已提交裁定", "Before the deciders"),
    },
    moves=(
        Move("refuse", Claiming.MADE, Claiming.REFUSED, by=(Role.CLIENT, Role.WORKER)),
        Move("grant", Claiming.OPEN, Claiming.GRANTED, by=(Role.CLIENT, Role.WORKER), money="as asked for"),
        Move("withdraw", Claiming.OPEN, Claiming.WITHDRAWN, by=(Role.CLIENT, Role.WORKER, Role.SYSTEM)),
        Move("file", Claiming.OPEN, Claiming.FILED, by=(Role.CLIENT, Role.WORKER), money="held for the dispute"),
        Move(
            "lapse",
            Claiming.OPEN,
            Claiming.LAPSED,
            by=Role.CLOCK,
            after="15 days after it was refused, or could be brought before a decider",
        ),
    ),
)
