"""What the provider tells us unasked (alipay.md §4): read strictly, checked in order, booked once.

Authentic is not valid: after the signature come app, seller, order, currency and amount, each
against our own row. A signed notice that fits nothing is an incident: kept, alerted, never booked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from backend.common import outbox
from backend.common.actors import Actor
from backend.common.errors import Invalid
from backend.common.fen import parse_yuan
from backend.payments.alipay import signing
from backend.payments.alipay.client import configured
from backend.payments.alipay.provider import read_time
from backend.payments.events import NoticeQuarantined
from backend.payments.models import Notice, PaymentIntent, Refund
from backend.payments.operations.intents import apply_trade
from backend.payments.provider import TradeFact
from backend.payments.states import Refunding

SUCCESS, FAIL = "success", "fail"

_NUMBER = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)
_STATUS = frozenset({"WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"})
_PAID = TradeFact.PAID
_MOST_VALUE = 4_000


def take(fields: Mapping[str, list[str]], *, at: datetime) -> str:
    """Take one notice and say what to answer: `success` when it is dealt with, `fail` otherwise.

    A forged or garbled one leaves no trace in the database.
    """
    params = _once_each(fields)
    if params is None or not _is_signed(params):
        return FAIL
    digest = hashlib.sha256(signing.text_to_sign(params, without=("sign", "sign_type"))).hexdigest()
    with transaction.atomic():
        known = Notice.objects.select_for_update().filter(digest=digest).first()
        if known is not None:
            Notice.objects.filter(pk=known.pk).update(times=F("times") + 1)
            return FAIL if known.outcome == Notice.QUARANTINED else SUCCESS
        wrong = _first_mismatch(params)
        outcome = Notice.QUARANTINED if wrong else _book(params, at)
        notice, is_new = Notice.objects.get_or_create(
            digest=digest, defaults={"body": params, "received_at": at, "outcome": outcome, "reason": wrong}
        )
        if wrong and is_new:
            outbox.record(NoticeQuarantined(at=at, notice_id=notice.pk, reason=wrong))
    return FAIL if wrong else SUCCESS


def _once_each(fields: Mapping[str, list[str]]) -> dict[str, str] | None:
    """The fields, each given once and of bounded size; None otherwise."""
    if not fields or len(fields) > 100:
        return None
    if any(
        len(values) != 1 or len(values[0]) > _MOST_VALUE or "\x00" in values[0] + name
        for name, values in fields.items()
    ):
        return None
    return {name: values[0] for name, values in fields.items()}


def _is_signed(params: Mapping[str, str]) -> bool:
    if params.get("sign_type") != "RSA2" or "sign" not in params:
        return False
    text = signing.text_to_sign(params, without=("sign", "sign_type"))
    return signing.verify(text, params["sign"], configured().alipay_public_key)


def is_signed_return(fields: Mapping[str, list[str]]) -> bool:
    """Whether a browser came back with the provider's own signature; it proves no payment."""
    params = _once_each(fields)
    return params is not None and _is_signed(params)


def _first_mismatch(params: Mapping[str, str]) -> str:
    """The first thing that does not fit our own row, in the order of features.md §2.1; empty when all does."""
    if params.get("app_id") != settings.ALIPAY["app_id"]:
        return "app"
    if params.get("seller_id") != settings.ALIPAY["seller_id"]:
        return "seller"
    number = params.get("out_trade_no", "")
    intent = PaymentIntent.objects.filter(number=number).first() if _NUMBER.fullmatch(number) else None
    if intent is None:
        return "order"
    if any(params.get(name, "CNY") != "CNY" for name in ("trans_currency", "settle_currency", "currency")):
        return "currency"
    try:
        amount = parse_yuan(params.get("total_amount", ""))
    except Invalid:
        return "amount"
    if amount != intent.amount_fen:
        return "amount"
    return _mismatch_of_trade(params, intent)


def _mismatch_of_trade(params: Mapping[str, str], intent: PaymentIntent) -> str:
    if params.get("trade_status") not in _STATUS:
        return "status"
    trade_no = params.get("trade_no", "")
    if not _NUMBER.fullmatch(trade_no):
        return "trade_no"
    used = PaymentIntent.objects.filter(trade_no=trade_no).exclude(pk=intent.pk).exclude(duplicate_of=intent)
    return "trade_reused" if used.exists() else ""


def _book(params: Mapping[str, str], at: datetime) -> str:
    intent_id: UUID = PaymentIntent.objects.values_list("pk", flat=True).get(number=params["out_trade_no"])
    if "refund_fee" in params or "gmt_refund" in params:
        _hurry_refund(params, at)
        return Notice.BOOKED
    if params["trade_status"] in _PAID:
        fact = TradeFact(
            trade_no=params["trade_no"],
            out_trade_no=params["out_trade_no"],
            status=params["trade_status"],
            amount_fen=parse_yuan(params["total_amount"]),
            paid_at=read_time(params.get("gmt_payment")),
        )
        return Notice.BOOKED if apply_trade(intent_id=intent_id, fact=fact, at=at) else Notice.REPEATED
    if params["trade_status"] == "TRADE_CLOSED":
        PaymentIntent.objects.filter(pk=intent_id, next_try_at__isnull=False).update(next_try_at=at)
    return Notice.IGNORED


def _hurry_refund(params: Mapping[str, str], at: datetime) -> None:
    """A refund's own message only makes us ask: what is booked is what the query says."""
    Refund.objects.filter(number=params.get("out_biz_no", ""), state=Refunding.SENDING).update(next_try_at=at)


def settle_quarantined(*, notice_id: int, by: Actor, note: str, at: datetime) -> bool:
    """A finance officer has looked into a quarantined notice; it is never booked from here."""
    found = Notice.objects.filter(pk=notice_id, outcome=Notice.QUARANTINED, settled_at=None)
    return bool(found.update(settled_by=by.person_id, settled_at=at, settled_note=note[:200]))
