"""Changing a number or mailbox: proved by a code to the new one, told to the old one, payouts wait three days."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from backend.accounts import contacts, limits, operations
from backend.accounts.errors import CodeWrong, ContactTaken
from backend.accounts.models import User
from backend.common import clock
from backend.notifications.models import DemoMessage, Message
from tests.builders import deliver_events, person
from tests.security.doors import signed_in

NEW = "13711112222"


def _code(identifier: str, session: str, purpose: str = contacts.CHANGE) -> str:
    operations.send_code(
        identifier=identifier, session_key=session, address="10.0.0.1", at=clock.now(), purpose=purpose
    )
    return re.search(r"\d{6}", DemoMessage.objects.order_by("-pk").first().text).group(0)


def _take(user: User, identifier: str, code: str, session: str = "s") -> User:
    return contacts.take_contact(user_id=user.pk, identifier=identifier, code=code, session_key=session, at=clock.now())


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_new_number_is_taken_and_both_numbers_hear_of_it(db):
    user = person()
    old = user.phone_masked
    code = _code(NEW, "s")
    with pytest.raises(CodeWrong):
        _take(user, NEW, _wrong(code))
    changed = _take(user, NEW, code)
    assert changed.phone_masked == "137****2222" != old
    told = list(DemoMessage.objects.order_by("-pk").values_list("target", flat=True)[:2])
    assert set(told) == {old, "137****2222"}
    with pytest.raises(CodeWrong):  # once
        _take(user, NEW, code)
    deliver_events()
    assert Message.objects.filter(party_id=user.party_id, kind="account").count() == 1


def test_a_code_for_one_purpose_or_browser_is_none_for_another(db):
    user = person()
    code = _code(NEW, "s")
    with pytest.raises(CodeWrong):
        operations.redeem_code(identifier=NEW, code=code, session_key="s", at=clock.now())
    with pytest.raises(CodeWrong):
        _take(user, NEW, code, session="other")
    sign_in = _code(NEW, "s", purpose="sign_in")
    with pytest.raises(CodeWrong):
        _take(user, NEW, sign_in)


def test_payouts_wait_three_days(db):
    user = person()
    assert limits.failures(user.party, "be_paid", at=clock.now()) == []
    _take(user, NEW, _code(NEW, "s"))
    found = limits.failures(user.party, "be_paid", at=clock.now())
    assert [reason.code for reason in found] == ["contact_changed_lately"]
    assert limits.failures(user.party, "pledge", at=clock.now()) == []
    firm = operations.found_organisation(
        founder=user, name="竹器厂", uscc="91350100M000100Y43", county="421223", at=clock.now(), level="O2"
    )
    assert "contact_changed_lately" in {one.code for one in limits.failures(firm, "be_paid", at=clock.now())}
    later = clock.now() + timedelta(hours=72, seconds=1)
    assert limits.failures(user.party, "be_paid", at=later) == []


def test_a_verified_person_claims_a_number_and_the_old_account_keeps_the_rest(db):
    holder, claimer = person(), person()
    User.objects.filter(pk=holder.pk).update(email="old@example.com")
    held = _number_of(holder)
    _take(claimer, held, _code(held, "s"))
    holder.refresh_from_db()
    assert (holder.phone_hash, holder.phone_masked, holder.email, holder.is_active) == (
        None, "", "old@example.com", True,
    )  # fmt: skip
    assert operations.find_user("phone", held).pk == claimer.pk
    deliver_events()
    assert Message.objects.filter(party_id=holder.party_id, zh__contains="解绑").exists()


def test_an_unverified_person_takes_nobodys_number(db):
    holder, claimer = person(), person(level="L0")
    held = _number_of(holder)
    with pytest.raises(ContactTaken):
        _take(claimer, held, _code(held, "s"))
    holder.refresh_from_db()
    assert holder.phone_hash is not None


def _number_of(user: User) -> str:
    from backend.accounts.models import phone_place
    from backend.common import encryption

    return encryption.decrypt(user.phone_sealed, place=phone_place(user.pk))


def test_the_page_asks_for_a_fresh_proof_and_leads_through_both_steps(db):
    user = person()
    stale = Client()
    stale.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert stale.post("/my/account/contact/", {"identifier": NEW}).status_code in (302, 403)
    assert not DemoMessage.objects.filter(target=NEW).exists()
    client = signed_in(user)
    assert client.post("/my/account/contact/", {"identifier": "nonsense"}).status_code == 400
    assert client.post("/my/account/contact/", {"identifier": NEW}).status_code == 200
    code = re.search(r"\d{6}", DemoMessage.objects.order_by("-pk").first().text).group(0)
    assert client.post("/my/account/contact/", {"code": _wrong(code)}).status_code in (400, 403, 409, 422)
    assert client.post("/my/account/contact/", {"code": code}).status_code == 302
    user.refresh_from_db()
    assert user.phone_masked == "137****2222"


@pytest.mark.parametrize("way", ["email", "phone/change", "phone/verify"])
def test_no_other_page_changes_them(db, way):
    client = signed_in(person())
    reply = client.post(f"/accounts/{way}/", {"email": "x@example.com", "phone": NEW, "action_add": ""})
    assert (reply.status_code, reply.headers["location"]) == (302, "/my/account/contact/")
