"""Refusals of solicitations."""

from backend.common.errors import Refusal


class SolicitationFixed(Refusal):
    """Editing what is submitted or published."""

    status, code = 409, "solicitation_fixed"
    zh, en = "征集已提交或发布，不能再改", "It is submitted or published and stays as it is"


class SolicitationIncomplete(Refusal):
    """A draft that lacks something."""

    status, code = 409, "solicitation_incomplete"
    zh, en = "{what_zh}", "{what_en}"


class IdeasClosed(Refusal):
    """Proposing or endorsing outside the window, by the server's clock."""

    status, code = 409, "ideas_closed"
    zh, en = "征集未开放或已截止", "Ideas are not taken now"
    source = "features.md C5"


class IdeaLimit(Refusal):
    """More ideas than one person may propose."""

    status, code = 409, "idea_limit"
    zh, en = "每人最多提出 {most} 条创意", "At most {most} ideas each"


class OwnIdea(Refusal):
    """Endorsing one's own idea, or that of an organisation one belongs to."""

    status, code = 403, "own_idea"
    zh, en = "不能支持自己或所在单位的创意", "You may not endorse an idea of your own or of your organisation"
    source = "features.md C5"


class EndorsedAlready(Refusal):
    """A second endorsement of an idea by the same natural person."""

    status, code = 409, "endorsed_already"
    zh, en = "您已支持过这条创意", "You have endorsed this idea"
    source = "features.md C5"


class LevelForEndorsing(Refusal):
    """Endorsing with a lower real-name level than the solicitation asks for."""

    status, code = 403, "level_for_endorsing"
    zh, en = (
        "支持需要实名等级 {needed}，您目前是 {held}",
        "Endorsing needs the real-name level {needed}; yours is {held}",
    )
    source = "features.md C5"
