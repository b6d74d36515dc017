"""Bounded acts of tenders and contracts under fifty requests at once: one choice, one signature, one order, one payment."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connections

from backend.accounts.models import User
from backend.common import clock
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from marketplace.engagements.models import Claim, Contract, Milestone
from marketplace.engagements.operations import work
from marketplace.tasks.models import Bid
from marketplace.tax.models import Withheld
from tests.builders import acting, person
from tests.security.doors import by_token, token_of
from tests.security.test_races import AT_ONCE, moves, statuses
from tests.work_builders import offered, open_bids, open_task, sealed_bid, signed, stage_of, submitted

SCOPES = {"read", "work"}
ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))


def _token(actor) -> str:
    return token_of(User.objects.select_related("party").get(party_id=actor.person_id), SCOPES)


def test_one_of_fifty_choices_is_made_and_the_contract_is_signed_once(site, cashier):
    for _ in range(ROUNDS):
        task, client = open_task(acting(person(name="发包人")))
        made = [sealed_bid(task)[0] for _ in range(5)]
        open_bids(task)
        token = _token(client)
        knocks = [by_token(token, f"bids/{made[n % 5].pk}/award", {"reason": "方案最贴合"}) for n in range(AT_ONCE)]
        assert statuses(site, knocks) == {201: 1, 409: 49}
        chosen = Bid.objects.get(task=task, state="awarded")
        contract = Contract.objects.get(client_id=client.party_id)
        assert contract.subject_id == chosen.pk
        worker = token_of(User.objects.select_related("party").get(party_id=contract.worker_id), SCOPES)
        path, body = f"contracts/{contract.pk}/signature", {"digest": contract.digest}
        assert statuses(site, [by_token(worker, path, body) for _ in range(AT_ONCE)]) == {201: 1, 409: 49}
        assert moves(contract.pk, "accept") == 1


def test_fifty_at_the_cashier_get_one_order_and_fifty_bids_are_one(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    contract, client, _worker = signed(by=acting(person(name="发包人")))
    stage, token = stage_of(contract), _token(client)
    found = statuses(site, [by_token(token, f"milestones/{stage.pk}/cashier", {}) for _ in range(AT_ONCE)])
    assert found == {201: AT_ONCE}
    assert PaymentIntent.objects.filter(subject_id=stage.pk).count() == 1
    task, _client = open_task(acting(person(name="发包人")))
    bidder = token_of(person(name="设计师"), SCOPES)
    body = {"amount_fen": 500_000, "days": 9, "text": "先走访作坊，再出两套方向，附三年同类作品。", "terms_no": 1}
    statuses(site, [by_token(bidder, f"tasks/{task.pk}/bids", body) for _ in range(AT_ONCE)])
    assert Bid.objects.filter(task=task).count() == 1


def test_a_stage_is_accepted_paid_and_taxed_once(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    for _ in range(ROUNDS):
        contract, client, worker = signed(by=acting(person(name="发包人")))
        stage = submitted(cashier, contract, client, worker)
        token = _token(client)
        found = statuses(site, [by_token(token, f"milestones/{stage.pk}/approve", {}) for _ in range(AT_ONCE)])
        assert found == {201: 1, 409: 49}
        _eight_advance(stage)
        assert stage_of(contract).state == "released"
        assert (moves(stage.pk, "release"), Withheld.objects.filter(cause_id=stage.pk).count()) == (1, 1)
    assert not list(books.differences())


def test_either_the_client_accepts_or_somebody_claims(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    for _ in range(ROUNDS):
        contract, client, worker = signed(by=acting(person(name="发包人")))
        stage = submitted(cashier, contract, client, worker)
        mine, theirs = _token(client), _token(worker)
        body = {"wanted_fen": 100, "reason": "交付内容与任务书不符，缺少源文件"}
        path = f"milestones/{stage.pk}"
        knocks = [
            by_token(mine, f"{path}/approve", {}) if n % 2 else by_token(theirs, f"{path}/claims", body)
            for n in range(AT_ONCE)
        ]
        assert statuses(site, knocks) == {201: 1, 409: 49}
        state = Milestone.objects.get(pk=stage.pk).state
        assert (state, Claim.objects.filter(milestone=stage).count()) in (
            ("approved", 0),
            ("released", 0),
            ("disputed", 1),
        )


def test_an_offer_is_signed_or_declined(site, cashier):
    for _ in range(ROUNDS):
        contract, _client, worker = offered(by=acting(person(name="发包人")))
        token, path = _token(worker), f"contracts/{contract.pk}"
        sign, decline = {"digest": contract.digest}, {"text": "档期冲突"}
        knocks = [
            by_token(token, f"{path}/signature", sign) if n % 2 else by_token(token, f"{path}/decline", decline)
            for n in range(AT_ONCE)
        ]
        assert statuses(site, knocks) == {201: 1, 409: 49}


def _eight_advance(stage: Milestone) -> None:
    """Eight workers take up one stage whose time has come."""
    barrier, at = Barrier(8), clock.now() + timedelta(minutes=1)

    def run(_number: int) -> None:
        barrier.wait()
        try:
            work.advance(milestone_id=stage.pk, at=at)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
