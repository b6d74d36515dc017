"""The lives of a micro-task job, its items, the sheets that workers take, their answers, and pleas (features.md §2.3, C3)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Posted:
    """States of a job."""

    DRAFT, REVIEW, RETURNED, FUNDING, OPEN = "draft", "review", "returned", "funding", "open"
    CHECKING, PAYING, FROZEN = "checking", "paying", "frozen"
    COMPLETED, FAILED, CANCELLED, WITHDRAWN = "completed", "failed", "cancelled", "withdrawn"

    EDITABLE = (DRAFT, RETURNED)
    PUBLIC = (OPEN, CHECKING, PAYING, COMPLETED, FAILED, CANCELLED, FROZEN)
    HOLDING = (OPEN, CHECKING, PAYING, FROZEN)
    UNDER_WAY = (REVIEW, FUNDING, *HOLDING)


JOB = Machine(
    name="job",
    zh="计件任务",
    initial=Posted.DRAFT,
    finals=frozenset({Posted.COMPLETED, Posted.FAILED, Posted.CANCELLED, Posted.WITHDRAWN}),
    holds_money=frozenset(Posted.HOLDING),
    refunds=frozenset({"cancel", "pay"}),
    words={
        Posted.DRAFT: ("草稿", "Draft"),
        Posted.REVIEW: ("审核中", "In review"),
        Posted.RETURNED: ("已退回修改", "Returned"),
        Posted.FUNDING: ("待托管报酬", "Pay to be put into escrow"),
        Posted.OPEN: ("进行中", "Open"),
        Posted.CHECKING: ("验收中", "Being checked"),
        Posted.PAYING: ("发放报酬", "Paying"),
        Posted.FROZEN: ("已冻结", "Frozen"),
        Posted.COMPLETED: ("已完成", "Completed"),
        Posted.FAILED: ("已终止，付款被银行收回", "Ended: the payment was taken back"),
        Posted.CANCELLED: ("已取消，报酬已退", "Cancelled, pay returned"),
        Posted.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Posted.EDITABLE, Posted.REVIEW, by=Role.OWNER),
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
        Move("fund", Posted.FUNDING, Posted.OPEN, by=Role.PROVIDER, money="the pay for every answer goes into escrow"),
        Move("cancel", Posted.OPEN, Posted.CANCELLED, by=Role.OWNER, money="escrow → poster"),
        Move("freeze", Posted.OPEN, Posted.FROZEN, by=Role.MODERATOR),
        Move("thaw", Posted.FROZEN, Posted.OPEN, by=Role.MODERATOR),
        Move(
            "close",
            (Posted.OPEN, Posted.FROZEN),
            Posted.CHECKING,
            by=(Role.OWNER, Role.CLOCK),
            after="every item has its answers; closes_at; or frozen for 30 days",
        ),
        Move(
            "settle",
            Posted.CHECKING,
            Posted.PAYING,
            by=Role.CLOCK,
            after="3 days checked, and nothing that is contested or may still be",
        ),
        Move(
            "pay",
            Posted.PAYING,
            Posted.COMPLETED,
            by=Role.CLOCK,
            money="escrow → workers (− fee − tax), the rest → poster",
            after="settled, and no chargeback is open",
        ),
        Move("lose", Posted.HOLDING, Posted.FAILED, by=Role.SYSTEM, money="nothing is left"),
    ),
)


class Asking:
    """States of an item. Who has it in hand is counted on its row: `leased_n` + `done_n` ≤ `need`."""

    OPEN, AGREED, DISPUTED, DECIDED, VOID, CLOSED = "open", "agreed", "disputed", "decided", "void", "closed"
    FULL = (AGREED, DISPUTED, DECIDED)


ITEM = Machine(
    name="item",
    zh="题目",
    initial=Asking.OPEN,
    finals=frozenset({Asking.CLOSED, Asking.VOID}),
    words={
        Asking.OPEN: ("收集中", "Collecting"),
        Asking.AGREED: ("一致", "Agreed"),
        Asking.DISPUTED: ("有分歧", "Disputed"),
        Asking.DECIDED: ("已定", "Decided"),
        Asking.VOID: ("校验题作废", "Gold withdrawn"),
        Asking.CLOSED: ("已结束", "Closed"),
    },
    moves=(
        Move("agree", Asking.OPEN, Asking.AGREED, by=Role.SYSTEM),
        Move("differ", Asking.OPEN, Asking.DISPUTED, by=Role.SYSTEM),
        Move("decide", (Asking.DISPUTED, Asking.AGREED, Asking.DECIDED), Asking.DECIDED, by=Role.OWNER),
        Move("reopen", Asking.FULL, Asking.OPEN, by=Role.SYSTEM),
        Move("annul", Asking.OPEN, Asking.VOID, by=Role.SYSTEM),
        Move("close", (Asking.OPEN, *Asking.FULL), Asking.CLOSED, by=Role.CLOCK, after="the job is settled"),
    ),
)


class Taking:
    """States of a sheet: items that one worker has in hand until a moment."""

    LIVE, DONE, DROPPED, LAPSED = "live", "done", "dropped", "lapsed"


SHEET = Machine(
    name="sheet",
    zh="领取",
    initial=Taking.LIVE,
    finals=frozenset({Taking.DONE, Taking.DROPPED, Taking.LAPSED}),
    words={
        Taking.LIVE: ("作答中", "In hand"),
        Taking.DONE: ("已提交", "Handed in"),
        Taking.DROPPED: ("已放回", "Given back"),
        Taking.LAPSED: ("超时放回", "Time ran out"),
    },
    moves=(
        Move("extend", Taking.LIVE, Taking.LIVE, by=Role.WORKER),
        Move("finish", Taking.LIVE, Taking.DONE, by=Role.WORKER),
        Move("drop", Taking.LIVE, Taking.DROPPED, by=(Role.WORKER, Role.SYSTEM)),
        Move("lapse", Taking.LIVE, Taking.LAPSED, by=Role.CLOCK, after="until"),
    ),
)


class Given:
    """States of an answer."""

    LEASED, ANSWERED, SKIPPED, LAPSED = "leased", "answered", "skipped", "lapsed"
    HELD, REJECTED, FORFEITED, PAID = "held", "rejected", "forfeited", "paid"

    SLOT = (ANSWERED, HELD, REJECTED, PAID)
    """States in which an answer has a slot of its item, and the money for it, to itself."""
    WRITTEN = (ANSWERED, HELD, REJECTED, FORFEITED, PAID)


ANSWER = Machine(
    name="answer",
    zh="答案",
    initial=Given.LEASED,
    finals=frozenset({Given.SKIPPED, Given.LAPSED, Given.FORFEITED, Given.PAID}),
    words={
        Given.LEASED: ("作答中", "In hand"),
        Given.ANSWERED: ("已提交", "Handed in"),
        Given.SKIPPED: ("已跳过", "Skipped"),
        Given.LAPSED: ("超时放回", "Time ran out"),
        Given.HELD: ("暂停计入", "On hold"),
        Given.REJECTED: ("已退回", "Rejected"),
        Given.FORFEITED: ("不计报酬", "Not paid"),
        Given.PAID: ("已付", "Paid"),
    },
    moves=(
        Move("answer", Given.LEASED, Given.ANSWERED, by=Role.WORKER),
        Move("skip", Given.LEASED, Given.SKIPPED, by=Role.WORKER),
        Move(
            "lapse",
            Given.LEASED,
            Given.LAPSED,
            by=(Role.WORKER, Role.SYSTEM, Role.CLOCK),
            after="the sheet's until; or the job closes",
        ),
        Move("take_again", Given.LAPSED, Given.LEASED, by=Role.WORKER),
        Move("redo", Given.REJECTED, Given.LEASED, by=Role.WORKER),
        Move("hold", Given.ANSWERED, Given.HELD, by=Role.SYSTEM),
        Move("reject", Given.ANSWERED, Given.REJECTED, by=Role.OWNER),
        Move("restore", (Given.HELD, Given.REJECTED, Given.FORFEITED), Given.ANSWERED, by=Role.SYSTEM),
        Move(
            "forfeit",
            (Given.HELD, Given.REJECTED, Given.ANSWERED),
            Given.FORFEITED,
            by=(Role.CLOCK, Role.SYSTEM),
            after="3 days without a plea, or the plea failed; or the poster's bank took the money back",
        ),
        Move("pay", Given.ANSWERED, Given.PAID, by=Role.CLOCK, after="the job is settled"),
    ),
)


class Pleading:
    """States of a plea."""

    RAISED, ANSWERED, ESCALATED = "raised", "answered", "escalated"
    UPHELD, DISMISSED, WITHDRAWN = "upheld", "dismissed", "withdrawn"

    PENDING = (RAISED, ANSWERED, ESCALATED)


PLEA = Machine(
    name="plea",
    zh="答题申诉",
    initial=Pleading.RAISED,
    finals=frozenset({Pleading.UPHELD, Pleading.DISMISSED, Pleading.WITHDRAWN}),
    words={
        Pleading.RAISED: ("待发布方答复", "For the poster to answer"),
        Pleading.ANSWERED: ("发布方不同意", "The poster does not agree"),
        Pleading.ESCALATED: ("待平台裁定", "For the platform to decide"),
        Pleading.UPHELD: ("成立", "Upheld"),
        Pleading.DISMISSED: ("不成立", "Dismissed"),
        Pleading.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move(
            "uphold",
            Pleading.RAISED,
            Pleading.UPHELD,
            by=(Role.OWNER, Role.CLOCK),
            after="3 days without the poster's answer",
        ),
        Move("answer", Pleading.RAISED, Pleading.ANSWERED, by=Role.OWNER),
        Move("escalate", Pleading.ANSWERED, Pleading.ESCALATED, by=Role.WORKER),
        Move("let_go", Pleading.ANSWERED, Pleading.DISMISSED, by=Role.CLOCK, after="3 days and not escalated"),
        Move(
            "find_for",
            Pleading.ESCALATED,
            Pleading.UPHELD,
            by=(Role.MODERATOR, Role.CLOCK),
            after="7 days undecided",
        ),
        Move("find_against", Pleading.ESCALATED, Pleading.DISMISSED, by=Role.MODERATOR),
        Move("withdraw", Pleading.PENDING, Pleading.WITHDRAWN, by=(Role.WORKER, Role.SYSTEM)),
    ),
)
