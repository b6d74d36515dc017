"""Refusals of led campaigns."""

from backend.common.errors import Refusal


class LeadMissing(Refusal):
    """A pledge to a led campaign that names no lead."""

    status, code = 409, "lead_missing"
    zh, en = "请先选择要跟投的领投人并阅读其条款", "Choose the lead you follow, and read their terms first"
    source = "features.md G13"


class LeadNotFunded(Refusal):
    """Following before the lead's money is in escrow, or after it has left."""

    status, code = 409, "lead_not_funded"
    zh, en = "领投资金尚未托管到账，暂不能跟投", "The lead's money is not in escrow, so nobody can follow yet"
    source = "features.md G13"


class StakeTooSmall(Refusal):
    """A lead's pledge below what it declared."""

    status, code = 409, "stake_too_small"
    zh, en = "领投支持的回报金额须达到声明的 {stake}", "A lead's pledge must reach the declared {stake}"
    source = "features.md G13"


class StakeOutOfRange(Refusal):
    """A declared stake outside what the rules allow."""

    status, code = 409, "stake_out_of_range"
    zh, en = "领投金额须在 {least} 至 {most} 之间", "A lead's stake must be between {least} and {most}"
    source = "features.md G13; credit-and-matching.md §4"


class LeadBound(Refusal):
    """A lead that takes its pledge back like a follower."""

    status, code = 409, "lead_bound"
    zh, en = "领投支持不能单独取消，请在领投页办理退出", "A lead's pledge cannot be cancelled alone; withdraw as a lead"
    source = "features.md §2.5"


class MoneyReward(Refusal):
    """A lead paid for leading with anything but goods or a price."""

    status, code = 409, "money_reward"
    zh, en = (
        "领投回报只能是实物或优惠价格（“{words}”）",
        "A lead's reward is goods or a price, nothing else (“{words}”)",
    )
    source = "features.md G13"


class RelationHidden(Refusal):
    """A lead that belongs to the maker."""

    status, code = 409, "own_campaign"
    zh, en = "发起人及其成员不能领投自己的项目", "The maker and its people cannot lead their own campaign"
    source = "features.md G13"


class LeadStands(Refusal):
    """A second candidacy of the same party."""

    status, code = 409, "lead_stands"
    zh, en = "您已申请领投该项目", "You already stand as a lead of this campaign"


class NotLed(Refusal):
    """Leading a campaign that is not open to leads now."""

    status, code = 409, "not_led"
    zh, en = "该项目当前不接受领投", "This campaign takes no leads now"


class LedAlready(Refusal):
    """Choosing the form of a campaign after leads have come."""

    status, code = 409, "rule_fixed"
    zh, en = "提交审核后不能改变领投跟投方式", "After submission the form of the campaign stays"
    source = "features.md G1"
