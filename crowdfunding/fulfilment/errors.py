"""Refusals of fulfilment."""

from backend.common.errors import Refusal


class AddressLocked(Refusal):
    """An address after the lock."""

    status, code = 409, "address_locked"
    zh, en = "地址已锁定，不能再修改", "The address is locked and cannot be changed"
    remedy_zh, remedy_en = (
        "向发起人提交更改请求，发货前由其决定",
        "Ask the maker for the change; they decide until it ships",
    )
    source = "features.md G6, X16"


class SurveyFixed(Refusal):
    """Questions after somebody has answered."""

    status, code = 409, "survey_fixed"
    zh, en = "已有支持者填写，问卷不能再改", "Somebody has answered; the questions stay"


class NotYetLost(Refusal):
    """A loss reported before the parcel can have come."""

    status, code = 409, "not_yet_lost"
    zh, en = "发货满 {days} 天后才能报告丢失", "A loss can be reported {days} days after shipping"


class AddressesClosed(Refusal):
    """Addresses outside the time in which the maker needs them."""

    status, code = 409, "addresses_closed"
    zh, en = (
        "众筹成功并锁定地址后、结项后 {days} 天内才能导出地址",
        "Addresses can be exported after success and the lock, until {days} days after the end",
    )
    source = "features.md G6; PIPL art. 6"


class BatchRefused(Refusal):
    """A batch file with rows that do not fit; nothing of it was taken."""

    status, code = 422, "batch_refused"
    zh, en = "第 {row} 行：{why_zh}", "Row {row}: {why_en}"
