"""The life of a contest (features.md §2.3); the lives of its entries are applications of the judge block."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Running:
    """States of a contest."""

    DRAFT, REVIEW, RETURNED, FUNDING, OPEN = "draft", "review", "returned", "funding", "open"
    JUDGING, PUBLICITY, FINAL, PAYING, FROZEN = "judging", "publicity", "final", "paying", "frozen"
    COMPLETED, FAILED, CANCELLED, WITHDRAWN = "completed", "failed", "cancelled", "withdrawn"

    EDITABLE = (DRAFT, RETURNED)
    TAKING = (OPEN, FINAL)
    PUBLIC = (OPEN, JUDGING, PUBLICITY, FINAL, PAYING, COMPLETED, FAILED, CANCELLED, FROZEN)
    HOLDING = (OPEN, JUDGING, PUBLICITY, FINAL, PAYING, FROZEN)
    UNDER_WAY = (REVIEW, FUNDING, *HOLDING)


CONTEST = Machine(
    name="contest",
    zh="赛事",
    initial=Running.DRAFT,
    finals=frozenset({Running.COMPLETED, Running.FAILED, Running.CANCELLED, Running.WITHDRAWN}),
    holds_money=frozenset(Running.HOLDING),
    refunds=frozenset({"cancel", "fail", "call_off"}),
    words={
        Running.DRAFT: ("草稿", "Draft"),
        Running.REVIEW: ("审核中", "In review"),
        Running.RETURNED: ("已退回修改", "Returned"),
        Running.FUNDING: ("待托管奖金", "Prize to be put into escrow"),
        Running.OPEN: ("征集作品", "Taking entries"),
        Running.JUDGING: ("评审中", "Being judged"),
        Running.PUBLICITY: ("公示中", "In publicity"),
        Running.FINAL: ("决赛提交", "Finalists at work"),
        Running.PAYING: ("发放奖金", "Paying prizes"),
        Running.FROZEN: ("已冻结", "Frozen"),
        Running.COMPLETED: ("已完成", "Completed"),
        Running.FAILED: ("无人获奖，奖金已退", "No winner, prize returned"),
        Running.CANCELLED: ("已取消，奖金已退", "Cancelled, prize returned"),
        Running.WITHDRAWN: ("已撤回", "Withdrawn"),
    },
    moves=(
        Move("submit", Running.EDITABLE, Running.REVIEW, by=Role.OWNER),
        Move("approve", Running.REVIEW, Running.FUNDING, by=Role.MODERATOR),
        Move("return", Running.REVIEW, Running.RETURNED, by=Role.MODERATOR),
        Move("give_up_review", Running.REVIEW, Running.RETURNED, by=Role.CLOCK, after="14 days unreviewed"),
        Move(
            "reconsider",
            Running.RETURNED,
            Running.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move(
            "withdraw",
            (Running.DRAFT, Running.RETURNED, Running.REVIEW, Running.FUNDING),
            Running.WITHDRAWN,
            by=(Role.OWNER, Role.CLOCK),
            after="a year untouched; or the prize not put into escrow within 7 days",
        ),
        Move("fund", Running.FUNDING, Running.OPEN, by=Role.PROVIDER, money="the prizes go into escrow"),
        Move("extend", Running.OPEN, Running.OPEN, by=Role.OWNER),
        Move("extend", Running.FINAL, Running.FINAL, by=Role.OWNER),
        Move("cancel", Running.OPEN, Running.CANCELLED, by=Role.OWNER, money="escrow → poster"),
        Move("freeze", Running.OPEN, Running.FROZEN, by=Role.MODERATOR),
        Move("thaw", Running.FROZEN, Running.OPEN, by=Role.MODERATOR),
        Move(
            "call_off",
            Running.FROZEN,
            Running.CANCELLED,
            by=Role.CLOCK,
            money="escrow → poster",
            after="frozen for 30 days",
        ),
        Move("judge", Running.TAKING, Running.JUDGING, by=Role.CLOCK, after="closes_at, with an entry"),
        Move("publish", Running.JUDGING, Running.PUBLICITY, by=Role.SYSTEM),
        Move("judge_again", Running.PUBLICITY, Running.JUDGING, by=Role.SYSTEM),
        Move("go_on", (Running.JUDGING, Running.PUBLICITY), Running.FINAL, by=Role.SYSTEM),
        Move("settle", (Running.JUDGING, Running.PUBLICITY), Running.PAYING, by=Role.SYSTEM),
        Move(
            "pay",
            Running.PAYING,
            Running.COMPLETED,
            by=Role.CLOCK,
            money="escrow → winners (− fee − tax), the rest → poster",
            after="settled, and no chargeback is open",
        ),
        Move(
            "fail",
            (*Running.TAKING, Running.PAYING),
            Running.FAILED,
            by=Role.CLOCK,
            money="escrow → poster",
            after="no entry at closes_at, or none that is eligible",
        ),
        Move("lose", Running.HOLDING, Running.FAILED, by=Role.SYSTEM, money="nothing is left"),
    ),
)
