"""Refusals of knowledge."""

from backend.common.errors import Refusal


class ChangeFixed(Refusal):
    """Editing a change that is with a reviewer, or decided."""

    status, code = 409, "change_fixed"
    zh, en = "修改已提交评审或已有结论，不能再改", "It is with a reviewer, or decided, and stays as it is"


class ChangeIncomplete(Refusal):
    """A change that lacks something."""

    status, code = 409, "change_incomplete"
    zh, en = "{what_zh}", "{what_en}"


class LicenceMissing(Refusal):
    """A contribution without a licence."""

    status, code = 409, "licence_missing"
    zh, en = "请选择贡献许可：{choices}", "Choose the licence of your contribution: {choices}"
    source = "features.md C7"


class LicenceUnfit(Refusal):
    """A contribution under a licence that does not go into the entry's."""

    status, code = 409, "licence_unfit"
    zh, en = (
        "本条目以 {entry} 发布，{given} 的内容不能并入，请选择：{choices}",
        "This entry is under {entry}; what is under {given} may not go into it. Choose one of: {choices}",
    )
    source = "features.md C7; CC licences' own compatibility"


class Outdated(Refusal):
    """A change made on a version that is not the latest any more."""

    status, code = 409, "outdated"
    zh, en = (
        "条目已更新到第 {current} 版，这份修改基于第 {base} 版：请作者对照后更新基准版本",
        "The entry is at version {current}, the change at {base}: its author compares and takes the new one as base",
    )
    source = "features.md C7"


class NotIndependent(Refusal):
    """Reviewing a change of one's own, of one's organisation, or of somebody one has a tie to."""

    status, code = 403, "not_independent"
    zh, en = "评审人须与作者无关：{why_zh}", "A reviewer must be independent of the author: {why_en}"
    source = "features.md C7"


class NotYetReviewer(Refusal):
    """Reviewing without the standing for it."""

    status, code = 403, "not_yet_reviewer"
    zh, en = (
        "评审需实名等级 {level}，且已有 {needed} 份修改被采用（您有 {held} 份）",
        "Reviewing needs the real-name level {level} and {needed} published changes; you have {held}",
    )
    source = "features.md C7"


class InHandAlready(Refusal):
    """Taking a second change to review."""

    status, code = 409, "in_hand_already"
    zh, en = "您手上有一份未完成的评审，请先完成或放回", "You have one in hand: decide it, or put it back"
    source = "features.md X31"


class OpenAlready(Refusal):
    """A second open change of one person to one entry."""

    status, code = 409, "open_already"
    zh, en = "您对本条目已有一份未完成的修改", "You have an open change to this entry"


class GapClosed(Refusal):
    """Handing in for a gap that is not open any more, by the server's clock."""

    status, code = 409, "gap_closed"
    zh, en = "悬赏已截止或已结束", "The bounty is closed, or over"
    source = "features.md C7"


class OwnGap(Refusal):
    """Filling a gap of one's own, or of one's organisation."""

    status, code = 403, "own_gap"
    zh, en = "悬赏方及其关联人不能领取赏金", "The poster and those who belong to them may not earn the bounty"
    source = "features.md C7, D9"


class GapAnswered(Refusal):
    """Cancelling a bounty that somebody is working for."""

    status, code = 409, "gap_answered"
    zh, en = (
        "已有人提交，不能取消：评审结束后按规则处理",
        "Somebody handed in: it cannot be cancelled before that is reviewed",
    )
    source = "features.md X22"


class FillingUndecided(Refusal):
    """Publishing what was written for a bounty without saying whether it fills the gap."""

    status, code = 409, "filling_undecided"
    zh, en = "请选择是否补上了悬赏的空缺", "Say whether it fills the gap"
