"""Refusals of covers."""

from backend.common.errors import Refusal


class CoverFixed(Refusal):
    """Another picture for what is submitted or published: a moderator has seen it as it is."""

    status, code = 409, "cover_fixed"
    zh, en = "任务已提交或发布，封面不能再改", "It is submitted or published, and its cover stays as it is"
    source = "features.md P3"
