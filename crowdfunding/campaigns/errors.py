"""Refusals of campaigns."""

from backend.common.errors import Refusal


class CampaignNotLive(Refusal):
    """A pledge outside the window."""

    status, code = 409, "campaign_not_live"
    zh, en = "该项目当前不接受支持（{state_zh}）", "This campaign takes no pledges now ({state_en})"
    source = "features.md §2.4"


class BatchTaken(Refusal):
    """A batch cut below what backers have of it."""

    status, code = 409, "batch_taken"
    zh, en = "已有支持者占用，数量不能再少", "Backers have more of it than that"
    source = "features.md G11"


class NoLatePledges(Refusal):
    """Late pledges where there are none: before success, once it ships or is overdue, for led campaigns, or too late."""

    status, code = 409, "no_late_pledges"
    zh, en = (
        "该项目现在不能开放后续支持：须在众筹成功之后、发货之前，且距承诺交付日还有足够时间；领投项目和已申报歉收的项目不适用",
        "Late pledges are for campaigns that succeeded and do not ship yet, well before the promised date, not led, of a whole harvest",
    )
    source = "features.md G8"


class LateNeedsReward(Refusal):
    """A late pledge for nothing: the goal is reached, and only goods are left to have."""

    status, code = 409, "late_needs_reward"
    zh, en = "众筹已成功，后续支持须选择回报", "The campaign has succeeded: choose a reward"
    source = "features.md G8"


class TierSoldOut(Refusal):
    """No unit of the reward is left, payable reservations counted."""

    status, code = 409, "tier_sold_out"
    zh, en = "该回报已被订完", "This reward is gone"
    remedy_zh, remedy_en = (
        "选择其他回报，或稍后再看：超时未付的名额会释放",
        "Choose another, or look again: unpaid ones come back",
    )
    source = "features.md G2"


class TierClosed(Refusal):
    """The reward is no longer offered."""

    status, code = 409, "tier_closed"
    zh, en = "该回报已停止接受支持", "This reward is no longer offered"


class PersonLimit(Refusal):
    """More than one person may take."""

    status, code = 409, "person_limit"
    zh, en = "该回报每人限 {limit} 份", "This reward is limited to {limit} per person"
    source = "features.md G2"


class OwnCampaign(Refusal):
    """A maker backing the own campaign."""

    status, code = 409, "own_campaign"
    zh, en = "不能支持自己发起的项目", "You cannot back your own campaign"


class PriceChanged(Refusal):
    """The total the client showed is not the one the server computes."""

    status, code = 409, "price_changed"
    zh, en = "金额已变化，应付 {total}", "The price has changed; the total is {total}"
    source = "security.md: amounts are computed on the server"


class CancelTooLate(Refusal):
    """The last hour before the deadline, or after it."""

    status, code = 409, "cancel_too_late"
    zh, en = (
        "截止前最后 {hours} 小时及截止后不能自行取消",
        "Pledges cannot be withdrawn in the last {hours} hour(s) or later",
    )
    source = "features.md G7"


class Incomplete(Refusal):
    """Something that a campaign must have before review."""

    status, code = 409, "incomplete"
    zh, en = "{what_zh}", "{what_en}"
    source = "domain.md §3.1"


class GoalOutOfRange(Refusal):
    """Outside what the rules allow."""

    status, code = 409, "out_of_range"
    zh, en = "{what_zh}须在 {least} 至 {most} 之间", "{what_en} must be between {least} and {most}"
    source = "domain.md cf.reward.period"


class StretchTooLate(Refusal):
    """A new physical promise when the campaign is nearly over."""

    status, code = 409, "stretch_too_late"
    zh, en = (
        "截止前 {hours} 小时内不能新增实物追加目标",
        "No new physical stretch goal in the last {hours} hours",
    )
    source = "features.md G4"


class RuleFixed(Refusal):
    """The funding rule, goal or deadline after launch; a tier that has a pledge."""

    status, code = 409, "rule_fixed"
    zh, en = (
        "发布后不能修改规则、目标和截止时间，已有人支持的回报也不能删改",
        "After launch the rule, goal and deadline stay, and so does a reward that has a backer",
    )
    source = "features.md G1, G2"


class Affiliated(Refusal):
    """A reviewer of the own organisation's campaign."""

    status, code = 403, "affiliated"
    zh, en = "审核人与发起人有关联，应当回避", "The reviewer is affiliated with the maker and must step aside"
    source = "features.md P3"


class ChecklistOpen(Refusal):
    """Approved without every line of the checklist signed."""

    status, code = 409, "checklist_open"
    zh, en = "审核清单未全部确认", "The checklist is not complete"
    source = "features.md §2.4"


class TooLateToRemind(Refusal):
    """No reminder would come any more."""

    status, code = 409, "too_late_to_remind"
    zh, en = "该项目即将截止或已结束，不再提醒", "This campaign is over or about to end; no reminder would come"
    source = "campaigns.remind_hours"


class ChangeTooLate(Refusal):
    """The pledge is not paid, or the campaign takes no changes any more."""

    status, code = 409, "change_too_late"
    zh, en = (
        "只有已支付的支持可以更换回报，且须在截止前 1 小时之前",
        "Only a paid pledge can change its reward, before the last hour",
    )
    source = "features.md G7"


class ChangeUnderWay(Refusal):
    """A new order in place of this pledge waits for its payment."""

    status, code = 409, "change_under_way"
    zh, en = "已有一笔待支付的更换，请先支付或放弃", "A change of this pledge waits to be paid; pay or drop it first"
    source = "features.md G2"


class SameReward(Refusal):
    """The chosen reward is the one that the backer has."""

    status, code = 422, "same_reward"
    zh, en = "请选择另一档回报；加购请另行支持", "Choose another reward; for more of the same, pledge again"
    source = "features.md G2"


class VerdictWaits(Refusal):
    """Payments that may still clear."""

    status, code = 409, "verdict_waits"
    zh, en = "尚有待确认的支付，暂不能判定", "Payments are still pending; no verdict yet"
    source = "features.md G3"


class SignedAlready(Refusal):
    """The campaign's one cancellation record exists."""

    status, code = 409, "cancellation_exists"
    zh, en = "该项目的取消申请已存在", "A cancellation of this campaign exists already"
    source = "features.md X14"


class TailWaits(Refusal):
    """The tail's conditions do not hold."""

    status, code = 409, "tail_waits"
    zh, en = "尾款条件未满足：{what_zh}", "The tail's conditions do not hold: {what_en}"
    source = "features.md G5, G9"


class Stale(Refusal):
    """Another window or person saved since this one was opened."""

    status, code = 412, "stale"
    zh, en = "内容已在别处修改，请刷新后再保存", "This was changed elsewhere; reload before saving"
    source = "features.md P6"


class SaidAlready(Refusal):
    """A second word about a settlement outside while the first waits for its answer."""

    status, code = 409, "said_already"
    zh, en = "已有一份结清说明待确认", "A settlement outside already waits for its answer"
    source = "features.md X15"


class ReturnTooLate(Refusal):
    """A claim about goods that came long ago."""

    status, code = 409, "return_too_late"
    zh, en = "收货已超过 {days} 天，不能再申请退款", "The goods came more than {days} days ago"
    remedy_zh, remedy_en = "如有质量问题，可与发起人协商", "If something is wrong with them, talk to the maker"
    source = "消费者权益保护法 art. 25; features.md G7"


class FileMissing(Refusal):
    """A document that the category asks for is not there, or not verified and valid on the day."""

    status, code = 409, "file_missing"
    zh, en = (
        "请先在项目档案中提交：{what_zh}；上线前须核验",
        "File this in the passport, to be verified before the start: {what_en}",
    )
    source = "features.md G11"


class DepositMissing(Refusal):
    """A large goal without the maker's deposit."""

    status, code = 409, "deposit_missing"
    zh, en = "发布前须缴存保证金 {amount}", "Put in the deposit of {amount} before you publish"
    source = "features.md §2.4"


class NoDepositDue(Refusal):
    """Nothing to pay in: not approved, a small goal, or there already."""

    status, code = 409, "no_deposit_due"
    zh, en = "目前没有需要缴纳的保证金", "There is no deposit to pay now"
    source = "features.md §2.4"
