"""Refusals of engagements."""

from backend.common.errors import Refusal


class NotFunded(Refusal):
    """Work on a milestone whose money is not in escrow."""

    status, code = 409, "not_funded"
    zh, en = "这一阶段的款项尚未托管，请勿开工", "The money of this stage is not in escrow; do not begin"
    source = "features.md C1"


class NotNext(Refusal):
    """A milestone out of its turn."""

    status, code = 409, "not_next"
    zh, en = "请先完成前面的阶段", "Earlier stages come first"
    source = "features.md E2"


class NothingDelivered(Refusal):
    """A submission without anything in it."""

    status, code = 409, "nothing_delivered"
    zh, en = "请填写交付说明并至少附一个文件或链接说明", "Say what you deliver, and attach it or say where it is"
    source = "features.md E3"


class NoRoundsLeft(Refusal):
    """More rounds of changes than agreed on."""

    status, code = 409, "no_rounds_left"
    zh, en = "已要求修改 {most} 轮，请验收或提出诉求", "Changes were asked for {most} times: accept, or make a claim"
    source = "features.md §2.3: at most 3 rounds"


class NoticeNeeded(Refusal):
    """Ending somebody's work without having reminded them."""

    status, code = 409, "notice_needed"
    zh, en = (
        "承接方尚未收到催促，或仍在约定工期内",
        "The worker was not reminded yet, or is still within the time agreed on",
    )
    source = "features.md X19: the worker had notice"


class WorkUnderWay(Refusal):
    """Ending a contract by agreement while a delivery waits."""

    status, code = 409, "work_under_way"
    zh, en = "有阶段已交付或在争议中，请先处理", "A stage was delivered or is in dispute; settle that first"
    source = "features.md X22"


class ClaimOpen(Refusal):
    """A second claim beside an open one."""

    status, code = 409, "claim_open"
    zh, en = "已有一项诉求在处理", "A claim is open already"


class TooEarlyToFile(Refusal):
    """A complaint before the other side could answer."""

    status, code = 409, "too_early_to_file"
    zh, en = (
        "对方可在 {until} 前答复，此后方可提交裁定",
        "The other side may answer until {until}; after that it may be filed",
    )
    source = "features.md F1"


class TooLateToClaim(Refusal):
    """A claim long after the delivery."""

    status, code = 409, "too_late_to_claim"
    zh, en = "交付已超过 {days} 天，不能再提出诉求", "A claim is made within {days} days of the delivery"
    source = "features.md §2.3"


class TermsChanged(Refusal):
    """Signing terms other than those that were read."""

    status, code = 409, "terms_changed"
    zh, en = "条款与您看到的不一致，请重新阅读", "These are not the terms that you read; read them again"


class BeingPaid(Refusal):
    """A milestone whose money is there and is being booked."""

    status, code = 409, "being_paid"
    zh, en = "款项已到账，正在入账，请稍候", "Its money has arrived and is being booked; look again in a moment"


class ReviewClosed(Refusal):
    """A review outside its time, or without a settled deal."""

    status, code = 409, "review_closed"
    zh, en = (
        "只有结清的协议在规定时间内可以评价，且只能评价一次",
        "Only a settled contract is reviewed, once, and in time",
    )
    source = "features.md F6；电子商务法第39条"


class InvoiceKnown(Refusal):
    """A number that another invoice has."""

    status, code = 409, "invoice_known"
    zh, en = "该发票号码已登记过", "An invoice of this number is on record"
    source = "features.md X43"
