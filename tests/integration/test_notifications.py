"""What people are told, where, and what of it they may turn off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Invalid
from backend.notifications import operations, queries, tasks
from backend.notifications.errors import CannotMute
from backend.notifications.kinds import KINDS
from backend.notifications.models import Message
from tests.builders import person


@pytest.fixture
def reader(db):
    user = person()
    User.objects.filter(pk=user.pk).update(email="reader@example.com")
    return user.party_id


def _tell(party_id, kind, key, at=None):
    operations.tell([party_id], key=key, kind=kind, zh=f"消息 {key}", en=f"message {key}", at=at or clock.now())


def test_a_kind_that_was_turned_off_is_not_told_and_a_legal_one_is(reader):
    operations.choose(party_id=reader, kind="update", in_inbox=False, mail="off")
    _tell(reader, "update", "1")
    _tell(reader, "refund", "2")
    assert [row.kind for row in queries.inbox(reader)] == ["refund"]


@pytest.mark.parametrize("kind", [kind for kind, known in KINDS.items() if known.is_legal])
def test_a_legal_notice_cannot_be_muted(reader, kind):
    with pytest.raises(CannotMute):
        operations.choose(party_id=reader, kind=kind, in_inbox=False, mail="off")
    _tell(reader, kind, "1")
    assert queries.inbox(reader).count() == 1


def test_a_choice_that_is_none_is_refused(reader):
    for kind, how in (("nonsense", "off"), ("update", "by pigeon")):
        with pytest.raises(Invalid):
            operations.choose(party_id=reader, kind=kind, in_inbox=True, mail=how)


def test_one_mail_for_everything_due_once(reader):
    _tell(reader, "refund", "1")
    _tell(reader, "payout", "2")
    _tell(reader, "update", "3")  # nobody asked for these by e-mail
    tasks.send_mails()
    tasks.send_mails()
    assert [letter.to for letter in mail.outbox] == [["reader@example.com"]]
    assert "消息 1" in mail.outbox[0].body and "message 2" in mail.outbox[0].body
    assert "消息 3" not in mail.outbox[0].body


def test_a_digest_waits_for_the_morning(reader):
    operations.choose(party_id=reader, kind="update", in_inbox=True, mail="daily")
    at = clock.now()
    for key in "abc":
        _tell(reader, "update", key, at)
    due = Message.objects.filter(party_id=reader).values_list("mail_due_at", flat=True)
    assert {moment.astimezone(operations.rules.SHANGHAI).hour for moment in due} == {8}
    assert all(at < moment <= at + timedelta(days=1) for moment in due)
    assert operations.mail_due(party_id=reader, at=at) == 0
    assert operations.mail_due(party_id=reader, at=at + timedelta(days=1)) == 3
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_down_loses_nothing(reader, monkeypatch):
    _tell(reader, "refund", "1")

    def refuse(self, fail_silently=False):
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        assert tasks.send_mails() == 0
    assert tasks.send_mails() == 1
    assert len(mail.outbox) == 1


def test_who_has_no_mailbox_reads_the_inbox(db):
    party_id = person().party_id
    _tell(party_id, "refund", "1")
    assert Message.objects.get(party_id=party_id).mail_due_at is None
