"""Refusals of project passports."""

from backend.common.errors import Refusal


class PassportKnown(Refusal):
    """A second live passport for one venture."""

    status, code = 409, "passport_known"
    zh, en = "该项目已有档案，请在原档案上更新", "This venture has a passport: bring that one up to date"
    source = "features.md B7"


class FactKnown(Refusal):
    """Typing again what is filed or verified."""

    status, code = 409, "fact_known"
    zh, en = (
        "该凭证已在档案中，直接引用即可，无需重填",
        "This document is filed: refer to it instead of typing it again",
    )
    source = "features.md B7"


class FactTaken(Refusal):
    """A document that was verified for somebody else's venture."""

    status, code = 409, "fact_taken"
    zh, en = "该凭证已核验在另一个项目名下", "This document is verified for another venture"
    source = "features.md B7"


class NotWritable(Refusal):
    """Writing a passport that is being reviewed, taken down or archived."""

    status, code = 409, "passport_not_writable"
    zh, en = "审核中、已下架或已归档的档案不能修改", "In review, taken down or archived: it cannot be changed now"


class PassportStale(Refusal):
    """Another window saved first."""

    status, code = 412, "stale"
    zh, en = "档案已在别处修改，请刷新后再保存", "It was changed elsewhere: reload before you save"


class PassportIncomplete(Refusal):
    """Something that review needs is missing."""

    status, code = 409, "incomplete"
    zh, en = "{what_zh}", "{what_en}"


class LinkDead(Refusal):
    """A team link that is too old, or of a team that is full or closed."""

    status, code = 410, "team_link_dead"
    zh, en = "邀请链接已失效，请向发起人再要一个", "This link is no longer valid: ask the founder for another"


class Withheld(Refusal):
    """A moderator who belongs to the venture."""

    status, code = 403, "affiliated"
    zh, en = "您与该项目有关联，请由其他审核员处理", "You belong to this venture: another moderator decides"
    source = "features.md P3"
