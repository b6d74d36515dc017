"""Changing one's number or mailbox (更换手机号、邮箱): proved by a code, told to the old and the new, payouts wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from backend.accounts.errors import ContactChangedLately, ContactTaken
from backend.accounts.events import ContactChanged
from backend.accounts.models import Membership, Party, User, phone_place
from backend.accounts.operations import compare_code, find_user, give_number, read_identifier, use_code
from backend.common import encryption, outbox, rules
from backend.common.errors import Refusal

CHANGE = "change"
"""What a code is for: one that was sent to change a number signs nobody in, and the other way round."""


def take_contact(*, user_id: UUID, identifier: str, code: str, session_key: str, at: datetime) -> User:
    """Take a new number or mailbox whose code was given; the door has asked for a fresh proof of identity.

    A verified person takes their number from an older account, which keeps its money and its name.

    Raises:
        CodeWrong: wrong, used, too old, tried too often, or asked for in another browser.
        ContactTaken: somebody else has it, and the person is not verified.
    """
    kind, value = read_identifier(identifier)
    code_id = compare_code(kind, value, code=code, session_key=session_key, at=at, purpose=CHANGE)
    user, told = _change(user_id, kind, value, code_id, at)
    send = import_string(settings.SIZHONG_MESSAGE_SENDER)
    hours = rules.value("accounts.contact_hold_hours", at=at)
    for where, to in told:
        send(where, to, f"【香城四众】您账户的联系方式已更换，{hours} 小时内不能收款。如非本人操作，请立即联系平台。")
    return user


@transaction.atomic
def _change(user_id: UUID, kind: str, value: str, code_id: UUID, at: datetime) -> tuple[User, list[tuple[str, str]]]:
    use_code(code_id, at)
    user = User.objects.select_for_update(of=("self",)).select_related("party").get(pk=user_id)
    told = [(kind, value)]
    holder = find_user(kind, value)
    if holder is not None and holder.pk != user.pk:
        if user.party.level == "L0":
            raise ContactTaken(field="identifier")
        _leave(holder, kind)
        outbox.record(ContactChanged(at=at, party_id=holder.party_id, what=kind, is_lost=True))
    if kind == "phone":
        if user.phone_sealed:
            told.append(("phone", encryption.decrypt(user.phone_sealed, place=phone_place(user.pk))))
        give_number(user, value)
        user.phone_confirmed_at = at
    else:
        if user.email:
            told.append(("email", user.email))
        user.email = value
    user.contact_changed_at = at
    user.save()
    outbox.record(ContactChanged(at=at, party_id=user.party_id, what=kind, is_lost=False))
    return user, told


def _leave(holder: User, kind: str) -> None:
    """The old account keeps money and name, and loses the way in that is no longer its person's."""
    if kind == "phone":
        gone: dict[str, object] = {
            "phone_sealed": "",
            "phone_hash": None,
            "phone_masked": "",
            "phone_confirmed_at": None,
        }
    else:
        gone = {"email": None}
    User.objects.filter(pk=holder.pk).update(**gone)


def bars(party: Party, act: str, at: datetime) -> Refusal | None:
    """Whoever just changed number or mailbox is not paid for a while, nor is an organisation of theirs.

    Source: security.md §2, number change.
    """
    if act != "be_paid":
        return None
    hours = rules.value("accounts.contact_hold_hours", at=at)
    since = at - timedelta(hours=hours)
    owners = Membership.objects.filter(organisation=party, role=Membership.OWNER, revoked_at=None)
    changed = (
        User.objects.filter(party=party, contact_changed_at__gt=since).exists()
        or owners.filter(user__contact_changed_at__gt=since).exists()
    )
    return ContactChangedLately(hours=hours) if changed else None
