"""Refusals of payments."""

from backend.common.errors import Refusal


class RefundTooLarge(Refusal):
    """More than is left of the payment."""

    status, code = 409, "refund_too_large"
    zh, en = "退款合计不能超过已支付金额（尚可退 {left}）", "Refunds cannot exceed what was paid ({left} is left)"
    source = "features.md §2.1 Refund"


class RefundWindowPassed(Refusal):
    """The provider no longer takes refunds of this payment."""

    status, code = 409, "refund_window_passed"
    zh, en = "已超过支付机构的退款期限", "The provider's refund window has passed"
    source = "alipay.md §3"


class DisputeOpen(Refusal):
    """A chargeback is open for this payment."""

    status, code = 409, "dispute_open"
    zh, en = "该笔支付存在未结的拒付，暂不能退款", "A chargeback is open for this payment"
    source = "features.md §2.1 Chargeback"


class MoneyPromised(Refusal):
    """A refund by staff of money that was published as a prize."""

    status, code = 409, "money_promised"
    zh, en = (
        "这笔款项已作为奖金公布，只能按赛事规则发放或退回",
        "This is a published prize: it is paid or returned by the contest's rules alone",
    )
    source = "features.md D9"


class DisputeKnown(Refusal):
    """The provider's case is on record."""

    status, code = 409, "dispute_known"
    zh, en = "该案件编号已登记", "This case is on record already"
    source = "features.md §2.1 Chargeback"


class PreviewStale(Refusal):
    """The sums of a bulk refund are no longer those of its preview."""

    status, code = 409, "preview_stale"
    zh, en = "清单已变化，请重新试算", "The list has changed; preview it again"
    source = "features.md E7"


class PayoutInFlight(Refusal):
    """Another payout to the same party has not ended."""

    status, code = 409, "payout_in_flight"
    zh, en = "已有一笔付款正在办理", "Another payout is under way"
    source = "features.md E5"


class DebtOpen(Refusal):
    """Something new by a party that owes the platform."""

    status, code = 409, "debt_open"
    zh, en = "您尚有欠款 {owed}，还清前不能发起新的项目", "You owe {owed}; nothing new can be started until it is paid"
    source = "features.md §2.1, Debt"


class OwedToOthers(Refusal):
    """The platform would let go of what is not its own."""

    status, code = 409, "owed_to_others"
    zh, en = "这笔款欠的是他人，平台不能代为核销", "This is owed to others; it is not the platform's to write off"
    source = "features.md §2.4"


class NothingOwed(Refusal):
    """A repayment where nothing is due."""

    status, code = 409, "nothing_owed"
    zh, en = "您目前没有欠款", "You owe nothing"
    source = "features.md §2.4"


class PayoutAccountMissing(Refusal):
    """No account to be paid to, or not usable yet."""

    status, code = 409, "payout_account_missing"
    zh, en = "尚无可用的收款账户（新账户需等待 24 小时）", "No usable payout account (a new one waits 24 hours)"
    source = "features.md A7"


class PayoutsHalted(Refusal):
    """The stop switch is on."""

    status, code = 503, "payouts_halted"
    zh, en = "付款已暂停：{reason}", "Payouts are halted: {reason}"
    source = "security.md §2"


class DailyCapReached(Refusal):
    """The day's payouts would exceed the cap."""

    status, code = 409, "daily_cap_reached"
    zh, en = "已达当日付款上限", "The daily cap on payouts is reached"
    source = "security.md §2"


class AmountTooSmall(Refusal):
    """Below what the provider transfers."""

    status, code = 409, "amount_too_small"
    zh, en = "金额低于支付机构的最低限额 ¥0.10", "Below the provider's minimum of ¥0.10"
    source = "alipay.md §2"
