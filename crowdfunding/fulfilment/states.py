"""The lives of a survey and of a parcel (features.md §2.4: in_survey → locked → shipped → received, lost)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Surveying:
    """States of a campaign's survey."""

    OPEN, ANNOUNCED, LOCKED = "open", "announced", "locked"


SURVEY = Machine(
    name="survey",
    zh="回报问卷",
    initial=Surveying.OPEN,
    finals=frozenset({Surveying.LOCKED}),
    words={
        Surveying.OPEN: ("收集地址中", "Collecting addresses"),
        Surveying.ANNOUNCED: ("即将锁定地址", "About to lock addresses"),
        Surveying.LOCKED: ("地址已锁定", "Addresses locked"),
    },
    moves=(
        Move(
            "announce",
            Surveying.OPEN,
            Surveying.ANNOUNCED,
            by=(Role.OWNER, Role.CLOCK),
            after="10 days before the promised date",
        ),
        Move("lock", Surveying.ANNOUNCED, Surveying.LOCKED, by=Role.CLOCK, after="48 hours after the warning"),
    ),
)


class Parceling:
    """States of a parcel."""

    ASKED, FILLED, LOCKED, MISSED, LAPSED = "asked", "filled", "locked", "missed", "lapsed"
    SHIPPED, LOST, ARRIVED, RETURNED, VOID = "shipped", "lost", "arrived", "returned", "void"

    EDITABLE = (ASKED, FILLED)
    UNSENT = (FILLED, LOCKED)
    LIVE = (ASKED, FILLED, LOCKED, MISSED, SHIPPED, LOST)


PARCEL = Machine(
    name="parcel",
    zh="包裹",
    initial=Parceling.ASKED,
    finals=frozenset({Parceling.ARRIVED, Parceling.RETURNED, Parceling.VOID, Parceling.LAPSED}),
    words={
        Parceling.ASKED: ("待填写收货地址", "Address wanted"),
        Parceling.FILLED: ("地址已填，可修改", "Address given, can be changed"),
        Parceling.LOCKED: ("地址已锁定，待发货", "Locked, to be shipped"),
        Parceling.MISSED: ("未按时填写，权益保留", "Not filled in time, claim kept"),
        Parceling.LAPSED: ("逾一年未填写，权益终止", "A year without an address, claim ended"),
        Parceling.SHIPPED: ("已发货", "Shipped"),
        Parceling.LOST: ("包裹丢失，待处理", "Lost, being settled"),
        Parceling.ARRIVED: ("已收货", "Received"),
        Parceling.RETURNED: ("丢失，已退款", "Lost, refunded"),
        Parceling.VOID: ("无需寄送", "Nothing to send"),
    },
    moves=(
        Move("fill", Parceling.ASKED, Parceling.FILLED, by=Role.BACKER),
        Move("lock", Parceling.FILLED, Parceling.LOCKED, by=Role.CLOCK, after="48 hours after the warning"),
        Move("miss", Parceling.ASKED, Parceling.MISSED, by=Role.CLOCK, after="48 hours after the warning"),
        Move("fill_late", Parceling.MISSED, Parceling.LOCKED, by=Role.BACKER),
        Move("lapse", Parceling.MISSED, Parceling.LAPSED, by=Role.CLOCK, after="365 days"),
        Move("ship", Parceling.LOCKED, Parceling.SHIPPED, by=Role.OWNER),
        Move(
            "arrive",
            Parceling.LIVE,
            Parceling.ARRIVED,
            by=(Role.BACKER, Role.SYSTEM, Role.CLOCK),
            after="shipped: 15 days",
        ),
        Move("lose", Parceling.SHIPPED, Parceling.LOST, by=Role.BACKER),
        Move("reship", Parceling.LOST, Parceling.LOCKED, by=Role.OWNER),
        Move(
            "refund",
            Parceling.LOST,
            Parceling.RETURNED,
            by=(Role.OWNER, Role.CLOCK),
            after="14 days without an answer of the maker",
            money="the pledge is refunded from what escrow holds",
        ),
        Move(
            "void",
            Parceling.LIVE,
            Parceling.VOID,
            by=(Role.SYSTEM, Role.CLOCK),
            after="its pledge was refunded, as when the campaign was cancelled or defaulted",
        ),
    ),
)
