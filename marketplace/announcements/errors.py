"""Refusals of announcements."""

from backend.common.errors import Refusal


class NobodyThere(Refusal):
    """An announcement to nobody."""

    status, code = 409, "nobody_there"
    zh, en = "还没有人参与，没有可以通知的人", "Nobody takes part yet; there is nobody to tell"


class TooManyAnnouncements(Refusal):
    """More announcements of one work in a day than people want to read."""

    status, code = 409, "too_many_announcements"
    zh, en = "每个任务每天最多 {most} 条公告", "At most {most} announcements a day for one work"
    source = "features.md P4"
