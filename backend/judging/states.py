"""The lives of a call, an application, a judge and an objection (features.md §2.3, contest entry; D4–D9)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Calling:
    """States of a call."""

    COLLECTING, JUDGING, PUBLICITY, SETTLED, VOID = "collecting", "judging", "publicity", "settled", "void"

    DECIDED = (PUBLICITY, SETTLED)


CALL = Machine(
    name="call",
    zh="评审",
    initial=Calling.COLLECTING,
    finals=frozenset({Calling.SETTLED, Calling.VOID}),
    words={
        Calling.COLLECTING: ("征集中", "Taking entries"),
        Calling.JUDGING: ("评审中", "Being judged"),
        Calling.PUBLICITY: ("公示中", "In publicity"),
        Calling.SETTLED: ("结果已确定", "Settled"),
        Calling.VOID: ("已终止", "Ended without a result"),
    },
    moves=(
        Move("close", Calling.COLLECTING, Calling.JUDGING, by=Role.CLOCK, after="the window ends with an entry"),
        Move("tally", Calling.JUDGING, Calling.PUBLICITY, by=(Role.OWNER, Role.CLOCK), after="judge_until, all scored"),
        Move(
            "default",
            Calling.JUDGING,
            Calling.PUBLICITY,
            by=Role.CLOCK,
            after="judge_until, and scores are missing: the published default holds",
        ),
        Move("renew", Calling.PUBLICITY, Calling.PUBLICITY, by=Role.MODERATOR),
        Move("reopen", Calling.PUBLICITY, Calling.JUDGING, by=Role.MODERATOR),
        Move(
            "settle", Calling.PUBLICITY, Calling.SETTLED, by=Role.CLOCK, after="the publicity is over, nothing objected"
        ),
        Move(
            "void",
            (Calling.COLLECTING, Calling.JUDGING, Calling.PUBLICITY),
            Calling.VOID,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the window ends without an entry",
        ),
    ),
)


class Standing:
    """States of an application."""

    SUBMITTED, SHORTLISTED, INELIGIBLE, WITHDRAWN = "submitted", "shortlisted", "ineligible", "withdrawn"
    RANKED, PROVISIONAL, AWARDED, NOT_PLACED = "ranked", "provisional", "awarded", "not_placed"
    DISQUALIFIED, OVERTAKEN, REVOKED = "disqualified", "overtaken", "revoked"

    ELIGIBLE = (SUBMITTED, SHORTLISTED)
    PLACED = (RANKED, PROVISIONAL)
    LIVE = (*ELIGIBLE, *PLACED)


GOING_ON = {
    Standing.RANKED: ("拟不入选下一轮", "Ranked, not going on"),
    Standing.PROVISIONAL: ("拟入选下一轮，公示中", "Provisionally in the next round"),
    Standing.AWARDED: ("已入选下一轮", "In the next round"),
    Standing.NOT_PLACED: ("未入选下一轮", "Not in the next round"),
}
"""Words for the states of a work in a round that is not the last."""

APPLICATION = Machine(
    name="application",
    zh="参评作品",
    initial=Standing.SUBMITTED,
    finals=frozenset(
        {
            Standing.WITHDRAWN,
            Standing.AWARDED,
            Standing.NOT_PLACED,
            Standing.DISQUALIFIED,
            Standing.OVERTAKEN,
            Standing.REVOKED,
        }
    ),
    words={
        Standing.SUBMITTED: ("已提交", "Submitted"),
        Standing.SHORTLISTED: ("入围", "Shortlisted"),
        Standing.INELIGIBLE: ("不符合要求", "Not eligible"),
        Standing.WITHDRAWN: ("已撤回", "Withdrawn"),
        Standing.RANKED: ("未获名次", "Ranked, without a prize"),
        Standing.PROVISIONAL: ("拟获奖，公示中", "Provisional winner"),
        Standing.AWARDED: ("已获奖", "Awarded"),
        Standing.NOT_PLACED: ("未获奖", "Not placed"),
        Standing.DISQUALIFIED: ("已取消资格", "Disqualified"),
        Standing.OVERTAKEN: ("征集已终止", "The call ended"),
        Standing.REVOKED: ("奖项已撤销", "Award revoked"),
    },
    moves=(
        Move("replace", Standing.SUBMITTED, Standing.SUBMITTED, by=Role.WORKER),
        Move("withdraw", Standing.SUBMITTED, Standing.WITHDRAWN, by=Role.WORKER),
        Move("return", Standing.WITHDRAWN, Standing.SUBMITTED, by=Role.WORKER),
        Move("shortlist", Standing.SUBMITTED, Standing.SHORTLISTED, by=Role.OWNER),
        Move("drop", Standing.SHORTLISTED, Standing.SUBMITTED, by=Role.OWNER),
        Move("exclude", Standing.ELIGIBLE, Standing.INELIGIBLE, by=Role.OWNER),
        Move("reinstate", Standing.INELIGIBLE, Standing.SUBMITTED, by=Role.MODERATOR),
        Move("rank", Standing.LIVE, Standing.RANKED, by=Role.SYSTEM),
        Move("propose", Standing.LIVE, Standing.PROVISIONAL, by=Role.SYSTEM),
        Move("judge_again", Standing.PLACED, Standing.SUBMITTED, by=Role.SYSTEM),
        Move("disqualify", Standing.LIVE, Standing.DISQUALIFIED, by=Role.MODERATOR),
        Move("award", Standing.PROVISIONAL, Standing.AWARDED, by=Role.CLOCK, after="the publicity is over"),
        Move(
            "pass_over",
            (Standing.RANKED, Standing.INELIGIBLE),
            Standing.NOT_PLACED,
            by=Role.CLOCK,
            after="the publicity is over",
        ),
        Move("overtake", (*Standing.LIVE, Standing.INELIGIBLE), Standing.OVERTAKEN, by=Role.SYSTEM),
        Move("revoke", Standing.AWARDED, Standing.REVOKED, by=Role.MODERATOR),
        Move("move_up", Standing.NOT_PLACED, Standing.AWARDED, by=Role.SYSTEM),
    ),
)


class Sitting:
    """States of a judge."""

    INVITED, DECLARED, RECUSED, REMOVED, RISEN = "invited", "declared", "recused", "removed", "risen"

    SEATED = (INVITED, DECLARED)


JUDGE = Machine(
    name="judge",
    zh="评委",
    initial=Sitting.INVITED,
    finals=frozenset({Sitting.RECUSED, Sitting.REMOVED, Sitting.RISEN}),
    words={
        Sitting.INVITED: ("已受邀，待声明", "Invited, to declare"),
        Sitting.DECLARED: ("已声明无利益冲突", "Declared free of conflicts"),
        Sitting.RECUSED: ("已回避", "Recused"),
        Sitting.REMOVED: ("已移出", "Removed"),
        Sitting.RISEN: ("评审已结束", "The panel has risen"),
    },
    moves=(
        Move("declare", Sitting.INVITED, Sitting.DECLARED, by=Role.JUDGE),
        Move("recuse", Sitting.SEATED, Sitting.RECUSED, by=Role.JUDGE),
        Move("remove", Sitting.SEATED, Sitting.REMOVED, by=Role.OWNER),
        Move("rise", Sitting.SEATED, Sitting.RISEN, by=Role.SYSTEM),
    ),
)


class Objecting:
    """States of an objection."""

    RAISED, ANSWERED, UNANSWERED = "raised", "answered", "unanswered"
    UPHELD, DISMISSED, WITHDRAWN, UNDECIDED, OVERTAKEN = "upheld", "dismissed", "withdrawn", "undecided", "overtaken"

    OPEN = (RAISED, ANSWERED, UNANSWERED)
    HEARD = (ANSWERED, UNANSWERED)


OBJECTION = Machine(
    name="objection",
    zh="异议",
    initial=Objecting.RAISED,
    finals=frozenset(
        {Objecting.UPHELD, Objecting.DISMISSED, Objecting.WITHDRAWN, Objecting.UNDECIDED, Objecting.OVERTAKEN}
    ),
    words={
        Objecting.RAISED: ("已提出，待答辩", "Raised, to be answered"),
        Objecting.ANSWERED: ("已答辩，待裁定", "Answered, to be decided"),
        Objecting.UNANSWERED: ("逾期未答辩，待裁定", "Not answered, to be decided"),
        Objecting.UPHELD: ("异议成立", "Upheld"),
        Objecting.DISMISSED: ("异议不成立", "Dismissed"),
        Objecting.WITHDRAWN: ("已撤回", "Withdrawn"),
        Objecting.UNDECIDED: ("逾期未裁定", "Not decided in time"),
        Objecting.OVERTAKEN: ("征集已终止", "The call ended"),
    },
    moves=(
        Move("answer", Objecting.RAISED, Objecting.ANSWERED, by=(Role.WORKER, Role.OWNER)),
        Move("hear", Objecting.RAISED, Objecting.UNANSWERED, by=Role.CLOCK, after="answer_by"),
        Move("uphold", Objecting.HEARD, Objecting.UPHELD, by=Role.MODERATOR),
        Move("dismiss", Objecting.HEARD, Objecting.DISMISSED, by=Role.MODERATOR),
        Move("withdraw", Objecting.OPEN, Objecting.WITHDRAWN, by=(Role.WORKER, Role.MODERATOR)),
        Move("leave", Objecting.HEARD, Objecting.UNDECIDED, by=Role.CLOCK, after="decide_by"),
        Move("overtake", Objecting.OPEN, Objecting.OVERTAKEN, by=Role.SYSTEM),
    ),
)
