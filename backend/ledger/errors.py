"""Refusals of the ledger."""

from backend.common.errors import Refusal


class InsufficientFunds(Refusal):
    """The account would fall below its floor."""

    status, code = 409, "insufficient_funds"
    zh, en = "账户余额不足", "The account does not hold enough"
    source = "ledger.md §3.5"


class PostingConflict(Refusal):
    """The key of a transfer was used with other legs."""

    status, code = 409, "posting_conflict"
    zh, en = "同一记账键对应了不同的内容", "This posting key was used with other legs"


class FeeNotListed(Refusal):
    """A fee that is not on the published schedule, or not in this amount."""

    status, code = 409, "fee_not_listed"
    zh, en = "收费不在已公布的清单内", "The fee is not on the published schedule"
    source = "涉企收费清单; features.md E8, M5"


class AlreadyResolved(Refusal):
    """A hold was captured or voided before, or a transfer reversed before."""

    status, code = 409, "already_resolved"
    zh, en = "该笔冻结或转账已经处理过", "This hold or transfer was resolved before"


class PostingRefused(Refusal):
    """The database refused the legs: unknown account, two currencies, an amount out of range."""

    status, code = 409, "posting_refused"
    zh, en = "记账被拒绝：{problem}", "The posting was refused: {problem}"
