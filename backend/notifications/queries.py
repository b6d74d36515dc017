"""Reading inboxes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.models import Membership, User
from backend.notifications.kinds import EACH, KINDS, OFF
from backend.notifications.models import Choice, DemoMessage, Message

MOST_COUNTED = 99


def inbox(party_id: UUID) -> QuerySet[Message]:
    """A party's messages."""
    return Message.objects.filter(party_id=party_id)


def unread(party_id: UUID) -> int:
    """How many are unread, counted up to 99."""
    return Message.objects.filter(party_id=party_id, read_at=None)[:MOST_COUNTED].count()


def demo_messages() -> QuerySet[DemoMessage]:
    """The demo's last SMS and mails."""
    return DemoMessage.objects.order_by("-id")[:50]


def default_mail(kind: str) -> str:
    """Whether a kind goes out by e-mail where nobody chose: legal notices do."""
    return EACH if KINDS[kind].is_legal else OFF


def choices_of(party_id: UUID) -> list[tuple[str, bool, str]]:
    """Every kind with what the party chose for it, or its default: kind, in the inbox, e-mail."""
    kept = {row.kind: row for row in Choice.objects.filter(party_id=party_id)}
    return [
        (kind, kept[kind].in_inbox, kept[kind].mail) if kind in kept else (kind, True, default_mail(kind))
        for kind in KINDS
    ]


def with_mailbox(party_ids: Sequence[UUID]) -> list[UUID]:
    """Those parties who can be reached by e-mail: people with a proved mailbox, and organisations of such."""
    people = User.objects.filter(party_id__in=party_ids, email__isnull=False, is_active=True)
    owners = Membership.objects.filter(
        organisation_id__in=party_ids, role=Membership.OWNER, revoked_at=None, user__email__isnull=False
    )
    return [*people.values_list("party_id", flat=True), *owners.values_list("organisation_id", flat=True)]


def mailboxes(party_id: UUID) -> list[str]:
    """Where a party reads e-mail: the person's own, or the owners' of an organisation."""
    own = User.objects.filter(party_id=party_id, email__isnull=False, is_active=True)
    owners = User.objects.filter(
        memberships__organisation_id=party_id, memberships__role=Membership.OWNER, memberships__revoked_at=None
    ).filter(email__isnull=False, is_active=True)
    return [str(mail) for mail in [*own.values_list("email", flat=True), *owners.values_list("email", flat=True)]]


def parties_to_mail(*, at: datetime, limit: int = 200) -> list[UUID]:
    """Parties with e-mail that is due, longest first."""
    due = Message.objects.filter(mail_due_at__lte=at).order_by("mail_due_at")
    return list(dict.fromkeys(due.values_list("party_id", flat=True)[: limit * 10]))[:limit]
