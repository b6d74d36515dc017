"""Bounded acts under fifty requests released by their last byte, round after round: exactly the bound succeeds."""

from __future__ import annotations

import os
import threading
from collections import Counter
from datetime import timedelta

import pytest

from backend.accounts import operations as accounts
from backend.accounts.errors import CodeWrong
from backend.accounts.models import SignInCode, User
from backend.common import clock
from backend.common.models import StateChange
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.errors import InsufficientFunds
from backend.notifications.models import DemoMessage
from backend.payments.models import Dispute, PaymentIntent, Payout, Refund, RefundBatch
from backend.payments.operations import payouts, refunds
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import delivery, drafts, pledges, reviews
from tests.builders import (
    acting,
    checked_lead,
    deliver_events,
    draft,
    live_campaign,
    moderator,
    offer,
    officer,
    owner_of,
    paid_pledge,
    payable_account,
    person,
)
from tests.security.doors import Knock, by_browser, by_token, release, signed_in, token_of

AT_ONCE = 50
ROUNDS = int(os.environ.get("RACE_ROUNDS", "5"))
"""Twenty by hand: `RACE_ROUNDS=20 make test ARGS=tests/security/test_races.py`."""


@pytest.fixture
def staffed(site):
    """Two finance officers and a moderator, signed in with their second factor."""
    found = []
    for role in ("finance", "finance", "moderator"):
        user = person(name=role)
        accounts.appoint(user=user, role=role)
        user.refresh_from_db()
        found.append(signed_in(user, factor=True))
    return found


def statuses(site: str, knocks: list[Knock]) -> Counter[int]:
    replies = release(site, knocks)
    assert not [reply for reply in replies if reply.status >= 500 or not reply.status], Counter(
        (reply.status, reply.body[:200]) for reply in replies
    )
    return Counter(reply.status for reply in replies)


def moves(subject_id: object, event: str) -> int:
    return StateChange.objects.filter(subject_id=subject_id, event=event).count()


def successful(cashier, n: int = 1, price_fen: int = 60_000) -> tuple[Campaign, list[Pledge]]:
    """A campaign in its publicity period."""
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=price_fen)
    made = [paid_pledge(cashier, campaign, tier) for _ in range(n)]
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=clock.now(), due_at=clock.now() - timedelta(seconds=1))
    from crowdfunding.campaigns.operations import verdicts

    for _ in range(2):
        verdicts.advance(campaign_id=campaign.pk, at=clock.now())
    campaign.refresh_from_db()
    assert campaign.state == "successful"
    return campaign, made


def test_stock_of_five_sells_five(site):
    for _ in range(ROUNDS):
        campaign, tier = live_campaign(price_fen=10_000, stock=5)
        path, body = f"campaigns/{campaign.pk}/pledges", {"tier_id": str(tier.pk)}
        assert statuses(site, [by_token(token_of(person()), path, body) for _ in range(AT_ONCE)]) == {201: 5, 409: 45}
        assert Tier.objects.get(pk=tier.pk).left == 0
        assert Pledge.objects.filter(campaign=campaign).count() == 5


def test_one_key_is_one_pledge(site):
    for number in range(ROUNDS):
        campaign, tier = live_campaign(price_fen=10_000)
        token, key, body = token_of(person()), f"key-{number}", {"tier_id": str(tier.pk)}
        path = f"campaigns/{campaign.pk}/pledges"
        replies = release(site, [by_token(token, path, body, key) for _ in range(AT_ONCE)])
        assert {reply.status for reply in replies} <= {201, 409}
        assert len({reply.json()["id"] for reply in replies if reply.status == 201}) == 1
        assert Pledge.objects.filter(campaign=campaign).count() == 1
        other = release(site, [by_token(token, path, body | {"quantity": 2}, key)])[0]
        assert (other.status, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_limit_per_person_holds_for_many_windows_of_one_person(site):
    for _ in range(ROUNDS):
        campaign, tier = live_campaign(price_fen=10_000, per_person=2)
        token, path = token_of(person()), f"campaigns/{campaign.pk}/pledges"
        knocks = [by_token(token, path, {"tier_id": str(tier.pk)}) for _ in range(AT_ONCE)]
        assert statuses(site, knocks) == {201: 2, 409: 48}


def test_a_lead_orders_its_stake_once(site):
    for _ in range(ROUNDS):
        campaign, _tier = live_campaign(goal_fen=100_000, price_fen=20_000, is_led=True)
        lead = checked_lead(campaign)
        token = token_of(User.objects.select_related("party").get(party_id=lead.party_id))
        body = {"amount_fen": lead.stake_fen, "lead_id": str(lead.pk)}
        knocks = [by_token(token, f"campaigns/{campaign.pk}/pledges", body) for _ in range(AT_ONCE)]
        assert statuses(site, knocks) == {201: 1, 409: 49}
        assert Pledge.objects.filter(campaign=campaign).count() == 1


def test_a_launch_a_submission_and_a_cancellation_happen_once(site):
    for _ in range(ROUNDS):
        owner = person()
        token, campaign = token_of(owner), draft(owner)
        offer(campaign, owner)
        assert (
            statuses(site, [by_token(token, f"campaigns/{campaign.pk}/submission", {}) for _ in range(AT_ONCE)])[409]
            == 49
        )
        reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
        assert (
            statuses(site, [by_token(token, f"campaigns/{campaign.pk}/launch", {}) for _ in range(AT_ONCE)])[409] == 49
        )
        path = f"campaigns/{campaign.pk}/cancellation"
        assert statuses(site, [by_token(token, path, {"reason": "r"}) for _ in range(AT_ONCE)])[409] == 49
        assert [moves(campaign.pk, event) for event in ("submit", "launch", "open", "cancel")] == [1, 1, 1, 1]


def test_a_refund_request_its_answer_and_a_receipt_happen_once(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    for _ in range(ROUNDS):
        campaign, made = successful(cashier, 2, 30_000)
        backers = [User.objects.select_related("party").get(party_id=one.backer_id) for one in made]
        path = f"pledges/{made[0].pk}/refund"
        asked = [by_token(token_of(backers[0]), path, {"reason": "r"}) for _ in range(AT_ONCE)]
        assert statuses(site, asked)[409] == 49
        maker = signed_in(owner_of(campaign))
        agreed = [
            by_browser(maker, f"/create/{campaign.pk}/agree/", {"pledge": str(made[0].pk)}) for _ in range(AT_ONCE)
        ]
        statuses(site, agreed)
        assert (moves(made[0].pk, "agree"), Refund.objects.filter(intent__subject_id=made[0].pk).count()) == (1, 1)

        Campaign.objects.filter(pk=campaign.pk).update(due_at=None)
        _produce(campaign)
        delivery.start_shipping(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
        received = [by_token(token_of(backers[1]), f"pledges/{made[1].pk}/receipt", {}) for _ in range(AT_ONCE)]
        assert statuses(site, received)[409] == 49


def _produce(campaign: Campaign) -> None:
    from crowdfunding.campaigns.operations import verdicts

    Campaign.objects.filter(pk=campaign.pk).update(due_at=clock.now() - timedelta(seconds=1))
    verdicts.advance(campaign_id=campaign.pk, at=clock.now())


def test_a_pledge_is_cancelled_once_and_refunded_once(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    for _ in range(ROUNDS):
        campaign, tier = live_campaign(price_fen=10_000, stock=1)
        backer = person()
        made = paid_pledge(cashier, campaign, tier, backer)
        client = signed_in(backer)
        statuses(site, [by_browser(client, f"/pledges/{made.pk}/cancel/", {}) for _ in range(AT_ONCE)])
        assert (moves(made.pk, "cancel"), Refund.objects.filter(intent__subject_id=made.pk).count()) == (1, 1)
        campaign.refresh_from_db()
        assert (Tier.objects.get(pk=tier.pk).left, campaign.raised_fen) == (1, 0)


def test_a_payout_is_asked_for_checked_and_authorised_once(site, cashier, staffed):
    cashier.control(clock=clock.now().isoformat())
    one, two, _ = staffed
    for _ in range(ROUNDS):
        campaign, _made = successful(cashier)
        owner = owner_of(campaign)
        _produce(campaign)
        payable_account(owner)
        available = books.available(ledger.payable_to(owner.party_id))
        client = signed_in(owner)
        knocks = [by_browser(client, "/create/money/", {"amount": f"{available / 100:.2f}"}) for _ in range(AT_ONCE)]
        statuses(site, knocks)
        payout = Payout.objects.get(party=owner.party)
        assert books.available(ledger.payable_to(owner.party_id)) == 0
        statuses(site, [by_browser(one, f"/finance/payout/{payout.pk}/check/", {}) for _ in range(AT_ONCE)])
        both = [by_browser(by, f"/finance/payout/{payout.pk}/authorize/", {}) for by in (one, two) * (AT_ONCE // 2)]
        statuses(site, both)
        assert [moves(payout.pk, event) for event in ("check", "authorize")] == [1, 1]
        payout.refresh_from_db()
        assert payout.checked_by != payout.authorized_by
        Payout.objects.filter(pk=payout.pk).update(next_try_at=None)


def test_refunds_bulk_refunds_and_chargebacks_are_decided_once(site, cashier, staffed):
    cashier.control(clock=clock.now().isoformat())
    one, two, _ = staffed
    for number in range(ROUNDS):
        campaign, made = successful(cashier, 3, 20_000)
        asked = refunds.request_refund(
            intent_id=pledges.intent_of(made[0].pk).pk, amount_fen=20_000, reason="r", by=officer(), at=clock.now()
        )
        statuses(site, [by_browser(one, f"/finance/refund/{asked.pk}/approve/", {}) for _ in range(AT_ONCE)])
        fields = {"order": pledges.intent_of(made[1].pk).number, "provider_no": f"CB{number}", "amount": "200"}
        statuses(site, [by_browser(one, "/finance/disputes/", fields) for _ in range(AT_ONCE)])
        case = Dispute.objects.get(provider_no=f"CB{number}")
        ends = [by_browser(two, f"/finance/dispute/{case.pk}/{end}/", {}) for end in ("win", "lose") * (AT_ONCE // 2)]
        statuses(site, ends)
        assert moves(case.pk, "win") + moves(case.pk, "lose") == 1
        lines = queries.refundable_lines(campaign.pk)
        digest = refunds.preview_digest(lines)
        previews = [
            by_browser(one, f"/finance/bulk/{campaign.pk}/", {"digest": digest, "reason": "r"}) for _ in range(AT_ONCE)
        ]
        statuses(site, previews)
        batch = RefundBatch.objects.get(purpose_id=campaign.pk)
        statuses(site, [by_browser(two, f"/finance/batch/{batch.pk}/approve/", {}) for _ in range(AT_ONCE)])
        assert moves(batch.pk, "approve") == 1
        deliver_events()
        for intent in PaymentIntent.objects.filter(purpose_id=campaign.pk):
            assert intent.refunded_fen <= intent.amount_fen
        assert list(books.differences()) == []


def test_a_review_ends_once(site, staffed):
    for _ in range(ROUNDS):
        owner = person()
        campaign = draft(owner)
        offer(campaign, owner)
        drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
        checklist = {"checklist": "maker", "reason": "请补充"}
        knocks = [by_browser(staffed[2], f"/review/{campaign.pk}/return/", checklist) for _ in range(AT_ONCE)]
        statuses(site, knocks)
        assert moves(campaign.pk, "return") == 1


def test_sixty_guesses_at_the_page_compare_at_most_five(site):
    from django.test import Client

    for number in range(ROUNDS):
        phone = f"1391234{number:04d}"
        client = Client()
        client.post("/sign-in/", {"identifier": phone})
        code = DemoMessage.objects.order_by("-id").values_list("text", flat=True).first()
        guesses = [f"{n:06d}" for n in range(60) if f"{n:06d}" not in (code or "")]
        replies = release(site, [by_browser(client, "/sign-in/code/", {"code": guess}) for guess in guesses])
        assert {reply.status for reply in replies} <= {400, 409}, Counter(reply.status for reply in replies)
        assert SignInCode.objects.filter(purpose="sign_in").latest("created_at").tries == 5


def test_sixty_guesses_of_the_operation_compare_at_most_five(own_db):
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

    def let_go():
        leg = ledger.Leg(escrow, payable, 60_000)
        try:
            ledger.post(key=f"r{campaign.pk}", kind="release", legs=[leg], cause=("campaign", campaign.pk), at=at)
            payouts.request_payout(party_id=owner.party_id, amount_fen=60_000, title="t", by=acting(owner), at=at)
        except InsufficientFunds:
            return "release refused"
        return "released"

    results = sorted(all_at_once([refund, let_go]))
    assert results in (["refund refused", "released"], ["refunded", "release refused"])
    assert books.available(escrow) + books.available(payable) == 0
    assert Refund.objects.get().state in ("approved", "requested")
