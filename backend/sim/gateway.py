"""The simulated provider: keeps its own books, answers late or never, lies, and sends signed notices.

It stands behind the provider port in the place of the real adapter, so that payments run as they
are; what it tells unasked goes through the real notice receiver, signed with the real key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Protocol

from django.conf import settings

from backend.common.fen import Fen, wire_yuan
from backend.common.rules import SHANGHAI
from backend.payments.alipay import signing
from backend.payments.provider import BillLine, Done, Outcome, Refused, TradeFact, Unknown

PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")
SKEW = timedelta(minutes=2)
"""A payer who began in time may end a little after it."""
SILENCES = (timedelta(minutes=50), timedelta(hours=10), timedelta(days=1), timedelta(days=1))
"""How long the provider may be gone: no answers, no payments, no notices (security.md §3)."""


class Chance(Protocol):
    """Where the gateway's luck comes from."""

    @property
    def chance(self) -> Random: ...


@dataclass
class Visit:
    """A payer at the cashier: an order that can be paid until its time."""

    number: str
    amount_fen: Fen
    expires_at: datetime


@dataclass
class Trade:
    """A payment as the provider holds it."""

    trade_no: str
    number: str
    amount_fen: Fen
    status: str
    paid_at: datetime | None = None
    refunds: dict[str, Fen] = field(default_factory=dict)
    refunded_at: dict[str, datetime] = field(default_factory=dict)

    @property
    def refunded_fen(self) -> Fen:
        return sum(self.refunds.values())


@dataclass
class Transfer:
    """A payout as the provider holds it."""

    number: str
    amount_fen: Fen
    account: str
    at: datetime
    status: str = "SUCCESS"
    returned_at: datetime | None = None


@dataclass
class Letter:
    """A notice on its way."""

    fields: dict[str, str]
    kind: str
    tries: int = 0


def _on(moment: datetime | None, day: date) -> bool:
    return moment is not None and moment.astimezone(SHANGHAI).date() == day


class Gateway:
    """The provider's own truth. Faults are drawn from the seed while `faulty`."""

    def __init__(self, world: Chance) -> None:
        self.world = world
        self.faulty = True
        self.visits: list[Visit] = []
        self.trades: list[Trade] = []
        self.transfers: dict[str, Transfer] = {}
        self.letters: list[Letter] = []
        self.closed: set[str] = set()
        self.happened: list[str] = []
        self.silent_until: datetime | None = None

    def memory(self) -> dict[str, Any]:
        """Everything that the provider knows."""
        return {name: known for name, known in vars(self).items() if name != "world"}

    def remember(self, known: dict[str, Any]) -> None:
        """Know what another gateway knew."""
        vars(self).update(known)

    # --- the port -----------------------------------------------------------------------------------

    @property
    def rng(self) -> Random:
        return self.world.chance

    def cashier_url(
        self, *, number: str, amount_fen: Fen, subject: str, expires_at: datetime, phone: bool, at: datetime
    ) -> str:
        """A payer arrives."""
        self.visits.append(Visit(number, amount_fen, expires_at))
        return f"https://cashier.invalid/{number}"

    def query(self, *, number: str, at: datetime) -> TradeFact | Refused | Unknown:
        """How a payment stands; sometimes nobody knows."""
        if self._fails("query", at):
            return Unknown("timeout")
        trade = self._first_paid(number)
        if trade is None:
            return Refused("ACQ.TRADE_NOT_EXIST")
        return TradeFact(trade.trade_no, number, trade.status, trade.amount_fen, trade.paid_at)

    def close(self, *, number: str, at: datetime) -> Outcome:
        """Close an unpaid payment; the answer may be lost after the work."""
        if self._fails("close", at):
            return Unknown("timeout")
        if self._first_paid(number) is not None:
            return Refused("ACQ.TRADE_STATUS_ERROR")
        self.closed.add(number)
        return Unknown("cut") if self._fails("close answer", at) else Done({})

    def refund(
        self, *, trade_no: str, number: str, refund_number: str, amount_fen: Fen, reason: str, at: datetime
    ) -> Outcome:
        """Give money back once a number; the answer may be lost before or after the work."""
        if self._fails("refund", at):
            return Unknown("timeout")
        trade = next((one for one in self.trades if one.trade_no == trade_no), None)
        if trade is None:
            return Refused("ACQ.TRADE_NOT_EXIST")
        known = trade.refunds.get(refund_number)
        if known is not None and known != amount_fen:
            return Refused("ACQ.CONTEXT_INCONSISTENT")
        if known is None:
            if trade.refunded_fen + amount_fen > trade.amount_fen:
                return Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR")
            if self.faulty and self.rng.random() < 0.03:
                return Refused("ACQ.SELLER_BALANCE_NOT_ENOUGH")
            trade.refunds[refund_number] = amount_fen
            trade.refunded_at[refund_number] = at
        if self._fails("refund answer", at):
            return Unknown("cut after doing")
        return Done({"fund_change": "Y"})

    def query_refund(self, *, trade_no: str, number: str, refund_number: str, amount_fen: Fen, at: datetime) -> Outcome:
        """Whether a refund was done."""
        if self._fails("refund query", at):
            return Unknown("timeout")
        trade = next((one for one in self.trades if one.trade_no == trade_no), None)
        if trade is not None and trade.refunds.get(refund_number) == amount_fen:
            return Done({"refund_status": "REFUND_SUCCESS"})
        return Refused("REFUND_NOT_RECEIVED")

    def transfer(self, *, number: str, amount_fen: Fen, account: str, name: str, title: str, at: datetime) -> Outcome:
        """Pay out once a number."""
        if self._fails("transfer", at):
            return Unknown("timeout")
        known = self.transfers.get(number)
        if known is None:
            if self.faulty and self.rng.random() < 0.1:
                return Refused("PAYEE_NOT_EXIST")
            known = self.transfers.setdefault(number, Transfer(number, amount_fen, account, at))
        elif (known.amount_fen, known.account) != (amount_fen, account):
            return Refused("CONTEXT_INCONSISTENT")
        if self._fails("transfer answer", at, 0.4):
            return Unknown("cut after doing")
        return Done({"status": known.status, "order_id": f"O{number[-8:]}"})

    def query_transfer(self, *, number: str, at: datetime) -> Outcome:
        """How a payout stands."""
        if self._fails("transfer query", at):
            return Unknown("timeout")
        known = self.transfers.get(number)
        if known is None:
            return Refused("ORDER_NOT_EXIST")
        return Done({"status": known.status, "order_id": f"O{number[-8:]}"})

    def bill(self, *, day: date, at: datetime) -> list[BillLine] | Refused | Unknown:
        """Everything that moved on a day, and nothing but the truth."""
        if self._fails("bill", at):
            return Unknown("timeout")
        lines = []
        for one in self.trades:
            if _on(one.paid_at, day):
                lines.append(BillLine(BillLine.PAYMENT, one.trade_no, one.number, "", one.amount_fen))
            for number, amount in one.refunds.items():
                if _on(one.refunded_at[number], day):
                    lines.append(BillLine(BillLine.REFUND, one.trade_no, one.number, number, amount))
        for sent in self.transfers.values():
            if _on(sent.at, day):
                lines.append(BillLine(BillLine.PAYOUT, "", sent.number, "", sent.amount_fen))
            if _on(sent.returned_at, day):
                lines.append(BillLine(BillLine.PAYOUT_BACK, "", sent.number, "", sent.amount_fen))
        return lines

    def _fails(self, what: str, at: datetime, chance: float = 0.15) -> bool:
        if self.is_silent(at) or (self.faulty and self.rng.random() < chance):
            self.happened.append(f"gateway: {what} unanswered")
            return True
        return False

    def fall_silent(self, until: datetime) -> None:
        """Be gone for a time: nothing is answered, nobody can pay, no notice leaves."""
        self.silent_until = until

    def is_silent(self, at: datetime) -> bool:
        """Whether the provider is gone at a moment; faults that have stopped end that too."""
        return self.faulty and self.silent_until is not None and at < self.silent_until

    def _first_paid(self, number: str) -> Trade | None:
        return next((trade for trade in self.trades if trade.number == number and trade.status in PAID), None)

    # --- what payers and banks do ---------------------------------------------------------------------

    def payable(self, at: datetime) -> list[Visit]:
        """Orders that can still be paid, and some that were: two people scan one code."""
        if self.is_silent(at):
            return []
        return [visit for visit in self.visits if at < visit.expires_at + SKEW and visit.number not in self.closed]

    def pay(self, visit: Visit, at: datetime, *, again: bool, booked: frozenset[str]) -> None:
        """A payer pays. A second payment of one order is rare and real (X2)."""
        if self._first_paid(visit.number) is not None and not again:
            return
        trade = Trade(
            f"T{len(self.trades):05d}{visit.number[-6:]}", visit.number, visit.amount_fen, "TRADE_SUCCESS", at
        )
        self.trades.append(trade)
        self.happened.append(
            f"gateway: {visit.number[-6:]} paid ¥{visit.amount_fen / 100:g}{' again' if again else ''}"
        )
        draw = self.rng.random() if self.faulty else 1.0
        if draw < 0.2 and not again:
            return  # the notice is lost; asking finds the payment
        for _ in range(2 if draw < 0.4 else 1):
            self._write(trade, "notice", at)
        if draw > 0.7 and self.faulty:
            self._lie(trade, at, booked)

    def _write(self, trade: Trade, kind: str, at: datetime, **changed: str) -> None:
        fields = {
            "app_id": str(settings.ALIPAY["app_id"]),
            "seller_id": str(settings.ALIPAY["seller_id"]),
            "out_trade_no": trade.number,
            "trade_no": trade.trade_no,
            "trade_status": trade.status,
            "total_amount": wire_yuan(trade.amount_fen),
            "gmt_payment": at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            "notify_id": f"n{self.rng.randrange(10**12)}",
            **changed,
        }
        self.letters.append(Letter(fields, kind))

    def _lie(self, trade: Trade, at: datetime, booked: frozenset[str]) -> None:
        """Authentic and not valid: another amount, another order, another seller, a trade booked before."""
        unpaid = [visit for visit in self.visits if self._first_paid(visit.number) is None]
        lies: list[dict[str, str]] = [{"seller_id": "2088999999999999"}]
        if unpaid:
            other = self.rng.choice(unpaid)
            cheap = {"out_trade_no": other.number, "trade_no": f"L{self.rng.randrange(10**9)}", "total_amount": "0.01"}
            lies += [cheap, cheap]
            for used in sorted(booked)[:1]:
                lies.append(
                    {"out_trade_no": other.number, "trade_no": used, "total_amount": wire_yuan(other.amount_fen)}
                )
        self._write(trade, "lie", at, **self.rng.choice(lies))

    def send_back(self, at: datetime) -> str | None:
        """A payee's bank returns a payout, within days."""
        recent = at - timedelta(days=3)
        made = [one for one in self.transfers.values() if one.status == "SUCCESS" and one.at > recent]
        if not made:
            return None
        chosen = self.rng.choice(made)
        chosen.status, chosen.returned_at = "REFUND", at
        return chosen.number

    def balance(self) -> Fen:
        """What the merchant has here."""
        held = sum(trade.amount_fen - trade.refunded_fen for trade in self.trades)
        return held - sum(one.amount_fen for one in self.transfers.values() if one.status == "SUCCESS")


def signed(letter: Letter) -> dict[str, list[str]]:
    """A letter as it arrives: signed with the platform's key, each field once."""
    fields = {**letter.fields, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2"}
    text = signing.text_to_sign(fields, without=("sign", "sign_type"))
    key: Any = signing.read_private_key(settings.ALIPAY["private_key"].with_name("platform_private.pem"))
    return {name: [value] for name, value in {**fields, "sign": signing.sign(text, key)}.items()}
