"""Refusals of judging."""

from backend.common.errors import Refusal


class Undeclared(Refusal):
    """Scoring before declaring to be free of conflicts."""

    status, code = 403, "undeclared"
    zh, en = "请先声明没有利益冲突，或选择回避", "Declare that you are free of conflicts first, or recuse yourself"
    source = "features.md D4"


class Conflicted(Refusal):
    """A judge, a decider or an applicant with a tie to the other side."""

    status, code = 403, "conflicted"
    zh, en = "您与对方有关联（{why_zh}），须回避", "You have a tie to the other side ({why_en}) and may not take part"
    source = "features.md D4, F3"


class ScoresMissing(Refusal):
    """A result before every application has the scores that the call asks for."""

    status, code = 409, "scores_missing"
    zh, en = "还有 {count} 份评分未提交", "{count} scores are missing"
    source = "features.md D4"


class NotHeard(Refusal):
    """A decision before the other side had its say."""

    status, code = 409, "not_heard"
    zh, en = (
        "对方可在 {until} 前答辩，答辩或到期后才能裁定",
        "The other side may answer until {until}; decide after that",
    )
    source = "features.md K2"


class ObjectionsClosed(Refusal):
    """An objection outside its time."""

    status, code = 409, "objections_closed"
    zh, en = "异议只能在公示期内提出", "Objections are taken in the publicity period only"
    source = "features.md D7"


class ObjectedAlready(Refusal):
    """A second objection of the same party about the same work."""

    status, code = 409, "objected_already"
    zh, en = "您已就此提出异议，请等待裁定", "You have objected to this; it is being decided"
    source = "features.md D7"


class TooManyObjections(Refusal):
    """More objections in one call than the rule allows a party."""

    status, code = 429, "too_many_objections"
    zh, en = "每个评审最多提出 {most} 次异议", "At most {most} objections in one call"
    source = "proposal"


class NoJudgeLeft(Refusal):
    """A panel that is full, or a change of it when judging has begun."""

    status, code = 409, "panel_closed"
    zh, en = "评委名单已满或评审已结束", "The panel is full, or judging is over"
    source = "features.md D4"
