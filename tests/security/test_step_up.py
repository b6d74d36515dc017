"""What moves money, rights or doors needs a proof of identity from the last five minutes (A7)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from backend.accounts import operations as accounts
from backend.accounts.models import ApiToken, Membership
from backend.payments.models import Dispute, PayoutAccount, StopSwitch
from tests.builders import firm, person
from tests.security.doors import signed_in

LONG_AGO = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
ACTS = {
    "/my/account/tokens/": {"name": "t", "scopes": "read"},
    "/my/account/payout/": {"login": "13700000000", "holder": "制作人"},
    "/my/account/contact/": {"identifier": "13711112222"},
    "/my/account/close/": {},
}


def _finance(*, seconds_ago: int = 0) -> Client:
    user = person(name="财务")
    accounts.appoint(user=user, role="finance")
    user.refresh_from_db()
    return signed_in(user, factor=True, seconds_ago=seconds_ago)


def _is_asked_again(reply: HttpResponse) -> bool:
    return reply.status_code == 302 and reply["location"].startswith(("/accounts/reauthenticate/", "/sign-in/?again=1"))


@pytest.mark.parametrize("path", ACTS)
def test_a_person_proves_again_who_they_are(db, path):
    user = person(name="制作人")
    assert _is_asked_again(signed_in(user, seconds_ago=LONG_AGO).post(path, ACTS[path]))
    user.refresh_from_db()
    assert user.is_active
    assert not ApiToken.objects.exists()
    assert not PayoutAccount.objects.exists()
    assert not _is_asked_again(signed_in(user).post(path, ACTS[path]))


def test_so_does_who_lets_others_act_for_an_organisation(db):
    founder, hat = firm()
    page = f"/my/organisations/{hat.party_id}/members/"
    own = Membership.objects.get()
    stale = signed_in(founder, seconds_ago=LONG_AGO)
    for path in (page, f"{page}{own.pk}/revoke/"):
        assert _is_asked_again(stale.post(path, {"identifier": person().phone_masked}))
        assert not _is_asked_again(signed_in(founder).post(path, {}))
    assert Membership.objects.get(revoked_at=None) == own


def test_so_does_an_officer_for_all_that_moves_money_but_may_stop_it_at_once(db):
    stale, fresh = _finance(seconds_ago=LONG_AGO), _finance()
    assert stale.post("/finance/switch/1/stop/", {"reason": "账户异常"}).status_code == 302
    assert StopSwitch.objects.get().stopped
    for path in ("/finance/switch/1/resume/", "/finance/disputes/"):
        assert _is_asked_again(stale.post(path, {"reason": "已查明"}))
    for path, body in {
        "switch/1/resume": {"reason": "已查明"},
        "disputes": {"order": "P1", "provider_no": "D1", "amount_fen": 1},
    }.items():
        reply = stale.post(
            f"/api/v1/finance/{path}",
            body,
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY=path.replace("/", "-"),
        )
        assert (reply.status_code, reply.json()["code"]) == (403, "step_up_needed")
    assert StopSwitch.objects.get().stopped
    assert not Dispute.objects.exists()
    assert fresh.post("/finance/switch/1/resume/", {"reason": "已查明"}).status_code == 302
    assert not StopSwitch.objects.get().stopped
