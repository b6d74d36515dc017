"""Refusals of micro-tasks."""

from backend.common.errors import Refusal


class JobFixed(Refusal):
    """Editing what is submitted or published."""

    status, code = 409, "job_fixed"
    zh, en = (
        "任务已提交或发布，不能再改：题目、单价和规则都以发布时为准",
        "It is submitted or published: items, price and rules stay as they were published",
    )
    source = "features.md C3"


class JobIncomplete(Refusal):
    """A draft that lacks something."""

    status, code = 409, "job_incomplete"
    zh, en = "{what_zh}", "{what_en}"


class RowsRefused(Refusal):
    """A file of items with rows that cannot be taken; nothing of it was."""

    status, code = 422, "rows_refused"
    zh, en = "第 {row} 行：{what_zh}。整个文件都没有导入", "Row {row}: {what_en}. Nothing of the file was taken"


class OwnJob(Refusal):
    """Answering one's own items, or those of somebody one belongs to."""

    status, code = 403, "own_job"
    zh, en = "发布方及其关联人不能作答", "The poster and those who belong to them may not answer"
    source = "features.md C3, X5"


class SheetInHand(Refusal):
    """Taking a sheet while another one is in hand, in whatever job."""

    status, code = 409, "sheet_in_hand"
    zh, en = "您手上还有一份题目：先提交或放回", "You have a sheet in hand: hand it in or give it back first"
    source = "features.md X31"


class NothingToTake(Refusal):
    """No item is left for this worker now."""

    status, code = 409, "nothing_to_take"
    zh, en = (
        "现在没有您可以领取的题目：都有人在作答，或您已经答过",
        "There is no item for you now: all are in hand, or you have answered them",
    )


class JobClosed(Refusal):
    """Taking or answering outside the window."""

    status, code = 409, "job_closed"
    zh, en = "任务已停止发题", "Items are no longer handed out"


class SheetLapsed(Refusal):
    """Answering after the time ran out, or what was given back."""

    status, code = 409, "sheet_lapsed"
    zh, en = "这份题目已超时或已放回，请重新领取", "Its time ran out, or it was given back: take a new one"
    source = "features.md C3"


class ExtensionsSpent(Refusal):
    """More extensions than the rule allows."""

    status, code = 409, "extensions_spent"
    zh, en = "最多延长 {most} 次", "At most {most} extensions"


class Stopped(Refusal):
    """Working on after too many gold items were missed."""

    status, code = 403, "stopped"
    zh, en = (
        "校验题正确率低于 {least}%，已暂停领取；可对校验题提出申诉",
        "Fewer than {least}% of your gold items were right: you may contest them",
    )
    source = "features.md C3, X30"


class NoteUnread(Refusal):
    """Answering an item that was rejected before, without having opened why."""

    status, code = 409, "note_unread"
    zh, en = "请先打开这道题的退回意见", "Open first why this item was sent back"
    source = "features.md X32"


class OtherHat(Refusal):
    """Going on with a job under another hat than one began with."""

    status, code = 409, "other_hat"
    zh, en = "您已用另一个身份参与此任务，请切换回去", "You take part in this job under another hat: change back to it"


class HasAnswers(Refusal):
    """Cancelling a job that people have worked on."""

    status, code = 409, "has_answers"
    zh, en = (
        "已有人作答，不能取消；可以提前结束，已提交的答案照常结算",
        "There are answers: it cannot be cancelled, only closed early; what was handed in is paid",
    )
    source = "features.md X22"


class PleaRefused(Refusal):
    """A plea about what cannot be contested, or too late."""

    status, code = 409, "plea_refused"
    zh, en = (
        "只能在 {days} 天内对答错的校验题或被退回的答案申诉",
        "Only a missed gold item or a rejected answer can be contested, within {days} days",
    )
    source = "features.md X30"
