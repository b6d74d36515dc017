"""Day bills of the gateway: zip, GBK tables, the columns and habits of the provider's (alipay.md §3 and §6)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.core.signing import TimestampSigner

from backend.payments.sandbox import book
from backend.payments.sandbox.models import RefundMade, Trade, TransferMade

GOOD_FOR = timedelta(seconds=30)
TRADE_COLUMNS = (
    "支付宝交易号", "商户订单号", "业务类型", "商品名称", "订单金额（元）", "商家实收（元）", "退款批次号/请求号",
    "服务费（元）", "分润（元）", "备注",
)  # fmt: skip
ACCOUNT_COLUMNS = (
    "账务流水号", "业务流水号", "商户订单号", "发生时间", "收入金额（+元）", "支出金额（-元）", "账户余额（元）", "业务类型",
)  # fmt: skip


def address(biz: dict[str, object]) -> dict[str, object]:
    """The answer to `alipay.data.dataservice.bill.downloadurl.query`.

    Raises:
        Wrong: a day that is not over, or a bill that is not ready before ten the next morning.
    """
    kind = str(biz.get("bill_type"))
    try:
        day = date.fromisoformat(str(biz.get("bill_date")))
    except ValueError as error:
        raise book.Wrong("isv.invalid-arguments", "bill_date") from error
    if kind not in ("trade", "signcustomer"):
        raise book.Wrong("isv.invalid-arguments", "bill_type")
    ready = datetime(day.year, day.month, day.day, 10, tzinfo=book.SHANGHAI) + timedelta(days=1)
    if book.now() < ready or book.struck("bill_not_ready", "*"):
        raise book.Wrong("isp.bill_not_exist", "账单不存在")
    return {"ticket": TimestampSigner().sign(f"{kind}:{day}")}


def packed(ticket: str) -> bytes:
    """The zip behind an address that was given out in the last 30 seconds.

    Raises:
        BadSignature: forged or too old.
    """
    kind, _colon, text = TimestampSigner().unsign(ticket, max_age=GOOD_FOR).partition(":")
    day = date.fromisoformat(text)
    columns, rows = (TRADE_COLUMNS, _trades(day)) if kind == "trade" else (ACCOUNT_COLUMNS, _account(day))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"2088_{day:%Y%m%d}_业务明细.csv", _table(columns, rows))
        archive.writestr(f"2088_{day:%Y%m%d}_业务明细(汇总).csv", _table(columns, iter(())))
    return out.getvalue()


def _table(columns: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> bytes:
    out = io.StringIO()
    out.write("#支付宝业务明细查询\n#----------明细列表----------\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"{cell}\t" for cell in row] for row in rows)
    out.write("#----------明细列表结束----------\n#导出时间：" + book.text_time(book.now()) + "\n")
    return out.getvalue().encode("gbk", errors="replace")


def _window(day: date) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=book.SHANGHAI)
    return start, start + timedelta(days=1)


def _trades(day: date) -> Iterator[tuple[object, ...]]:
    start, end = _window(day)
    skipped = book.struck("bill_line_missing", "*") is not None
    for trade in Trade.objects.filter(paid_at__gte=start, paid_at__lt=end).order_by("pk")[1 if skipped else 0 :]:
        paid = book.yuan(trade.amount_fen)
        yield trade.trade_no, trade.out_trade_no, "交易", trade.subject, paid, paid, "", "0.00", "0.00", ""
    made = RefundMade.objects.filter(at__gte=start, at__lt=end).select_related("trade")
    for refund in made.order_by("pk"):
        back = f"-{book.yuan(refund.amount_fen)}"
        trade = refund.trade
        yield (
            trade.trade_no, trade.out_trade_no, "退款", trade.subject, back, back, refund.out_request_no,
            "0.00", "0.00", "",
        )  # fmt: skip


def _account(day: date) -> Iterator[tuple[object, ...]]:
    start, end = _window(day)
    for sent in TransferMade.objects.filter(at__gte=start, at__lt=end).exclude(status="FAIL").order_by("pk"):
        when, out = book.text_time(sent.at), f"-{book.yuan(sent.amount_fen)}"
        yield sent.pk, sent.order_id, sent.out_biz_no, when, "", out, "", "转账"
    for sent in TransferMade.objects.filter(returned_at__gte=start, returned_at__lt=end).order_by("pk"):
        when, back = book.text_time(sent.at), book.yuan(sent.amount_fen)
        yield sent.pk, sent.order_id, sent.out_biz_no, when, back, "", "", "转账退回"
