"""Refusals of calendar and diary."""

from backend.common.errors import Refusal


class DiaryClosed(Refusal):
    """The campaign has ended; what was written stays."""

    status, code = 409, "diary_closed"
    zh, en = "项目已结束，日志不再更新", "The campaign has ended; its diary is closed"
    source = "features.md G11"


class StepPromised(Refusal):
    """Backers have seen the step: it may move, and not vanish."""

    status, code = 409, "step_promised"
    zh, en = "已公布的农时不能删除，可以改期并说明理由", "A step that was published cannot vanish; move it and say why"
    source = "features.md G11"
