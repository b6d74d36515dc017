"""Bounded acts under parallel requests to the real site: exactly the bound succeeds."""

from __future__ import annotations

import threading
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from backend.accounts import operations as accounts
from backend.accounts.errors import CodeWrong
from backend.accounts.models import SignInCode
from backend.common import clock
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.errors import InsufficientFunds
from backend.payments.models import Refund
from backend.payments.operations import payouts, refunds
from crowdfunding.campaigns.models import Pledge, Tier
from crowdfunding.campaigns.operations import pledges
from tests.builders import acting, live_campaign, officer, owner_of, paid_pledge, payable_account, person

AT_ONCE = 40


def token_of(user) -> str:
    scopes = {"read", "pledge", "campaigns", "money"}
    return accounts.make_token(user=user, party_id=user.party_id, name="t", scopes=scopes, at=clock.now())[1]


def all_at_once(acts):
    """Run the acts in threads that start together; their results."""
    from django.db import connection

    barrier, results = threading.Barrier(len(acts)), []

    def run(act):
        barrier.wait()
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def post(site, token, path, body, key=""):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or uuid4().hex}
    return httpx.post(f"{site}/api/v1/{path}", json=body, headers=headers, timeout=60, trust_env=False)


@pytest.mark.parametrize("round_", range(3))
def test_stock_of_five_under_forty_takers_sells_five(site, round_):
    campaign, tier = live_campaign(price_fen=10_000, stock=5)
    tokens = [token_of(person()) for _ in range(AT_ONCE)]
    replies = all_at_once(
        [lambda t=t: post(site, t, f"campaigns/{campaign.pk}/pledges", {"tier_id": str(tier.pk)}) for t in tokens]
    )

    codes = Counter(reply.status_code for reply in replies)
    assert codes == {201: 5, 409: AT_ONCE - 5}, [reply.text[:200] for reply in replies if reply.status_code >= 500]
    assert Tier.objects.get(pk=tier.pk).left == 0
    assert Pledge.objects.filter(campaign=campaign).count() == 5


def test_one_key_forty_times_is_one_pledge(site):
    campaign, tier = live_campaign(price_fen=10_000)
    token, key = token_of(person()), uuid4().hex
    body = {"tier_id": str(tier.pk)}
    replies = all_at_once([lambda: post(site, token, f"campaigns/{campaign.pk}/pledges", body, key)] * AT_ONCE)

    assert {reply.status_code for reply in replies} <= {201, 409}
    assert len({reply.json()["id"] for reply in replies if reply.status_code == 201}) == 1
    assert Pledge.objects.filter(campaign=campaign).count() == 1
    other = post(site, token, f"campaigns/{campaign.pk}/pledges", {"tier_id": str(tier.pk), "quantity": 2}, key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_limit_per_person_holds_for_forty_windows_of_one_person(site):
    campaign, tier = live_campaign(price_fen=10_000, per_person=2)
    token = token_of(person())
    replies = all_at_once(
        [lambda: post(site, token, f"campaigns/{campaign.pk}/pledges", {"tier_id": str(tier.pk)})] * AT_ONCE
    )

    assert Counter(reply.status_code for reply in replies) == {201: 2, 409: AT_ONCE - 2}


def test_sixty_guesses_at_once_compare_at_most_five(own_db):
    at = clock.now()
    accounts.send_code(identifier="13912345678", session_key="s", address="127.0.0.1", at=at)

    def guess(number):
        try:
            accounts.redeem_code(identifier="13912345678", code=f"{number:06d}", session_key="s", at=at)
        except CodeWrong:
            return "wrong"
        return "in"

    results = all_at_once([lambda n=n: guess(n) for n in range(60)])
    assert SignInCode.objects.get().tries == 5
    assert results.count("in") <= 1


def test_a_code_is_bound_to_its_browser_and_a_new_one_voids_it(own_db):
    at = clock.now()
    for session in ("one", "two"):
        accounts.send_code(identifier="13912345679", session_key=session, address="127.0.0.1", at=at)
    with pytest.raises(CodeWrong):
        accounts.redeem_code(identifier="13912345679", code="000000", session_key="one", at=at)
    assert SignInCode.objects.get(session_key="one").tries == 0


def test_a_refund_against_a_payout_never_pays_both(own_db, cashier):
    campaign, tier = live_campaign(price_fen=60_000, goal_fen=50_000)
    made = paid_pledge(cashier, campaign, tier)
    owner = owner_of(campaign)
    payable_account(owner)
    intent = pledges.intent_of(made.pk)
    one, two, at = officer(), officer(), clock.now()
    asked = refunds.request_refund(intent_id=intent.pk, amount_fen=60_000, reason="r", by=one, at=at)
    escrow, payable = ledger.escrow_of("campaign", campaign.pk), ledger.open_account(ledger.payable_to(owner.party_id))

    def refund():
        try:
            refunds.approve_refund(refund_id=asked.pk, by=two, at=at)
        except InsufficientFunds:
            return "refund refused"
        return "refunded"

    def release():
        leg = ledger.Leg(escrow, payable, 60_000)
        try:
            ledger.post(key=f"r{campaign.pk}", kind="release", legs=[leg], cause=("campaign", campaign.pk), at=at)
            payouts.request_payout(party_id=owner.party_id, amount_fen=60_000, title="t", by=acting(owner), at=at)
        except InsufficientFunds:
            return "release refused"
        return "released"

    results = sorted(all_at_once([refund, release]))
    assert results in (["refund refused", "released"], ["refunded", "release refused"][::-1])
    assert books.available(escrow) + books.available(payable) == 0
    assert Refund.objects.get().state in ("approved", "requested")
