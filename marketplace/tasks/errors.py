"""Refusals of tasks."""

from backend.common.errors import Refusal


class Stale(Refusal):
    """Another window saved first."""

    status, code = 409, "stale"
    zh, en = "另一个窗口已保存过，请刷新后再改", "Another window saved first: load it again"


class TaskFixed(Refusal):
    """Editing what is published."""

    status, code = 409, "task_fixed"
    zh, en = (
        "任务已提交或发布，不能直接编辑；发布后请用“变更条款”",
        "It is submitted or published; change its terms instead",
    )
    source = "features.md D3"


class TermsIncomplete(Refusal):
    """A draft that lacks something."""

    status, code = 409, "terms_incomplete"
    zh, en = "{what_zh}", "{what_en}"


class BiddingClosed(Refusal):
    """A bid or a change outside the window, by the server's clock."""

    status, code = 409, "bidding_closed"
    zh, en = "应标已于 {closes_at} 截止", "Bidding closed at {closes_at}"
    source = "features.md D1"


class OwnTask(Refusal):
    """A bid of the poster, or of somebody who belongs to them."""

    status, code = 403, "own_task"
    zh, en = "发包方及其关联人不能应标", "The poster and those who belong to them may not bid"
    source = "features.md D9"


class AboveBudget(Refusal):
    """A price above the limit on the task, or too small to be divided."""

    status, code = 409, "above_budget"
    zh, en = "报价须在 {least} 与最高限价 {most} 之间", "The price must be between {least} and the limit of {most}"
    source = "features.md D1"


class TermsMoved(Refusal):
    """A bid on terms other than those in force."""

    status, code = 409, "terms_moved"
    zh, en = "任务条款已变更，请先阅读新版本", "The terms have changed; read the new version first"
    source = "features.md D3"


class TooManyBids(Refusal):
    """More bids a day than the rule allows."""

    status, code = 429, "too_many_bids"
    zh, en = "今日应标已达上限 {most} 个", "You have made today's {most} bids"
    source = "features.md P4"


class CopiedBid(Refusal):
    """One text sent to many tasks."""

    status, code = 409, "copied_bid"
    zh, en = (
        "这份方案与您在其他任务中的应标几乎相同，请针对本任务填写",
        "This is nearly what you sent for another task; write for this one",
    )
    source = "features.md P4"


class AskingClosed(Refusal):
    """A question after the window of questions."""

    status, code = 409, "asking_closed"
    zh, en = "提问已截止", "The time for questions is over"
    source = "features.md D2"


class HasBids(Refusal):
    """Changing what bids stand on without saying so."""

    status, code = 409, "has_bids"
    zh, en = "已有应标，须写明理由", "There are bids; say why"


class NotAll(Refusal):
    """Deciding before questions are answered."""

    status, code = 409, "questions_open"
    zh, en = "还有 {count} 个问题未答复，请先答复", "{count} questions are not answered; answer them first"
    source = "features.md D2"


class Affiliated(Refusal):
    """A moderator at work on their own organisation's task."""

    status, code = 403, "affiliated"
    zh, en = "您与发包方有关联，须回避", "You belong to the poster and may not decide"
    source = "features.md P3"


class ChecklistOpen(Refusal):
    """An approval with a line of the checklist unsigned."""

    status, code = 409, "checklist_open"
    zh, en = "审核清单尚未全部确认", "A line of the checklist is not signed"
    source = "features.md P3"
