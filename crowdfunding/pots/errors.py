"""Refusals of match pots."""

from backend.common.errors import Refusal


class NotAnOrganisation(Refusal):
    """A pot put up by a person."""

    status, code = 409, "not_an_organisation"
    zh, en = "配捐由单位出资，请切换到所代表的组织", "A pot is an organisation's: switch to the one you act for"
    source = "features.md G10: government or firm"


class RatioOutOfRange(Refusal):
    """A ratio that the rules do not allow."""

    status, code = 409, "ratio_out_of_range"
    zh, en = "配捐比例须大于 0 且不超过 {most} %", "The ratio must be above 0 and at most {most} %"
    source = "features.md G10"


class PotTooSmall(Refusal):
    """A pot below the least that is worth a review."""

    status, code = 409, "pot_too_small"
    zh, en = "资金池不得少于 {least}", "A pot holds at least {least}"
    source = "rule pots.amount_least_fen"


class CapTooHigh(Refusal):
    """A cap above the pot itself, or a person's above a project's."""

    status, code = 409, "cap_too_high"
    zh, en = (
        "每人上限不得高于每个项目上限，每个项目上限不得高于总额",
        "A person's cap fits in a project's, and that in the pot",
    )
    source = "features.md G10"


class WindowOutOfRange(Refusal):
    """A window that lies in the past, is turned round or too long."""

    status, code = 409, "window_out_of_range"
    zh, en = (
        "截止时间须晚于开始时间和现在，全程不超过 {days} 天",
        "It ends after it begins and after now, within {days} days",
    )
    source = "rule pots.days_most"


class BeingPaid(Refusal):
    """Taking back a pot whose order is at the cashier or whose money has just come."""

    status, code = 409, "being_paid"
    zh, en = "注资款项已到账，正在入账，请稍候", "Its money has arrived and is being booked; look again in a moment"
