"""The lives of a led round, a lead and a lead's report (features.md §2.5, as far as it fits goods)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Rounding:
    """States of a led round."""

    SEEKING, FOLLOWING, SEARCHING, CONFIRMING = "seeking", "following", "searching", "confirming"
    ENDED = "ended"

    WANTS_LEAD = (SEEKING, SEARCHING)


ROUND = Machine(
    name="led_round",
    zh="领投跟投",
    initial=Rounding.SEEKING,
    finals=frozenset({Rounding.ENDED}),
    words={
        Rounding.SEEKING: ("等待领投", "Looking for a lead"),
        Rounding.FOLLOWING: ("开放跟投", "Open to followers"),
        Rounding.SEARCHING: ("寻找新领投", "Looking for a new lead"),
        Rounding.CONFIRMING: ("跟投人重新确认", "Followers confirm"),
        Rounding.ENDED: ("已结束", "Over"),
    },
    moves=(
        Move("open", Rounding.SEEKING, Rounding.FOLLOWING, by=Role.SYSTEM),
        Move("search", (Rounding.FOLLOWING, Rounding.CONFIRMING), Rounding.SEARCHING, by=Role.SYSTEM),
        Move("find", Rounding.SEARCHING, Rounding.CONFIRMING, by=Role.SYSTEM),
        Move(
            "go_on",
            Rounding.CONFIRMING,
            Rounding.FOLLOWING,
            by=Role.CLOCK,
            after="5 working days; who did not confirm has lapsed",
        ),
        Move(
            "give_up",
            Rounding.SEARCHING,
            Rounding.ENDED,
            by=Role.CLOCK,
            after="10 working days without a new lead",
            money="the campaign fails and every pledge is refunded whole",
        ),
        Move(
            "end",
            (Rounding.SEEKING, Rounding.FOLLOWING, Rounding.SEARCHING, Rounding.CONFIRMING),
            Rounding.ENDED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the campaign has its verdict",
        ),
    ),
)


class Leading:
    """States of a lead."""

    PROPOSED, AGREED, CHECKED, ACTIVE = "proposed", "agreed", "checked", "active"
    DECLINED, WITHDRAWN, REMOVED, FELL_OUT, ENDED = "declined", "withdrawn", "removed", "fell_out", "ended"

    STANDING = (PROPOSED, AGREED, CHECKED, ACTIVE)
    PUBLIC = (CHECKED, ACTIVE, WITHDRAWN, REMOVED, FELL_OUT, ENDED)
    LEFT = (DECLINED, WITHDRAWN, REMOVED, FELL_OUT)


LEAD = Machine(
    name="lead",
    zh="领投人",
    initial=Leading.PROPOSED,
    finals=frozenset({Leading.DECLINED, Leading.WITHDRAWN, Leading.REMOVED, Leading.FELL_OUT, Leading.ENDED}),
    words={
        Leading.PROPOSED: ("待发起人答复", "Awaits the maker"),
        Leading.AGREED: ("待平台审核", "Awaits the check"),
        Leading.CHECKED: ("待资金到账", "Awaits its money"),
        Leading.ACTIVE: ("领投中", "Leading"),
        Leading.DECLINED: ("未采纳", "Not taken"),
        Leading.WITHDRAWN: ("已退出", "Withdrew"),
        Leading.REMOVED: ("已被撤换", "Removed"),
        Leading.FELL_OUT: ("资金退回，资格终止", "Its money went back"),
        Leading.ENDED: ("已结束", "Ended"),
    },
    moves=(
        Move("agree", Leading.PROPOSED, Leading.AGREED, by=Role.OWNER),
        Move(
            "decline",
            Leading.PROPOSED,
            Leading.DECLINED,
            by=(Role.OWNER, Role.CLOCK),
            after="14 days unanswered, or the campaign is over",
        ),
        Move("check", Leading.AGREED, Leading.CHECKED, by=Role.MODERATOR),
        Move(
            "refuse",
            Leading.AGREED,
            Leading.DECLINED,
            by=(Role.MODERATOR, Role.CLOCK),
            after="14 days unchecked, or the campaign is over",
        ),
        Move("fund", Leading.CHECKED, Leading.ACTIVE, by=Role.SYSTEM, money="its pledge is in escrow"),
        Move(
            "miss",
            Leading.CHECKED,
            Leading.DECLINED,
            by=Role.CLOCK,
            after="7 days unpaid since the check or the opening, or the campaign is over",
        ),
        Move(
            "withdraw",
            Leading.STANDING,
            Leading.WITHDRAWN,
            by=Role.LEAD,
            money="its own pledge is refunded whole; followers confirm under another lead, or leave",
        ),
        Move("remove", (Leading.CHECKED, Leading.ACTIVE), Leading.REMOVED, by=Role.MODERATOR, money="as withdraw"),
        Move(
            "fall_out", Leading.ACTIVE, Leading.FELL_OUT, by=Role.SYSTEM, money="its pledge went back by a chargeback"
        ),
        Move("end", Leading.ACTIVE, Leading.ENDED, by=Role.CLOCK, after="the campaign is closed or came to nothing"),
    ),
)


class Reporting:
    """States of a report."""

    DUE, FILED, MISSED, LATE, VOID = "due", "filed", "missed", "filed_late", "void"


REPORT = Machine(
    name="lead_report",
    zh="领投报告",
    initial=Reporting.DUE,
    finals=frozenset({Reporting.FILED, Reporting.LATE, Reporting.VOID, Reporting.MISSED}),
    words={
        Reporting.DUE: ("待提交", "Due"),
        Reporting.FILED: ("已提交", "Filed"),
        Reporting.MISSED: ("逾期未交", "Missed"),
        Reporting.LATE: ("逾期补交", "Filed late"),
        Reporting.VOID: ("无须提交", "Not needed"),
    },
    moves=(
        Move("file", Reporting.DUE, Reporting.FILED, by=Role.LEAD),
        Move("miss", Reporting.DUE, Reporting.MISSED, by=Role.CLOCK, after="the due date"),
        Move("file_late", Reporting.MISSED, Reporting.LATE, by=Role.LEAD),
        Move("void", Reporting.DUE, Reporting.VOID, by=Role.CLOCK, after="the campaign ended before the due date"),
    ),
)
