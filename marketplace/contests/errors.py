"""Refusals of contests."""

from backend.common.errors import Refusal


class ContestFixed(Refusal):
    """Editing what is submitted or published."""

    status, code = 409, "contest_fixed"
    zh, en = (
        "赛事已提交或发布，不能再改：奖金、规则和截止时间都以发布时为准",
        "It is submitted or published: prizes, rules and dates stay as they were published",
    )
    source = "features.md C2"


class ContestIncomplete(Refusal):
    """A draft that lacks something."""

    status, code = 409, "contest_incomplete"
    zh, en = "{what_zh}", "{what_en}"


class EntriesClosed(Refusal):
    """An entry or a change outside the window, by the server's clock."""

    status, code = 409, "entries_closed"
    zh, en = "作品征集已于 {closes_at} 截止", "Entries closed at {closes_at}"
    source = "features.md C2"


class OwnContest(Refusal):
    """An entry of the host, or of somebody who belongs to them, or of a judge."""

    status, code = 403, "own_contest"
    zh, en = "主办方、评委及其关联人不能参赛", "The host, judges and those who belong to them may not enter"
    source = "features.md D6, D9"


class EntryLimit(Refusal):
    """More entries than the contest allows one entrant."""

    status, code = 409, "entry_limit"
    zh, en = "每人最多提交 {most} 件作品", "At most {most} entries each"
    source = "features.md D6"


class HasEntries(Refusal):
    """Cancelling a contest that people entered."""

    status, code = 409, "has_entries"
    zh, en = (
        "已有作品，不能取消；奖金将按规则评出",
        "There are entries: it cannot be cancelled, the prize will be awarded by its rules",
    )
    source = "features.md C2, D9"


class NotPaid(Refusal):
    """Reading the sources of an entry before its prize is paid."""

    status, code = 403, "not_paid"
    zh, en = "源文件在奖金支付后交付", "Sources are handed over when the prize is paid"
    source = "features.md O3p"


class TakesAllRights(Refusal):
    """A brief that would take the rights of those who win nothing."""

    status, code = 409, "takes_all_rights"
    zh, en = (
        "说明中写有“{words}”：未获奖作品的权利属于作者，不能约定归主办方",
        "The brief says “{words}”: entries that win nothing stay their makers'",
    )
    source = "features.md O3p"


class NotFinalist(Refusal):
    """A work for the final of somebody who was not chosen."""

    status, code = 403, "not_finalist"
    zh, en = "决赛只接受第一轮入选者的方案", "The final takes works of those whom the first round chose"
    source = "features.md C4"


class PledgeNeeded(Refusal):
    """Reading what is secret, or entering, without the promise to keep it."""

    status, code = 403, "pledge_needed"
    zh, en = "请先签署保密协议，再查阅保密内容", "Sign the promise of secrecy first"
    source = "features.md C4"


class PledgeClosed(Refusal):
    """Signing when nobody new is shown the secret any more."""

    status, code = 409, "pledge_closed"
    zh, en = "现在不再向新的人披露保密内容", "The secret is not shown to anybody new now"
    source = "features.md C4"
