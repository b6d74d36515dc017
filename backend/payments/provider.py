"""The provider port (支付通道): what the platform asks of whoever holds the money.

In the usual vocabulary: create, query, close, refund, transfer and their queries, and the bill. An adapter maps
every end of a call to one of three outcomes; unknown is never failure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from backend.common.fen import Fen


@dataclass(frozen=True)
class Done:
    """The provider says, signed, that it did it or how it stands."""

    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """The provider says, signed, that it will not, and why."""

    code: str


@dataclass(frozen=True)
class Unknown:
    """Nobody can tell: ask again, never assume."""

    why: str


Outcome = Done | Refused | Unknown


@dataclass(frozen=True)
class TradeFact:
    """What the provider says of one payment, however it reached us: notice, query, bill."""

    trade_no: str
    out_trade_no: str
    status: str
    amount_fen: Fen
    paid_at: datetime | None = None
    refunded_fen: Fen = 0

    PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})

    @property
    def is_payment(self) -> bool:
        """Paid, and not a message about a refund."""
        return self.status in self.PAID and self.refunded_fen == 0


@dataclass(frozen=True)
class BillLine:
    """One movement as the provider's bill of a day says it (对账单明细); amounts in fen, without sign."""

    kind: str
    trade_no: str
    number: str
    request_no: str
    amount_fen: Fen
    fee_fen: Fen = 0

    PAYMENT, REFUND, PAYOUT, PAYOUT_BACK = "payment", "refund", "payout", "payout_back"

    @property
    def key(self) -> str:
        """What makes the movement one: its trade, refund request or transfer number."""
        return {self.PAYMENT: self.trade_no, self.REFUND: self.request_no}.get(self.kind, self.number)


class Provider(Protocol):
    """One provider of payments."""

    def cashier_url(
        self, *, number: str, amount_fen: Fen, subject: str, expires_at: datetime, phone: bool, at: datetime
    ) -> str:
        """Where to send the payer's browser."""

    def query(self, *, number: str, at: datetime) -> TradeFact | Refused | Unknown:
        """How a payment stands; `Refused` with TRADE_NOT_EXIST proves nothing before its expiry."""

    def close(self, *, number: str, at: datetime) -> Outcome:
        """Close an unpaid payment."""

    def refund(
        self, *, trade_no: str, number: str, refund_number: str, amount_fen: Fen, reason: str, at: datetime
    ) -> Outcome:
        """Give money back the way it came; a repeat with the same number moves nothing."""

    def query_refund(self, *, trade_no: str, number: str, refund_number: str, amount_fen: Fen, at: datetime) -> Outcome:
        """Whether a refund was received and done; `Refused` means not received."""

    def transfer(self, *, number: str, amount_fen: Fen, account: str, name: str, title: str, at: datetime) -> Outcome:
        """Pay out; the same number is the same transfer."""

    def query_transfer(self, *, number: str, at: datetime) -> Outcome:
        """How a payout stands, in `status`: SUCCESS, DEALING, FAIL or REFUND."""

    def bill(self, *, day: date, at: datetime) -> list[BillLine] | Refused | Unknown:
        """Every movement of a day that is over; `Refused` while the bill is not ready."""
