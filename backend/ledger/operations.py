"""Every write of the ledger: open an account, post, hold, capture, void, reverse.

All of them may be repeated under the same key: the second call posts nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import Error, connection, transaction

from backend.common.fen import Fen, part
from backend.common.rules import SHANGHAI
from backend.ledger.errors import (
    AlreadyResolved,
    FeeNotListed,
    InsufficientFunds,
    PostingConflict,
    PostingRefused,
)
from backend.ledger.models import AccountKind, Fee, Transfer

_NAMES = UUID("7d3f0a2e-6c1b-4f7e-9a55-0c1f2b7e4d90")


@dataclass(frozen=True)
class AccountRef:
    """An account by its code; its id follows from the code, so no look-up is needed."""

    code: str
    kind: AccountKind
    debit_normal: bool = False
    floored: bool = True

    @property
    def id(self) -> UUID:
        return uuid5(_NAMES, self.code)


CLEARING = AccountRef("clearing:alipay", AccountKind.CLEARING, debit_normal=True, floored=False)
HISTORICAL_CLEARING = AccountRef("clearing:historical", AccountKind.CLEARING, debit_normal=True, floored=False)
SUSPENSE = AccountRef("suspense:alipay", AccountKind.SUSPENSE)
PLATFORM_FEES = AccountRef("fees:platform", AccountKind.FEES)
WITHHELD_TAX = AccountRef("tax:withheld", AccountKind.TAX)
RESERVE = AccountRef("reserve:platform", AccountKind.RESERVE, floored=False)


def escrow_of(subject: str, subject_id: UUID) -> AccountRef:
    """The escrow of one campaign, task or order (托管资金)."""
    return AccountRef(f"escrow:{subject}:{subject_id}", AccountKind.ESCROW)


def payable_to(party_id: UUID) -> AccountRef:
    """What the platform owes a party until it is paid out (应付款)."""
    return AccountRef(f"payable:{party_id}", AccountKind.PAYABLE)


def receivable_from(party_id: UUID) -> AccountRef:
    """What a party owes the platform, or others through it (应收款)."""
    return AccountRef(f"receivable:{party_id}", AccountKind.RECEIVABLE, debit_normal=True)


def claims_on(subject: str, subject_id: UUID) -> AccountRef:
    """What a debtor's money is owed on to, once it comes: backers of a campaign (待补退款)."""
    return AccountRef(f"claims:{subject}:{subject_id}", AccountKind.CLAIMS)


@dataclass(frozen=True)
class Leg:
    """One movement: from the debited to the credited account, in fen."""

    debit: AccountRef
    credit: AccountRef
    amount_fen: Fen
    phase: str = Transfer.POSTED
    resolves: UUID | None = None
    reverses: UUID | None = None
    fee: Fee | None = None
    fee_base_fen: Fen | None = None


@dataclass(frozen=True)
class Posted:
    """What a posting came to: its transfers, and whether this call made them."""

    transfers: tuple[UUID, ...]
    is_new: bool


def open_account(account: AccountRef) -> AccountRef:
    """Make sure an account is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_open(%s, %s, %s, %s, %s)",
            [account.id, account.code, account.kind.value, account.debit_normal, account.floored],
        )
    return account


def fee_due(code: str, *, on: Fen, at: datetime) -> tuple[Fee, Fen] | None:
    """The schedule's line in force and what it comes to on a base; None where it is nothing.

    Raises:
        FeeNotListed: the schedule has no such fee on this day.
    """
    day = at.astimezone(SHANGHAI).date()
    for fee in Fee.objects.filter(code=code, valid_from__lte=day).order_by("-valid_from"):
        if fee.valid_to is None or day < fee.valid_to:
            amount = part(on, fee.rate_bp)
            return (fee, amount) if amount else None
    raise FeeNotListed


def post(*, key: str, kind: str, legs: Sequence[Leg], cause: tuple[str, UUID], at: datetime) -> Posted:
    """Post legs under a key, all or none; a repeat posts nothing and returns the first transfers.

    Raises:
        InsufficientFunds: an account with a floor would fall below it.
        PostingConflict: the key stands for other legs.
        FeeNotListed: a fee is not on the schedule of that day, or not in that amount.
        AlreadyResolved: the hold was captured or voided, or the transfer reversed, before.
        PostingRefused: an unknown account or an amount out of range.
    """
    body = [_plain(index, leg) for index, leg in enumerate(legs)]
    text = json.dumps(body, sort_keys=True)
    digest = hashlib.sha256(f"{kind}|{text}".encode()).hexdigest()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT transfer_id, is_new FROM ledger_post(%s, %s, %s, %s, %s, %s, %s::jsonb)",
                [key, digest, kind, at, cause[0], cause[1], text],
            )
            rows = cursor.fetchall()
    except Error as error:
        raise _refusal(error) from error
    return Posted(tuple(row[0] for row in rows), bool(rows and rows[0][1]))


def post_many(
    *,
    kind: str,
    debit: AccountRef,
    credit: AccountRef,
    cause_kind: str,
    rows: Sequence[tuple[str, Fen, UUID, datetime]],
) -> int:
    """Post many transfers between two accounts in one statement; rows are (key, fen, cause, at).

    Returns how many were new. No fees: those go through `post`.

    Raises:
        InsufficientFunds, PostingRefused: as in `post`.
    """
    keys, amounts, causes, ats = zip(*rows, strict=True)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_post_many(%s, %s, %s, %s, %s, %s, %s, %s)",
                [kind, debit.id, credit.id, cause_kind, list(keys), list(amounts), list(causes), list(ats)],
            )
            return int(cursor.fetchone()[0])
    except Error as error:
        raise _refusal(error) from error


def hold(
    *,
    key: str,
    kind: str,
    debit: AccountRef,
    credit: AccountRef,
    amount_fen: Fen,
    cause: tuple[str, UUID],
    at: datetime,
) -> UUID:
    """Set money aside for one purpose (冻结): it can then only be captured or let go.

    Raises:
        InsufficientFunds: the account does not hold as much, other holds counted.
    """
    leg = Leg(debit, credit, amount_fen, phase=Transfer.PENDING)
    return post(key=key, kind=kind, legs=[leg], cause=cause, at=at).transfers[0]


def capture(*, key: str, hold_id: UUID, at: datetime, amount_fen: Fen | None = None) -> UUID:
    """Move what was held, or a part of it; the rest is free again.

    Raises:
        AlreadyResolved: captured or voided before under another key.
    """
    return _resolve(key, hold_id, Transfer.CAPTURED, at, amount_fen)


def void(*, key: str, hold_id: UUID, at: datetime) -> UUID:
    """Let go of what was held.

    Raises:
        AlreadyResolved: captured or voided before under another key.
    """
    return _resolve(key, hold_id, Transfer.VOIDED, at, None)


def _resolve(key: str, hold_id: UUID, phase: str, at: datetime, amount_fen: Fen | None) -> UUID:
    held = Transfer.objects.select_related("debit", "credit").get(pk=hold_id)
    amount = held.amount_fen if amount_fen is None else amount_fen
    leg = Leg(_ref(held, "debit"), _ref(held, "credit"), amount, phase=phase, resolves=hold_id)
    cause = (held.cause_kind, held.cause_id)
    return post(key=key, kind=held.kind, legs=[leg], cause=cause, at=at).transfers[0]


def reverse(*, key: str, transfer_id: UUID, at: datetime) -> UUID:
    """Undo a posted transfer by its opposite, once (冲正).

    Raises:
        AlreadyResolved: it was reversed before.
        InsufficientFunds: the money has moved on.
    """
    done = Transfer.objects.select_related("debit", "credit").get(pk=transfer_id)
    leg = Leg(_ref(done, "credit"), _ref(done, "debit"), done.amount_fen, reverses=transfer_id)
    cause = (done.cause_kind, done.cause_id)
    return post(key=key, kind="reversal", legs=[leg], cause=cause, at=at).transfers[0]


def _ref(transfer: Transfer, side: str) -> AccountRef:
    account = getattr(transfer, side)
    return AccountRef(account.code, AccountKind(account.kind), account.debit_normal, account.floored)


def _plain(index: int, leg: Leg) -> dict[str, object]:
    return {
        "leg": index,
        "phase": leg.phase,
        "debit": str(leg.debit.id),
        "credit": str(leg.credit.id),
        "amount": leg.amount_fen,
        "resolves": str(leg.resolves) if leg.resolves else None,
        "reverses": str(leg.reverses) if leg.reverses else None,
        "fee": leg.fee.pk if leg.fee else None,
        "fee_base": leg.fee_base_fen,
    }


def _refusal(error: Error) -> Exception:
    """The refusal behind a database error; the error itself where it is a fault."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
    if state == "LD001":
        return PostingConflict()
    if state == "LD002":
        return FeeNotListed()
    if constraint == "ledger_account_floor":
        return InsufficientFunds()
    if state == "LD003" or "resolves_id" in constraint or "reverses_id" in constraint:
        return AlreadyResolved()
    if state in ("LD004", "23503", "23514", "22003", "23502", "P0002"):
        return PostingRefused(problem=constraint or str(cause).splitlines()[0])
    return error


def transfer_of(key: str) -> UUID:
    """The first transfer under a key.

    Raises:
        Transfer.DoesNotExist: nothing was posted under it.
    """
    return Transfer.objects.values_list("pk", flat=True).get(key=key, leg=0)
