"""What people are told about, and what of it they may turn off (消息种类)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of message; a legal one reaches the inbox whatever its reader chose."""

    zh: str
    en: str
    is_legal: bool = False


KINDS: dict[str, Kind] = {
    "account": Kind("账户与安全", "Account and security", is_legal=True),
    "campaign": Kind("项目进程与裁定", "Campaigns' course and rulings", is_legal=True),
    "refund": Kind("退款与拒付", "Refunds and chargebacks", is_legal=True),
    "payout": Kind("付款", "Payouts", is_legal=True),
    "case": Kind("纠纷", "Disputes", is_legal=True),
    "work": Kind("众包任务与协议", "Tasks and engagements", is_legal=True),
    "lead": Kind("领投与跟投", "Leads and followers", is_legal=True),
    "pot": Kind("配捐资金池", "Match pots", is_legal=True),
    "parcel": Kind("收货与包裹", "Addresses and parcels", is_legal=True),
    "project": Kind("创业项目档案与凭证", "Passports and documents", is_legal=True),
    "following": Kind("关注的创业项目", "Ventures that I follow"),
    "pledge": Kind("我的支持", "My pledges"),
    "question": Kind("问答", "Questions and answers"),
    "reminder": Kind("开始与截止提醒", "Reminders of openings and ends"),
    "update": Kind("项目进展", "Updates of campaigns"),
}

OFF, EACH, DAILY = "off", "each", "daily"
MAILS = {OFF: ("不发邮件", "No e-mail"), EACH: ("每条发送", "Each at once"), DAILY: ("每日汇总", "A daily digest")}
