"""Telling people things, once each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import transaction

from backend.common import rules
from backend.common.errors import Invalid
from backend.notifications import letters, pusher, queries
from backend.notifications.errors import CannotMute
from backend.notifications.kinds import DAILY, EACH, KINDS, MAILS
from backend.notifications.models import Choice, Message

DIGEST_HOUR = 8
MOST_IN_A_MAIL = 50
INBOXES = "inboxes"
"""The topic that names whose inbox has something new, and not what."""
NAMED_AT_ONCE = 500


def tell(
    party_ids: Iterable[UUID | None], *, key: str, kind: str, zh: str, en: str, url: str = "", at: datetime
) -> None:
    """Put a message into inboxes, and by e-mail where that was chosen (通知). The same key for the same party is one message.

    Who turned a kind off is not told; a legal notice reaches everyone.
    """
    wanted = [party_id for party_id in dict.fromkeys(party_ids) if party_id is not None]
    chosen = {row.party_id: row for row in Choice.objects.filter(party_id__in=wanted, kind=kind)}
    mailed = set(queries.with_mailbox(wanted))
    messages = [
        Message(
            party_id=party_id,
            key=key,
            kind=kind,
            zh=zh[:300],
            en=en[:300],
            url=url,
            at=at,
            mail_due_at=_mail_due(kind, chosen.get(party_id), at) if party_id in mailed else None,
        )
        for party_id in wanted
        if KINDS[kind].is_legal or party_id not in chosen or chosen[party_id].in_inbox
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True, batch_size=500)
    told = [str(message.party_id) for message in messages]
    for start in range(0, len(told), NAMED_AT_ONCE):
        push(INBOXES, {"parties": told[start : start + NAMED_AT_ONCE]})


def _mail_due(kind: str, choice: Choice | None, at: datetime) -> datetime | None:
    """When a message goes out by e-mail: at once, with the next morning's digest, or never."""
    how = choice.mail if choice is not None else queries.default_mail(kind)
    if how == DAILY:
        local = at.astimezone(rules.SHANGHAI)
        morning = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
        return morning if local < morning else morning + timedelta(days=1)
    return at if how == EACH else None


def choose(*, party_id: UUID, kind: str, in_inbox: bool, mail: str) -> None:
    """Keep what a party chose for a kind of message (设置通知).

    Raises:
        CannotMute: a legal notice turned off.
        Invalid: no such kind or way.
    """
    known = KINDS.get(kind)
    if known is None or mail not in MAILS:
        raise Invalid("没有这个选项", "There is no such choice", field=kind)
    if known.is_legal and not in_inbox:
        raise CannotMute(kind_zh=known.zh, kind_en=known.en, field=kind)
    Choice.objects.update_or_create(party_id=party_id, kind=kind, defaults={"in_inbox": in_inbox, "mail": mail})


@transaction.atomic
def mail_due(*, party_id: UUID, at: datetime) -> int:
    """Send everything that is due to one party in one e-mail; return how many messages it held.

    Sent inside the transaction: a crash right after the sending sends once more, and nothing is lost.
    """
    due = Message.objects.select_for_update(skip_locked=True).filter(party_id=party_id, mail_due_at__lte=at)
    rows = list(due.order_by("at", "pk")[:MOST_IN_A_MAIL])
    if not rows:
        return 0
    mailboxes = queries.mailboxes(party_id)
    if mailboxes:
        subject, body = letters.write(rows)
        EmailMessage(subject, body, to=mailboxes, headers={"Message-ID": f"<{rows[0].pk}@sizhong>"}).send()
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(mail_due_at=None)
    return len(rows)


def read_all(*, party_id: UUID, at: datetime) -> None:
    """Mark everything in an inbox as read."""
    Message.objects.filter(party_id=party_id, read_at=None).update(read_at=at)


def push(topic: str, body: dict[str, object]) -> None:
    """Tell everyone who watches a topic, after the commit. A lost push is mended by polling, or by the next page."""
    transaction.on_commit(partial(pusher.send, topic, body), robust=True)
