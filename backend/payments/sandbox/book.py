"""What the gateway does: trades come into being, are paid, closed, refunded; money is transferred.

Rules and error names as in the provider's documents (alipay.md §3 and §6).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Sum

from backend.payments.sandbox.models import Fault, Letter, RefundMade, Trade, TransferMade, Visit

SHANGHAI = ZoneInfo("Asia/Shanghai")
PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")
FLOAT_FEN = 0


class Wrong(Exception):
    """A business error: 40004 with a sub_code."""

    def __init__(self, sub_code: str, sub_msg: str = "") -> None:
        super().__init__(sub_code)
        self.sub_code, self.sub_msg = sub_code, sub_msg or sub_code


def now() -> datetime:
    """The gateway's own clock, which tests and the journey move."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() + coalesce((SELECT ahead FROM sandbox_clock WHERE id = 1), interval '0')"
        )
        moment: datetime = cursor.fetchone()[0]
    return moment


def move_clock(moment: datetime) -> None:
    """Make `now()` answer `moment` and go on from there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sandbox_clock (id, ahead) VALUES (1, %s - clock_timestamp()) "
            "ON CONFLICT (id) DO UPDATE SET ahead = excluded.ahead",
            [moment],
        )
        cursor.execute("UPDATE sandbox_letter SET due_at = least(due_at, %s) WHERE NOT done", [moment])


def struck(kind: str, call: str) -> Fault | None:
    """Whether a fault of this kind is due on this call; each counts down."""
    for fault in Fault.objects.filter(kind=kind, call__in=(call, "*"), left__gt=0):
        if Fault.objects.filter(pk=fault.pk, left__gt=0).update(left=F("left") - 1):
            return fault
    return None


def text_time(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def read_fen(value: object) -> int:
    """An amount on the wire: 0.01 to 100,000,000, two decimals.

    Raises:
        Wrong: anything else.
    """
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise Wrong("ACQ.INVALID_PARAMETER", "total_amount") from error
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or not isinstance(exponent, int) or exponent < -2:
        raise Wrong("ACQ.INVALID_PARAMETER", "total_amount")
    if not Decimal("0.01") <= amount <= 100_000_000:
        raise Wrong("ACQ.INVALID_PARAMETER", "total_amount")
    return int(amount * 100)


def read_expiry(biz: dict[str, object]) -> datetime | None:
    text = biz.get("time_expire")
    if text is None:
        return None
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError as error:
        raise Wrong("ACQ.INVALID_PARAMETER", "time_expire") from error


def arrive(product: str, biz: dict[str, object], params: dict[str, str]) -> Visit:
    """A browser arrives at the cashier with a signed order; no trade yet.

    Raises:
        Wrong: fields, or an order that is paid, closed, expired, or of another content.
    """
    number, subject = str(biz.get("out_trade_no") or ""), str(biz.get("subject") or "")
    if not number or len(number) > 64 or not subject:
        raise Wrong("ACQ.INVALID_PARAMETER", "out_trade_no, subject")
    amount, expires = read_fen(biz.get("total_amount")), read_expiry(biz)
    trade = Trade.objects.filter(out_trade_no=number).first()
    if trade is not None:
        _require_same(trade, amount, subject)
        if trade.status in PAID:
            raise Wrong("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if trade.status == "TRADE_CLOSED":
            raise Wrong("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if expires is not None and now() >= expires:
        raise Wrong("ACQ.TRADE_HAS_CLOSE", "订单已超时")
    return Visit.objects.create(
        token=secrets.token_hex(12),
        product=product,
        out_trade_no=number,
        amount_fen=amount,
        subject=subject[:256],
        time_expire=expires,
        notify_url=params.get("notify_url", ""),
        return_url=params.get("return_url", ""),
        passback=str(biz.get("passback_params") or ""),
    )


def _require_same(trade: Trade, amount: int, subject: str) -> None:
    if trade.amount_fen != amount or trade.subject != subject[:256]:
        raise Wrong("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")


@transaction.atomic
def pay(visit: Visit) -> Trade:
    """The payer pays: the trade comes into being if it has not, and is paid once.

    Raises:
        Wrong: paid, closed or expired.
    """
    at = now()
    trade, _ = Trade.objects.get_or_create(
        out_trade_no=visit.out_trade_no,
        defaults={
            "trade_no": f"{at:%Y%m%d}22{secrets.randbelow(10**16):016d}",
            "status": "WAIT_BUYER_PAY",
            "amount_fen": visit.amount_fen,
            "subject": visit.subject,
            "product": visit.product,
            "notify_url": visit.notify_url,
            "created_at": at,
            "time_expire": visit.time_expire,
            "passback": visit.passback,
        },
    )
    trade = Trade.objects.select_for_update().get(pk=trade.pk)
    _require_same(trade, visit.amount_fen, visit.subject)
    if trade.status in PAID:
        raise Wrong("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if trade.status == "TRADE_CLOSED" or (trade.time_expire is not None and at >= trade.time_expire):
        raise Wrong("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    trade.status, trade.paid_at = "TRADE_SUCCESS", at
    trade.save()
    write_letter(trade, {})
    return trade


def enter(visit: Visit) -> Trade:
    """The payer signs in at the cashier or scans the code: the trade comes into being, unpaid."""
    at = now()
    return Trade.objects.get_or_create(
        out_trade_no=visit.out_trade_no,
        defaults={
            "trade_no": f"{at:%Y%m%d}22{secrets.randbelow(10**16):016d}",
            "status": "WAIT_BUYER_PAY",
            "amount_fen": visit.amount_fen,
            "subject": visit.subject,
            "product": visit.product,
            "notify_url": visit.notify_url,
            "created_at": at,
            "time_expire": visit.time_expire,
            "passback": visit.passback,
        },
    )[0]


def find(biz: dict[str, object]) -> Trade:
    """The trade a call means; trade_no wins over out_trade_no.

    Raises:
        Wrong: there is none (yet).
    """
    if not biz.get("trade_no") and not biz.get("out_trade_no"):
        raise Wrong("ACQ.INVALID_PARAMETER", "out_trade_no")
    found = Trade.objects.select_for_update()
    found = (
        found.filter(trade_no=str(biz["trade_no"]))
        if biz.get("trade_no")
        else found.filter(out_trade_no=str(biz["out_trade_no"]))
    )
    trade = found.first()
    if trade is None:
        raise Wrong("ACQ.TRADE_NOT_EXIST", "交易不存在")
    if trade.status == "WAIT_BUYER_PAY" and trade.time_expire is not None and now() >= trade.time_expire:
        trade.status = "TRADE_CLOSED"
        trade.save(update_fields=["status"])
    return trade


def shown(trade: Trade) -> dict[str, str]:
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}


@transaction.atomic
def query(biz: dict[str, object]) -> dict[str, object]:
    """alipay.trade.query"""
    trade = find(biz)
    answer: dict[str, object] = {
        **shown(trade),
        "trade_status": trade.status,
        "total_amount": yuan(trade.amount_fen),
        "buyer_user_id": "2088102000000001",
        "buyer_logon_id": "sbx***@example.com",
    }
    if trade.paid_at is not None:
        answer |= {"send_pay_date": text_time(trade.paid_at), "receipt_amount": yuan(trade.amount_fen)}
    return answer


@transaction.atomic
def close(biz: dict[str, object]) -> dict[str, object]:
    """alipay.trade.close"""
    trade = find(biz)
    if trade.status in PAID:
        raise Wrong("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    trade.status = "TRADE_CLOSED"
    trade.save(update_fields=["status"])
    if trade.product == "wap":
        write_letter(trade, {})
    return dict(shown(trade))


@transaction.atomic
def refund(biz: dict[str, object]) -> dict[str, object]:
    """alipay.trade.refund: a repeat of a number moves nothing; a part needs a number."""
    amount = read_fen(biz.get("refund_amount"))
    trade = find(biz)
    if trade.status not in PAID and not (trade.status == "TRADE_CLOSED" and trade.refunded_fen):
        raise Wrong("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    number = str(biz.get("out_request_no") or "")
    if not number and amount != trade.amount_fen:
        raise Wrong("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "部分退款须传入退款请求号")
    number = number or trade.out_trade_no
    known = RefundMade.objects.filter(trade=trade, out_request_no=number).first()
    answer: dict[str, object] = {**shown(trade), "buyer_logon_id": "sbx***@example.com"}
    if known is not None:
        if known.amount_fen != amount:
            raise Wrong("ACQ.CONTEXT_INCONSISTENT", "退款信息不一致")
        return {**answer, "fund_change": "N", "refund_fee": yuan(trade.refunded_fen)}
    if trade.refunded_fen + amount > trade.amount_fen:
        raise Wrong("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
    if balance() < amount:
        raise Wrong("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
    at = now()
    RefundMade.objects.create(trade=trade, out_request_no=number, amount_fen=amount, at=at)
    trade.refunded_fen += amount
    if trade.refunded_fen == trade.amount_fen:
        trade.status = "TRADE_CLOSED"
    trade.save(update_fields=["refunded_fen", "status"])
    write_letter(
        trade, {"refund_fee": yuan(trade.refunded_fen), "gmt_refund": text_time(at) + ".000", "out_biz_no": number}
    )
    return {
        **answer,
        "fund_change": "Y",
        "refund_fee": yuan(trade.refunded_fen),
        "gmt_refund_pay": text_time(at),
    }


@transaction.atomic
def refund_query(biz: dict[str, object]) -> dict[str, object]:
    """alipay.trade.fastpay.refund.query: a number that was not received answers without a status."""
    trade = find(biz)
    number = str(biz.get("out_request_no") or "")
    if not number:
        raise Wrong("ACQ.INVALID_PARAMETER", "out_request_no")
    answer: dict[str, object] = {**shown(trade), "out_request_no": number, "total_amount": yuan(trade.amount_fen)}
    made = RefundMade.objects.filter(trade=trade, out_request_no=number).first()
    if made is not None:
        answer |= {
            "refund_status": "REFUND_SUCCESS",
            "refund_amount": yuan(made.amount_fen),
            "gmt_refund_pay": text_time(made.at),
        }
    return answer


@transaction.atomic
def transfer(biz: dict[str, object]) -> dict[str, object]:
    """alipay.fund.trans.uni.transfer: the same number is the same transfer; other content is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1)")
    number = str(biz.get("out_biz_no") or "")
    payee = biz.get("payee_info")
    if not number or not isinstance(payee, dict) or biz.get("product_code") != "TRANS_ACCOUNT_NO_PWD":
        raise Wrong("INVALID_PARAMETER", "out_biz_no, payee_info, product_code")
    amount = read_fen(biz.get("trans_amount"))
    content = hashlib.sha256(json.dumps([amount, payee], sort_keys=True).encode()).hexdigest()
    known = TransferMade.objects.filter(out_biz_no=number).first()
    if known is not None:
        if known.content != content:
            raise Wrong("CONTEXT_INCONSISTENT", "同一单号内容不一致")
        return _transfer_shown(known)
    if amount < 10:
        raise Wrong("EXCEED_LIMIT_SM_AMOUNT", "低于最低转账金额")
    if payee.get("identity_type") == "ALIPAY_LOGON_ID" and not payee.get("name"):
        raise Wrong("INVALID_PARAMETER", "payee_info.name")
    if "nobody" in str(payee.get("identity", "")) or not payee.get("identity"):
        raise Wrong("PAYEE_NOT_EXIST", "收款账号不存在")
    if balance() < amount:
        raise Wrong("PAYER_BALANCE_NOT_ENOUGH", "付款方余额不足")
    made = TransferMade.objects.create(
        out_biz_no=number,
        order_id=f"{now():%Y%m%d}{secrets.randbelow(10**20):020d}",
        amount_fen=amount,
        content=content,
        status="SUCCESS",
        at=now(),
    )
    return _transfer_shown(made)


def transfer_query(biz: dict[str, object]) -> dict[str, object]:
    """alipay.fund.trans.common.query"""
    found = TransferMade.objects.filter(out_biz_no=str(biz.get("out_biz_no") or ""))
    if biz.get("order_id"):
        found = TransferMade.objects.filter(order_id=str(biz["order_id"]))
    made = found.first()
    if made is None:
        raise Wrong("ORDER_NOT_EXIST", "转账订单不存在")
    return _transfer_shown(made)


def _transfer_shown(made: TransferMade) -> dict[str, object]:
    return {
        "out_biz_no": made.out_biz_no,
        "order_id": made.order_id,
        "pay_fund_order_id": made.order_id,
        "status": made.status,
        "trans_date": text_time(made.at),
    }


def send_back(out_biz_no: str) -> None:
    """The payee's bank sends a transfer back, days later."""
    TransferMade.objects.filter(out_biz_no=out_biz_no, status="SUCCESS").update(status="REFUND", returned_at=now())


def forget() -> None:
    """Begin with empty books."""
    for model in (RefundMade, Trade, TransferMade, Letter, Visit):
        model.objects.all().delete()


def balance() -> int:
    """What the merchant has at the provider, in fen."""
    paid = Trade.objects.filter(paid_at__isnull=False).aggregate(t=Sum("amount_fen"), r=Sum("refunded_fen"))
    sent = TransferMade.objects.exclude(status__in=("FAIL", "REFUND")).aggregate(t=Sum("amount_fen"))["t"] or 0
    return FLOAT_FEN + (paid["t"] or 0) - (paid["r"] or 0) - sent


def write_letter(trade: Trade, refund_fields: dict[str, str]) -> None:
    """Queue the notice of what just happened; faults may lose, double, delay or forge it."""
    if not trade.notify_url or struck("notice_lost", "*"):
        return
    at = now()
    body = {
        "gmt_create": text_time(trade.created_at),
        "notify_type": "trade_status_sync",
        "notify_id": f"{at:%Y%m%d}{secrets.token_hex(12)}",
        "subject": trade.subject,
        "buyer_id": "2088102000000001",
        "buyer_logon_id": "sbx***@example.com",
        "seller_id": settings.SELLER_ID,
        "app_id": settings.APP_ID,
        "auth_app_id": settings.APP_ID,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "trade_status": trade.status,
        "total_amount": yuan(trade.amount_fen),
        "charset": "utf-8",
        "version": "1.0",
        **refund_fields,
    }
    if trade.passback:
        body["passback_params"] = trade.passback
    if trade.paid_at is not None:
        total = yuan(trade.amount_fen)
        body |= {
            "gmt_payment": text_time(trade.paid_at),
            "receipt_amount": total,
            "invoice_amount": total,
            "buyer_pay_amount": total,
            "point_amount": "0.00",
            "fund_bill_list": json.dumps([{"amount": total, "fundChannel": "ALIPAYACCOUNT"}], separators=(",", ":")),
        }
    late = struck("notice_late", "*")
    due = at + timedelta(seconds=late.seconds if late else 0)
    copies = 2 if struck("notice_doubled", "*") else 1
    for _ in range(copies):
        Letter.objects.create(url=trade.notify_url, body=body, due_at=due)
    if struck("notice_forged", "*"):
        Letter.objects.create(url=trade.notify_url, body={**body, "total_amount": "0.01", "forged": "1"}, due_at=at)
