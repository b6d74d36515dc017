"""What people are told about their own account."""

from backend.accounts.events import ContactChanged
from backend.common import rules
from backend.notifications import operations

_KINDS = {"phone": ("手机号", "number"), "email": ("邮箱", "e-mail address")}


def tell_contact(event: ContactChanged) -> None:
    """Tell a person in the inbox, which needs no number."""
    zh, en = _KINDS[event.what]
    hours = rules.value("accounts.contact_hold_hours", at=event.at)
    words = (
        (f"您的{zh}已由另一位实名用户验证使用，并从本账户解绑", f"Your {en} was proved by another verified person and left this account")
        if event.is_lost
        else (f"您的{zh}已更换，{hours} 小时内不能收款", f"Your {en} was changed; payouts wait for {hours} hours")
    )  # fmt: skip
    operations.tell([event.party_id], key=str(event.id), kind="account", zh=words[0], en=words[1],
                    url="/my/account/", at=event.at)  # fmt: skip


HANDLERS = {ContactChanged: [tell_contact]}
