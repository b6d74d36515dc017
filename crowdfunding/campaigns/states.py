"""The lives of campaign, tier and pledge (features.md §2.4)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class State:
    """States of a campaign."""

    DRAFT, REVIEW, RETURNED, APPROVED = "draft", "review", "returned", "approved"
    PREHEAT, LIVE, SUSPENDED, CLEARING = "preheat", "live", "suspended", "clearing"
    PAUSED = "paused"
    SUCCESSFUL, FAILED, CANCELLED, WITHDRAWN = "successful", "failed", "cancelled", "withdrawn"
    PRODUCING, DELIVERING, DELIVERED, OVERDUE = "producing", "delivering", "delivered", "overdue"
    IN_DEFAULT, CANCELLED_AFTER, CLOSED = "in_default", "cancelled_after", "closed"

    PUBLIC = (
        PREHEAT, LIVE, PAUSED, SUSPENDED, CLEARING, SUCCESSFUL, FAILED, CANCELLED,
        PRODUCING, DELIVERING, DELIVERED, OVERDUE, IN_DEFAULT, CANCELLED_AFTER, CLOSED,
    )  # fmt: skip
    SUCCEEDED = (SUCCESSFUL, PRODUCING, DELIVERING, DELIVERED, OVERDUE, IN_DEFAULT, CANCELLED_AFTER, CLOSED)
    UNDER_WAY = (SUCCESSFUL, PRODUCING, DELIVERING, OVERDUE, DELIVERED)
    TAKES_LATE = (SUCCESSFUL, PRODUCING)
    GIVING_BACK = (FAILED, CANCELLED, CANCELLED_AFTER, IN_DEFAULT)
    ENDED = (FAILED, CANCELLED, WITHDRAWN, CANCELLED_AFTER, CLOSED)


CAMPAIGN = Machine(
    name="campaign",
    zh="众筹项目",
    initial=State.DRAFT,
    finals=frozenset(State.ENDED),
    holds_money=frozenset(
        {
            State.LIVE,
            State.PAUSED,
            State.SUSPENDED,
            State.CLEARING,
            State.SUCCESSFUL,
            State.PRODUCING,
            State.DELIVERING,
            State.DELIVERED,
            State.OVERDUE,
            State.IN_DEFAULT,
        }  # fmt: skip
    ),
    refunds=frozenset({"fail", "cancel", "cancel_after", "settle_default"}),
    words={
        State.DRAFT: ("草稿", "Draft"),
        State.REVIEW: ("审核中", "In review"),
        State.RETURNED: ("退回修改", "Returned for changes"),
        State.APPROVED: ("审核通过", "Approved"),
        State.PREHEAT: ("预热中", "Coming soon"),
        State.LIVE: ("众筹中", "Live"),
        State.PAUSED: ("领投更替，暂停计时", "Paused while the lead changes"),
        State.SUSPENDED: ("已暂停", "Suspended"),
        State.CLEARING: ("清算中", "Counting"),
        State.SUCCESSFUL: ("众筹成功", "Successful"),
        State.FAILED: ("未达目标，全额退款", "Goal not reached, refunded"),
        State.CANCELLED: ("已取消，全额退款", "Cancelled, refunded"),
        State.WITHDRAWN: ("已撤回", "Withdrawn"),
        State.PRODUCING: ("生产中", "In production"),
        State.DELIVERING: ("发货中", "Delivering"),
        State.DELIVERED: ("已交付", "Delivered"),
        State.OVERDUE: ("交付逾期", "Overdue"),
        State.IN_DEFAULT: ("违约处理中", "In default"),
        State.CANCELLED_AFTER: ("成功后取消，退款", "Cancelled after success"),
        State.CLOSED: ("已结项", "Closed"),
    },
    moves=(
        Move("submit", (State.DRAFT, State.RETURNED), State.REVIEW, by=Role.OWNER),
        Move("approve", State.REVIEW, State.APPROVED, by=Role.MODERATOR),
        Move("return", State.REVIEW, State.RETURNED, by=Role.MODERATOR),
        Move(
            "reconsider",
            State.RETURNED,
            State.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move("give_up_review", State.REVIEW, State.RETURNED, by=Role.CLOCK, after="14 days unreviewed"),
        Move(
            "withdraw",
            (State.DRAFT, State.RETURNED, State.APPROVED, State.PREHEAT),
            State.WITHDRAWN,
            by=(Role.OWNER, Role.CLOCK),
            after="a year untouched; approved: 90 days unlaunched",
        ),
        Move("launch", State.APPROVED, State.PREHEAT, by=Role.OWNER),
        Move("open", State.PREHEAT, State.LIVE, by=Role.CLOCK, after="opens_at"),
        Move("pause", State.LIVE, State.PAUSED, by=Role.SYSTEM),
        Move(
            "go_on",
            State.PAUSED,
            State.LIVE,
            by=Role.CLOCK,
            after="the time to confirm under a new lead is over; the deadline moves by as long as it stood still",
        ),
        Move("suspend", State.LIVE, State.SUSPENDED, by=Role.MODERATOR),
        Move("resume", State.SUSPENDED, State.LIVE, by=Role.MODERATOR),
        Move(
            "cancel",
            (State.LIVE, State.PAUSED, State.SUSPENDED),
            State.CANCELLED,
            by=(Role.OWNER, Role.MODERATOR, Role.CLOCK),
            after="suspended: 30 days",
            money="every pledge is refunded whole",
        ),
        Move("extend", State.LIVE, State.LIVE, by=Role.OWNER),
        Move(
            "second_round",
            State.CLEARING,
            State.LIVE,
            by=Role.CLOCK,
            after="two rounds: the minimum is reached and the optimum is not",
        ),
        Move("close", State.LIVE, State.CLEARING, by=Role.CLOCK, after="closes_at"),
        Move(
            "succeed",
            State.CLEARING,
            State.SUCCESSFUL,
            by=Role.CLOCK,
            after="no payment pending",
            money="stays in escrow",
        ),
        Move(
            "fail",
            (State.CLEARING, State.PAUSED),
            State.FAILED,
            by=Role.CLOCK,
            after="no payment pending; paused: no new lead in 10 working days",
            money="every pledge is refunded whole",
        ),
        Move(
            "produce",
            State.SUCCESSFUL,
            State.PRODUCING,
            by=Role.CLOCK,
            after="3 days of publicity",
            money="first part, less the fee",
        ),
        Move("ship", (State.PRODUCING, State.OVERDUE), State.DELIVERING, by=Role.OWNER),
        Move("deliver", State.DELIVERING, State.DELIVERED, by=Role.CLOCK, after="98 % received, or 15 days of silence"),
        Move("disprove", (State.DELIVERING, State.DELIVERED), State.OVERDUE, by=Role.MODERATOR),
        Move(
            "fall_behind",
            (State.PRODUCING, State.DELIVERING),
            State.OVERDUE,
            by=Role.CLOCK,
            after="promised date + 30 days; delivering: and parcels are unsent or lost",
        ),
        Move("default", State.OVERDUE, State.IN_DEFAULT, by=Role.CLOCK, after="promised date + 90 days"),
        Move(
            "settle_default",
            State.IN_DEFAULT,
            State.CLOSED,
            by=Role.CLOCK,
            after="at once",
            money="tail refunded pro rata; the part of those who have their goods to the maker",
        ),
        Move(
            "cancel_after",
            (State.SUCCESSFUL, State.PRODUCING, State.OVERDUE),
            State.CANCELLED_AFTER,
            by=Role.MODERATOR,
            money="what escrow holds is refunded pro rata",
        ),
        Move(
            "finish", State.DELIVERED, State.CLOSED, by=Role.CLOCK, after="7 days without an open claim", money="tail"
        ),
    ),
)


class PledgeState:
    """States of a pledge."""

    RESERVED, EXPIRED, PAID, CANCELLED = "reserved", "expired", "paid", "cancelled"
    TO_CONFIRM = "to_confirm"
    REFUNDED, ASKED, AGREED, RECEIVED = "refunded", "refund_asked", "refund_agreed", "received"
    IN_DISPUTE, SETTLED = "in_dispute", "settled_outside"

    OWED = (PAID, TO_CONFIRM, ASKED, AGREED, IN_DISPUTE)
    COUNTED = (*OWED, RECEIVED)


PLEDGE = Machine(
    name="pledge",
    zh="支持",
    initial=PledgeState.RESERVED,
    finals=frozenset(
        {
            PledgeState.EXPIRED,
            PledgeState.CANCELLED,
            PledgeState.REFUNDED,
            PledgeState.RECEIVED,
            PledgeState.SETTLED,
        }
    ),
    holds_money=frozenset(PledgeState.OWED),
    refunds=frozenset({"cancel", "give_back", "lapse"}),
    words={
        PledgeState.RESERVED: ("待支付", "To be paid"),
        PledgeState.EXPIRED: ("超时未付", "Not paid in time"),
        PledgeState.PAID: ("已支持", "Backed"),
        PledgeState.TO_CONFIRM: ("条件有变，待您确认", "Terms changed, confirm or leave"),
        PledgeState.CANCELLED: ("已取消并退款", "Cancelled and refunded"),
        PledgeState.REFUNDED: ("已退款", "Refunded"),
        PledgeState.ASKED: ("申请退款中", "Refund asked"),
        PledgeState.AGREED: ("已同意退款，待财务复核", "Refund agreed, being checked"),
        PledgeState.RECEIVED: ("已收货", "Received"),
        PledgeState.IN_DISPUTE: ("纠纷处理中，款项冻结", "In dispute, its money held"),
        PledgeState.SETTLED: ("双方已在平台外结清", "Settled between the two, outside the platform"),
    },
    moves=(
        Move("settle", PledgeState.RESERVED, PledgeState.PAID, by=Role.PROVIDER, money="clearing → escrow"),
        Move("expire", PledgeState.RESERVED, PledgeState.EXPIRED, by=Role.CLOCK, after="30 minutes unpaid"),
        Move("revive", PledgeState.EXPIRED, PledgeState.PAID, by=Role.SYSTEM, money="suspense → escrow"),
        Move(
            "cancel",
            (PledgeState.PAID, PledgeState.TO_CONFIRM),
            PledgeState.CANCELLED,
            by=(Role.BACKER, Role.SYSTEM),
            money="refunded whole",
        ),
        Move("ask_again", PledgeState.PAID, PledgeState.TO_CONFIRM, by=Role.SYSTEM),
        Move("confirm", PledgeState.TO_CONFIRM, PledgeState.PAID, by=Role.BACKER),
        Move(
            "lapse",
            PledgeState.TO_CONFIRM,
            PledgeState.CANCELLED,
            by=Role.CLOCK,
            after="5 working days without a word: silence is no consent",
            money="refunded whole",
        ),
        Move(
            "give_back",
            PledgeState.OWED,
            PledgeState.REFUNDED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the campaign failed, was cancelled or defaulted; a refund of it arrived; a chargeback was lost; "
            "14 days unanswered when goods may be sent back; a dispute was decided so",
            money="refunded",
        ),
        Move("ask_refund", (PledgeState.PAID, PledgeState.RECEIVED), PledgeState.ASKED, by=Role.BACKER),
        Move("agree", PledgeState.ASKED, PledgeState.AGREED, by=Role.OWNER, money="refunded after a second person"),
        Move(
            "turn_down",
            PledgeState.AGREED,
            PledgeState.ASKED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="14 days without a second person, or at once when that person says no",
        ),
        Move("decline", PledgeState.ASKED, PledgeState.PAID, by=Role.OWNER),
        Move("decline_by_silence", PledgeState.ASKED, PledgeState.PAID, by=Role.CLOCK, after="14 days unanswered"),
        Move(
            "decline_received",
            PledgeState.ASKED,
            PledgeState.RECEIVED,
            by=(Role.OWNER, Role.CLOCK),
            after="14 days unanswered, for goods that cannot be sent back",
        ),
        Move(
            "dispute",
            (PledgeState.PAID, PledgeState.RECEIVED, PledgeState.ASKED),
            PledgeState.IN_DISPUTE,
            by=Role.BACKER,
            money="held for the dispute",
        ),
        Move(
            "stand",
            PledgeState.IN_DISPUTE,
            PledgeState.PAID,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the dispute ends by its own clock",
            money="what the claimant was given is refunded",
        ),
        Move(
            "stand_received",
            PledgeState.IN_DISPUTE,
            PledgeState.RECEIVED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="the dispute ends by its own clock",
            money="what the claimant was given is refunded",
        ),
        Move(
            "settle_outside",
            (PledgeState.PAID, PledgeState.ASKED),
            PledgeState.SETTLED,
            by=(Role.BACKER, Role.OWNER),
            money="stays in escrow for the maker's tail; no fee goes back",
        ),
        Move(
            "receive",
            PledgeState.PAID,
            PledgeState.RECEIVED,
            by=(Role.BACKER, Role.CLOCK),
            after="15 days after the campaign began delivering",
        ),
    ),
)


class Held:
    """States of a maker's deposit."""

    DUE, HELD, RETURNED, USED, VOID = "due", "held", "returned", "used", "void"


DEPOSIT = Machine(
    name="deposit",
    zh="发起保证金",
    initial=Held.DUE,
    finals=frozenset({Held.RETURNED, Held.USED, Held.VOID}),
    holds_money=frozenset({Held.HELD}),
    refunds=frozenset({"give_back", "use_up"}),
    words={
        Held.DUE: ("待缴", "To be paid"),
        Held.HELD: ("已缴存", "Held"),
        Held.RETURNED: ("已退还", "Returned"),
        Held.USED: ("已用于补退支持者", "Used for backers"),
        Held.VOID: ("未缴，作废", "Void, never paid"),
    },
    moves=(
        Move("hold", Held.DUE, Held.HELD, by=Role.PROVIDER, money="clearing → escrow of the deposit"),
        Move("void", Held.DUE, Held.VOID, by=Role.CLOCK, after="the campaign is withdrawn"),
        Move(
            "give_back",
            Held.HELD,
            Held.RETURNED,
            by=Role.CLOCK,
            after="the campaign is withdrawn, fails, is cancelled before its end, or closes with everything delivered",
            money="refunded whole",
        ),
        Move(
            "use_up",
            Held.HELD,
            Held.USED,
            by=Role.CLOCK,
            after="the campaign was cancelled after success or closed in default, and escrow lacked money",
            money="to the backers; the rest refunded",
        ),
    ),
)


class Outside:
    """States of what two parties say they settled outside the platform."""

    SAID, AGREED, DENIED, WITHDRAWN, LAPSED = "said", "agreed", "denied", "withdrawn", "lapsed"


OUTSIDE = Machine(
    name="outside_settlement",
    zh="平台外结清",
    initial=Outside.SAID,
    finals=frozenset({Outside.AGREED, Outside.DENIED, Outside.WITHDRAWN, Outside.LAPSED}),
    words={
        Outside.SAID: ("待对方确认", "Waits for the other side"),
        Outside.AGREED: ("双方已确认", "Confirmed by both"),
        Outside.DENIED: ("对方不认可", "Denied by the other side"),
        Outside.WITHDRAWN: ("已撤回", "Withdrawn"),
        Outside.LAPSED: ("逾期未确认，作废", "Lapsed without an answer"),
    },
    moves=(
        Move("agree", Outside.SAID, Outside.AGREED, by=(Role.BACKER, Role.OWNER)),
        Move("deny", Outside.SAID, Outside.DENIED, by=(Role.BACKER, Role.OWNER)),
        Move("withdraw", Outside.SAID, Outside.WITHDRAWN, by=(Role.BACKER, Role.OWNER)),
        Move(
            "lapse",
            Outside.SAID,
            Outside.LAPSED,
            by=(Role.CLOCK, Role.SYSTEM),
            after="15 days without an answer; at once when the pledge ends otherwise",
        ),
    ),
)
