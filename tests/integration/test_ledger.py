"""The ledger on a real database: laws as a state machine, refusals, and who may touch it."""

from __future__ import annotations

import threading
from collections import defaultdict
from uuid import uuid4

import psycopg
import pytest
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from backend.common import clock
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.errors import AlreadyResolved, FeeNotListed, InsufficientFunds, PostingConflict, PostingRefused
from backend.ledger.models import Transfer
from tests.conftest import database_url


def escrow() -> ledger.AccountRef:
    return ledger.open_account(ledger.escrow_of("campaign", uuid4()))


def put(account: ledger.AccountRef, fen: int, key: str = "") -> ledger.Posted:
    leg = ledger.Leg(ledger.CLEARING, account, fen)
    return ledger.post(
        key=key or uuid4().hex, kind="contribution", legs=[leg], cause=("intent", uuid4()), at=clock.now()
    )


class LedgerLife(RuleBasedStateMachine):
    """Random posts, holds, captures, voids and reversals against a model of three numbers an account."""

    accounts = Bundle("accounts")
    holds = Bundle("holds")
    posted = Bundle("posted")

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.balance: dict[str, int] = defaultdict(int)
        self.held: dict[str, int] = defaultdict(int)
        self.refs: dict[str, ledger.AccountRef] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(target=accounts)
    def open(self):
        ref = escrow()
        self.refs[ref.code] = ref
        return ref

    @rule(target=posted, account=accounts, fen=st.integers(1, 10_000))
    def contribute(self, account, fen):
        done = put(account, fen)
        self.balance[account.code] += fen
        return (done.transfers[0], ledger.CLEARING, account, fen)

    @rule(one=accounts, other=accounts, fen=st.integers(1, 10_000))
    def move(self, one, other, fen):
        if one == other:
            return
        leg = ledger.Leg(one, other, fen)
        free = self.balance[one.code] - self.held[one.code]
        try:
            ledger.post(key=uuid4().hex, kind="release", legs=[leg], cause=("campaign", uuid4()), at=clock.now())
        except InsufficientFunds:
            assert fen > free
            return
        assert fen <= free
        self.balance[one.code] -= fen
        self.balance[other.code] += fen

    @rule(target=holds, account=accounts, fen=st.integers(1, 10_000))
    def hold(self, account, fen):
        free = self.balance[account.code] - self.held[account.code]
        try:
            hold_id = ledger.hold(
                key=uuid4().hex, kind="refund", debit=account, credit=ledger.CLEARING, amount_fen=fen,
                cause=("refund", uuid4()), at=clock.now(),
            )  # fmt: skip
        except InsufficientFunds:
            assert fen > free
            return None
        assert fen <= free
        self.held[account.code] += fen
        return (hold_id, account, fen)

    @rule(held=consumes(holds), capture=st.booleans())
    def resolve(self, held, capture):
        if held is None:
            return
        hold_id, account, fen = held
        act = ledger.capture if capture else ledger.void
        act(key=uuid4().hex, hold_id=hold_id, at=clock.now())
        self.held[account.code] -= fen
        self.balance[account.code] -= fen if capture else 0
        with pytest.raises(AlreadyResolved):
            ledger.capture(key=uuid4().hex, hold_id=hold_id, at=clock.now())

    @rule(done=consumes(posted))
    def reverse(self, done):
        transfer_id, _debit, credit, fen = done
        free = self.balance[credit.code] - self.held[credit.code]
        try:
            ledger.reverse(key=uuid4().hex, transfer_id=transfer_id, at=clock.now())
        except InsufficientFunds:
            assert fen > free
            return
        self.balance[credit.code] -= fen

    @invariant()
    def balances_agree(self):
        for code, ref in self.refs.items():
            assert books.balance(ref) == self.balance[code]
            assert books.available(ref) == self.balance[code] - self.held[code]


@pytest.mark.django_db
def test_the_ledger_keeps_its_laws_under_any_sequence():
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        LedgerLife,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.django_db
def test_the_same_key_posts_once_and_other_legs_are_refused():
    account = escrow()
    key = uuid4().hex
    cause, at = ("intent", uuid4()), clock.now()
    legs = [ledger.Leg(ledger.CLEARING, account, 500)]
    first = ledger.post(key=key, kind="contribution", legs=legs, cause=cause, at=at)
    again = ledger.post(key=key, kind="contribution", legs=legs, cause=cause, at=at)

    assert (first.is_new, again.is_new, first.transfers) == (True, False, again.transfers)
    with pytest.raises(PostingConflict):
        ledger.post(key=key, kind="contribution", legs=[ledger.Leg(ledger.CLEARING, account, 501)], cause=cause, at=at)
    assert books.balance(account) == 500


@pytest.mark.django_db
@pytest.mark.parametrize("fen", [0, -1, 10**13 + 1])
def test_an_amount_out_of_range_is_refused(fen):
    account = escrow()
    with pytest.raises(PostingRefused):
        put(account, fen)
    assert books.balance(account) == 0


@pytest.mark.django_db
def test_an_unknown_account_is_refused():
    with pytest.raises(PostingRefused):
        put(ledger.escrow_of("campaign", uuid4()), 100)


@pytest.mark.django_db
def test_a_fee_that_is_not_on_the_schedule_or_of_another_amount_is_refused():
    account = escrow()
    put(account, 100_000)
    at, cause = clock.now(), ("campaign", uuid4())
    due = ledger.fee_due("campaign_success", on=100_000, at=at)
    assert due is not None
    fee, amount = due
    assert amount == 3_000
    for leg in (
        ledger.Leg(account, ledger.PLATFORM_FEES, 3_000),
        ledger.Leg(account, ledger.PLATFORM_FEES, 3_001, fee=fee, fee_base_fen=100_000),
    ):
        with pytest.raises(FeeNotListed):
            ledger.post(key=uuid4().hex, kind="release", legs=[leg], cause=cause, at=at)
    with pytest.raises(FeeNotListed):
        ledger.fee_due("handling", on=100, at=at)
    assert books.balance(account) == 100_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount_fen = amount_fen + 1",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
        "UPDATE ledger_account SET credits_fen = credits_fen + 1",
        "UPDATE ledger_slot SET credits_fen = credits_fen + 1",
        "INSERT INTO ledger_fee (code, name, rate_bp, payer, valid_from, source) VALUES ('x', 'x', 1, 'x', now(), 'x')",
        "SELECT ledger_bump(gen_random_uuid(), 1, 0)",
        "SELECT ledger_take(gen_random_uuid(), 1, 0, 0)",
        "UPDATE common_statechange SET target = 'x'",
        "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
    ],
)
def test_the_web_role_may_not_touch_the_books(statement):
    put(escrow(), 100)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_even_the_owner_may_not_change_a_transfer(own_db):
    put(escrow(), 100)
    with psycopg.connect(database_url(own_db, "sizhong_owner"), autocommit=True) as owner:
        for statement in (
            "UPDATE ledger_transfer SET amount_fen = 1",
            "DELETE FROM ledger_transfer",
            "TRUNCATE ledger_transfer CASCADE",
        ):
            with pytest.raises(psycopg.Error):
                owner.execute(statement)


def test_forty_threads_with_one_key_post_once_and_forty_takers_of_five_leave_nothing_negative(own_db):
    account, other = escrow(), escrow()
    key, cause, at = uuid4().hex, ("intent", uuid4()), clock.now()
    results: list[object] = []

    def contribute():
        leg = ledger.Leg(ledger.CLEARING, account, 500)
        results.append(ledger.post(key=key, kind="contribution", legs=[leg], cause=cause, at=at).is_new)
        connection.close()

    def take():
        leg = ledger.Leg(account, other, 100)
        try:
            ledger.post(key=uuid4().hex, kind="release", legs=[leg], cause=("campaign", uuid4()), at=at)
            results.append("taken")
        except InsufficientFunds:
            results.append("refused")
        connection.close()

    for act in (contribute, take):
        threads = [threading.Thread(target=act) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert (results.count(True), results.count("taken"), results.count("refused")) == (1, 5, 35)
    assert (books.balance(account), books.balance(other)) == (0, 500)


TAMPERS = [
    "UPDATE ledger_transfer SET amount_fen = amount_fen + 1 WHERE seq = (SELECT min(seq) FROM ledger_transfer)",
    "DELETE FROM ledger_transfer WHERE seq = (SELECT min(seq) FROM ledger_transfer)",
    "UPDATE ledger_slot SET credits_fen = credits_fen + 1 WHERE id = (SELECT min(id) FROM ledger_slot)",
    "UPDATE ledger_account SET debits_fen = debits_fen + 1 WHERE code = 'clearing:alipay'",
    "UPDATE campaigns_pledge SET goods_fen = goods_fen + 1, total_fen = total_fen + 1",
    "UPDATE campaigns_campaign SET raised_fen = raised_fen + 1",
    "UPDATE payments_paymentintent SET amount_fen = amount_fen + 1 WHERE trade_no IS NOT NULL",
    "UPDATE payments_paymentintent SET refunded_fen = 1",
    "UPDATE campaigns_campaign SET pledges_n = pledges_n + 1",
    "UPDATE payments_paymentintent SET trade_no = NULL",
    "DELETE FROM payments_paymentintent",
    'UPDATE campaigns_tier SET "left" = "left" - 1',
]


@pytest.mark.parametrize("statement", TAMPERS)
def test_a_one_fen_tamper_by_a_superuser_is_found(own_db, cashier, statement):
    from tests.builders import live_campaign, paid_pledge

    campaign, tier = live_campaign(price_fen=10_000, stock=5)
    paid_pledge(cashier, campaign, tier)
    assert list(books.differences()) == []

    connection.close()
    with psycopg.connect(
        database_url(own_db, "postgres") if not _foreign() else _foreign_url(own_db), autocommit=True
    ) as root:
        root.execute("SET session_replication_role = replica")
        root.execute(statement)
    assert list(books.differences()) != []


def _foreign() -> bool:
    import os

    return bool(os.environ.get("SIZHONG_TEST_SERVER_URL"))


def _foreign_url(name: str) -> str:
    import os

    return os.environ["SIZHONG_TEST_SERVER_URL"].rsplit("/", 1)[0] + f"/{name}"


@pytest.mark.django_db
def test_a_transfer_says_what_caused_it():
    account = escrow()
    done = put(account, 700)
    row = Transfer.objects.get(pk=done.transfers[0])
    assert (row.kind, row.cause_kind, row.amount_fen) == ("contribution", "intent", 700)
