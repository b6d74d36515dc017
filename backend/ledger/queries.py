"""Every read of the ledger that spans rows: balances, statements, and what does not agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from backend.common.fen import Fen
from backend.ledger.models import Transfer
from backend.ledger.operations import AccountRef, escrow_of

CHECKS: list[Mapping[str, str]] = []
"""What higher packages know must agree with the ledger: statements by what each row that they find means."""


def balance(account: AccountRef) -> Fen:
    """What an account holds now, holds included: positive on its normal side."""
    return balances([account.id]).get(account.id, 0)


def balances(account_ids: list[UUID]) -> dict[UUID, Fen]:
    """What several accounts hold now, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, (a.credits_fen - a.debits_fen + coalesce(s.net, 0)) * CASE WHEN a.debit_normal THEN -1 ELSE 1 END "
            "FROM ledger_account a LEFT JOIN LATERAL (SELECT sum(credits_fen - debits_fen) AS net FROM ledger_slot "
            "WHERE account_id = a.id) s ON true WHERE a.id = ANY(%s)",
            [account_ids],
        )
        return {row[0]: int(row[1]) for row in cursor.fetchall()}


def available(account: AccountRef) -> Fen:
    """What an account holds less what is set aside."""
    set_aside = held(account)
    return balance(account) - set_aside


def held(account: AccountRef) -> Fen:
    """What of an account is set aside."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT held_fen FROM ledger_account WHERE id = %s", [account.id])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def available_of(subject: str, subject_id: UUID) -> Fen:
    """What the escrow of a campaign, task or order holds less what is set aside."""
    return available(escrow_of(subject, subject_id))


def statement(account: AccountRef) -> QuerySet[Transfer]:
    """The transfers of an account, newest first (对账单)."""
    touching = Transfer.objects.filter(Q(debit_id=account.id) | Q(credit_id=account.id))
    return touching.select_related("debit", "credit").order_by("-seq")


def caused_by(cause_ids: list[UUID]) -> QuerySet[Transfer]:
    """The transfers that an order, refund or payout caused, in the order they were posted."""
    found = Transfer.objects.filter(cause_id__in=cause_ids).select_related("debit", "credit")
    return found.order_by("seq")


@dataclass(frozen=True)
class Totals:
    """The sums of the books: accounts by kind in fen, and how many transfers there are."""

    by_kind: dict[str, Fen]
    transfers: int
    newest_at: datetime | None


def totals() -> Totals:
    """What the books come to now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, sum((a.credits_fen - a.debits_fen + coalesce(s.net, 0)) "
            "* CASE WHEN a.debit_normal THEN -1 ELSE 1 END) FROM ledger_account a LEFT JOIN "
            "(SELECT account_id, sum(credits_fen - debits_fen) AS net FROM ledger_slot GROUP BY 1) s "
            "ON s.account_id = a.id GROUP BY 1 ORDER BY 1"
        )
        by_kind = {kind: int(total) for kind, total in cursor.fetchall()}
        cursor.execute("SELECT count(*), max(at) FROM ledger_transfer")
        count, newest = cursor.fetchone()
    return Totals(by_kind, count, newest)


def differences() -> Iterator[str]:
    """Everything that does not agree, in the ledger itself and between it and what it mirrors."""
    for title, statement_text in standing().items():
        with connection.cursor() as cursor:
            cursor.execute(statement_text)
            for row in cursor.fetchall():
                yield f"{title}: " + ", ".join(str(value) for value in row)


def standing() -> dict[str, str]:
    """Every standing check, the ledger's own first."""
    return {title: text for checks in (STANDING, *CHECKS) for title, text in checks.items()}


STANDING: dict[str, str] = {
    "account differs from its transfers (code, counted debits, counted credits, debits, credits)": """
        SELECT a.code, a.debits_fen + coalesce(s.debits, 0), a.credits_fen + coalesce(s.credits, 0),
               coalesce(d.total, 0), coalesce(c.total, 0)
        FROM ledger_account a
        LEFT JOIN (SELECT account_id, sum(debits_fen) debits, sum(credits_fen) credits FROM ledger_slot GROUP BY 1) s
            ON s.account_id = a.id
        LEFT JOIN (SELECT debit_id, sum(amount_fen) total FROM ledger_transfer WHERE phase IN ('posted', 'captured') GROUP BY 1) d
            ON d.debit_id = a.id
        LEFT JOIN (SELECT credit_id, sum(amount_fen) total FROM ledger_transfer WHERE phase IN ('posted', 'captured') GROUP BY 1) c
            ON c.credit_id = a.id
        WHERE a.debits_fen + coalesce(s.debits, 0) <> coalesce(d.total, 0)
           OR a.credits_fen + coalesce(s.credits, 0) <> coalesce(c.total, 0)
        ORDER BY 1""",
    "account below its floor (code, balance, held)": """
        SELECT a.code, (a.credits_fen - a.debits_fen + coalesce(s.net, 0)) * CASE WHEN a.debit_normal THEN -1 ELSE 1 END,
               a.held_fen
        FROM ledger_account a
        LEFT JOIN (SELECT account_id, sum(credits_fen - debits_fen) net FROM ledger_slot GROUP BY 1) s
            ON s.account_id = a.id
        WHERE a.floored AND
            (a.credits_fen - a.debits_fen + coalesce(s.net, 0)) * CASE WHEN a.debit_normal THEN -1 ELSE 1 END < a.held_fen
        ORDER BY 1""",
    "holds differ from what is set aside (code, held, open holds)": """
        SELECT a.code, a.held_fen, coalesce(h.total, 0) FROM ledger_account a
        LEFT JOIN (
            SELECT p.debit_id, sum(p.amount_fen) total FROM ledger_transfer p
            WHERE p.phase = 'pending' AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.resolves_id = p.id)
            GROUP BY 1
        ) h ON h.debit_id = a.id
        WHERE a.held_fen <> coalesce(h.total, 0) ORDER BY 1""",
    "transfer between two currencies (key)": """
        SELECT t.key FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id
        JOIN ledger_account c ON c.id = t.credit_id WHERE d.currency <> c.currency ORDER BY t.seq""",
    "amount out of range (key, fen)": """
        SELECT key, amount_fen FROM ledger_transfer WHERE amount_fen <= 0 OR amount_fen > 10000000000000 ORDER BY seq""",
    "resolution does not fit its hold (key)": """
        SELECT t.key FROM ledger_transfer t JOIN ledger_transfer h ON h.id = t.resolves_id
        WHERE h.phase <> 'pending' OR h.debit_id <> t.debit_id OR h.credit_id <> t.credit_id
           OR t.amount_fen > h.amount_fen ORDER BY t.seq""",
    "reversal does not mirror its transfer (key)": """
        SELECT t.key FROM ledger_transfer t JOIN ledger_transfer r ON r.id = t.reverses_id
        WHERE r.debit_id <> t.credit_id OR r.credit_id <> t.debit_id OR r.amount_fen <> t.amount_fen ORDER BY t.seq""",
    "fee that is not on the schedule (key, fen)": """
        SELECT t.key, t.amount_fen FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id
        LEFT JOIN ledger_fee f ON f.id = t.fee_id
        WHERE c.kind = 'fees' AND t.reverses_id IS NULL AND (f.id IS NULL
           OR (t.at AT TIME ZONE 'Asia/Shanghai')::date < f.valid_from
           OR (t.at AT TIME ZONE 'Asia/Shanghai')::date >= f.valid_to
           OR t.amount_fen <> (t.fee_base_fen * f.rate_bp + 5000) / 10000) ORDER BY t.seq""",
}
