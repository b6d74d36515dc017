"""Refusals of appeals."""

from backend.common.errors import Refusal


class NotAppealable(Refusal):
    """Nothing that a moderator decided stands against it, or too long ago."""

    status, code = 409, "not_appealable"
    zh, en = "目前没有可以申诉的审核决定", "No decision of a moderator that can be appealed stands against it"
    source = "features.md P3"


class AppealedAlready(Refusal):
    """A second appeal against one decision."""

    status, code = 409, "appealed_already"
    zh, en = "对这一决定已申诉过一次", "This decision was appealed once"
    source = "features.md P3"


class NotAnother(Refusal):
    """Whoever decided, or belongs to the matter, answers the appeal."""

    status, code = 403, "not_another"
    zh, en = (
        "申诉须由未参与原决定、与项目无关联的审核员答复",
        "Another moderator answers: neither the one who decided, nor one of the matter",
    )
    source = "features.md P3"
