"""Refusals of on-site errands."""

from backend.common.errors import Refusal


class ErrandFixed(Refusal):
    """Editing what is submitted or published."""

    status, code = 409, "errand_fixed"
    zh, en = "任务已提交或发布，不能再改", "It is submitted or published, and stays as it is"
    source = "features.md C6"


class ErrandIncomplete(Refusal):
    """A draft that lacks something."""

    status, code = 409, "errand_incomplete"
    zh, en = "{what_zh}", "{what_en}"


class StopsRefused(Refusal):
    """A file of stops with rows that cannot be taken; nothing of it was."""

    status, code = 422, "stops_refused"
    zh, en = (
        "第 {row} 行（{field_name}）：{what}。整个文件都没有导入",
        "Row {row} ({field_name}): {what}. Nothing of the file was taken",
    )


class NotRegistered(Refusal):
    """Taking errands without having said from where and how far one goes."""

    status, code = 409, "not_registered"
    zh, en = "请先登记接单地点、半径和类型", "First say from where, how far and what you run"


class OwnErrand(Refusal):
    """Doing one's own errand, or that of somebody one belongs to."""

    status, code = 403, "own_errand"
    zh, en = "发布方及其关联人不能接单", "The poster and those who belong to them may not take it"
    source = "features.md X5"


class StopTaken(Refusal):
    """Booking what somebody has, or what is over."""

    status, code = 409, "stop_taken"
    zh, en = "该点位已被预订或已结束", "This stop is taken or over"


class TooFar(Refusal):
    """A stop outside the reach that the runner set."""

    status, code = 409, "too_far"
    zh, en = "超出您设定的 {reach} 公里半径", "Beyond your reach of {reach} km"
    source = "features.md C6"


class OtherKind(Refusal):
    """A stop of a kind that the runner does not run."""

    status, code = 409, "other_kind"
    zh, en = (
        "您没有选择接这类任务，可在接单设置中添加",
        "You did not choose this kind of errand; add it to your settings",
    )


class QuotaFull(Refusal):
    """More stops in hand than reputation allows."""

    status, code = 409, "quota_full"
    zh, en = "您手上已有 {n} 个点位，按信誉最多 {quota} 个", "You hold {n} stops; your reputation allows {quota}"
    source = "features.md C6"


class NotYetYours(Refusal):
    """Booking before the time at which one's reputation may."""

    status, code = 409, "not_yet_yours"
    zh, en = "按信誉您可从 {at} 起预订", "Your reputation lets you book from {at} on"
    source = "features.md C6"


class LicenceMissing(Refusal):
    """A regulated kind without a licence in force until the service is over."""

    status, code = 403, "licence_missing"
    zh, en = "需在服务时间（至 {until}）内有效的{licence_zh}", "This needs a {licence_en} in force until {until}"
    source = "features.md C6"


class DispatchOnly(Refusal):
    """Booking what the platform offers one by one."""

    status, code = 409, "dispatch_only"
    zh, en = "该任务由平台派单，请等待派单通知", "This errand is offered one by one; wait for an offer"


class GaveItUp(Refusal):
    """Booking again what one gave up."""

    status, code = 409, "gave_it_up"
    zh, en = "您放弃过该点位，不能再次预订", "You gave this stop up before"


class OutsideWindow(Refusal):
    """Handing in before the window opens or after it closed."""

    status, code = 409, "outside_window"
    zh, en = "只能在 {start} 至 {end} 之间提交", "It can be handed in between {start} and {end}"
    source = "features.md C6"


class PhotosMissing(Refusal):
    """Handing in fewer photos than asked for."""

    status, code = 409, "photos_missing"
    zh, en = "至少需要 {least} 张照片，现有 {n} 张", "At least {least} photos are needed; there are {n}"


class RedoneAlready(Refusal):
    """Doing a stop again a second time."""

    status, code = 409, "redone_already"
    zh, en = "已重做过一次，可提出异议由平台裁定", "It was done again once; you may contest the refusal"


class HasTakers(Refusal):
    """Cancelling an errand that somebody has in hand or has done."""

    status, code = 409, "has_takers"
    zh, en = (
        "已有人预订或完成，不能取消；可以撤下没人预订的点位",
        "Somebody holds or did a stop; drop the free ones instead",
    )


class OfferOver(Refusal):
    """Answering an offer that is over."""

    status, code = 409, "offer_over"
    zh, en = "派单已失效", "The offer is over"


class NoHistory(Refusal):
    """Asking for a forecast while there is nothing to learn from."""

    status, code = 409, "no_history"
    zh, en = "历史任务还不够多，暂不能预测完成率", "There are not enough past errands to forecast from yet"


class ServiceThere(Refusal):
    """A second line of the same name on one's price card."""

    status, code = 409, "service_there"
    zh, en = "价目表上已有同名的服务", "Your price card has a service of this name"


class TooManyServices(Refusal):
    """More lines than a price card takes."""

    status, code = 409, "too_many_services"
    zh, en = "价目表最多 {most} 项服务", "A price card takes {most} services"


class PriceChanged(Refusal):
    """Ordering at a price that is no longer the card's."""

    status, code = 409, "price_changed"
    zh, en = "价格已变为 {price}，请重新确认", "The price is now {price}: look again"


class OutOfReach(Refusal):
    """Ordering to a place that the provider does not go to."""

    status, code = 409, "out_of_reach"
    zh, en = "地点超出服务者的 {reach} 公里范围", "The place is beyond the {reach} km that the provider goes"
    source = "features.md C6"
