"""The provider's day bills (对账单): fetched, unpacked with care, read by header name.

Source of the shapes: alipay.md §3. The zip has GBK names; its CSV is GBK with `#` comment lines
around the table, tab-padded cells, and refunds as negative amounts.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

import httpx
from alipay.aop.api.domain.AlipayDataDataserviceBillDownloadurlQueryModel import (
    AlipayDataDataserviceBillDownloadurlQueryModel,
)
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest,
)

from backend.common.fen import Fen
from backend.payments.alipay import client
from backend.payments.provider import BillLine, Done, Refused, Unknown

MOST_ZIP, MOST_TABLE = 50_000_000, 500_000_000
TRADES, ACCOUNT = "trade", "signcustomer"
_TRANSFERS = {"转账": BillLine.PAYOUT, "转账退回": BillLine.PAYOUT_BACK}
_http = httpx.Client(timeout=httpx.Timeout(60.0, connect=3.0), follow_redirects=False, trust_env=False)


def fetch(*, day: date, at: datetime) -> list[BillLine] | Refused | Unknown:
    """Every line of a day: payments and refunds from the trade bill, payouts from the account's."""
    lines: list[BillLine] = []
    for kind, read in ((TRADES, trades), (ACCOUNT, transfers)):
        packed = _download(kind, day, at)
        if not isinstance(packed, bytes):
            return packed
        try:
            lines += read(table(packed))
        except (zipfile.BadZipFile, UnicodeDecodeError, ValueError, KeyError, InvalidOperation) as error:
            return Unknown(f"bill cannot be read: {type(error).__name__}")
    return lines


def _download(kind: str, day: date, at: datetime) -> bytes | Refused | Unknown:
    model = AlipayDataDataserviceBillDownloadurlQueryModel()
    model.bill_type, model.bill_date = kind, day.isoformat()
    answer = client.execute(AlipayDataDataserviceBillDownloadurlQueryRequest(biz_model=model), expect={}, at=at)
    if not isinstance(answer, Done):
        return answer
    url = str(answer.data.get("bill_download_url", ""))
    if urlsplit(url).scheme != "https" and urlsplit(url).netloc != urlsplit(client.configured().gateway).netloc:
        return Unknown("bill address is not a safe one")
    body = bytearray()
    try:
        with _http.stream("GET", url) as reply:
            if reply.status_code != 200:
                return Unknown(f"http {reply.status_code}")
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > MOST_ZIP:
                    return Unknown("bill too large")
    except httpx.HTTPError as error:
        return Unknown(type(error).__name__)
    return bytes(body)


def table(packed: bytes) -> Iterator[dict[str, str]]:
    """The rows of the detail table inside a bill's zip, each by header name; the summary is left aside.

    Raises:
        BadZipFile, ValueError: not a zip, no detail table, or one that unpacks too large.
    """
    with zipfile.ZipFile(io.BytesIO(packed), metadata_encoding="gbk") as archive:
        details = [one for one in archive.infolist() if one.filename.endswith(".csv") and "汇总" not in one.filename]
        if len(details) != 1 or details[0].file_size > MOST_TABLE:
            raise ValueError("a bill has one detail table of bounded size")
        with archive.open(details[0]) as inside:
            text = inside.read(MOST_TABLE + 1)
    if len(text) > MOST_TABLE:
        raise ValueError("a bill unpacks too large")
    lines = (line for line in text.decode("gbk").splitlines() if line.strip() and not line.startswith("#"))
    for row in csv.DictReader(lines):
        yield {(name or "").strip(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}


def trades(rows: Iterator[dict[str, str]]) -> Iterator[BillLine]:
    """Payments and refunds of the trade bill."""
    for row in rows:
        request = row["退款批次号/请求号"]
        amount = _fen(row["订单金额（元）"])
        kind = BillLine.REFUND if request or amount < 0 else BillLine.PAYMENT
        yield BillLine(
            kind=kind,
            trade_no=row["支付宝交易号"],
            number=row["商户订单号"],
            request_no=request,
            amount_fen=abs(amount),
            fee_fen=abs(_fen(row.get("服务费（元）", "") or "0")),
        )


def transfers(rows: Iterator[dict[str, str]]) -> Iterator[BillLine]:
    """Payouts of the account's bill, and payouts that a bank sent back; trades are in the other one."""
    for row in rows:
        kind = _TRANSFERS.get(row["业务类型"])
        if kind is None:
            continue
        amount = _fen(row["支出金额（-元）"] or "0") or _fen(row["收入金额（+元）"] or "0")
        yield BillLine(
            kind=kind,
            trade_no=row["业务流水号"],
            number=row["商户订单号"],
            request_no="",
            amount_fen=abs(amount),
            fee_fen=0,
        )


def _fen(text: str) -> Fen:
    amount = Decimal(text.replace(",", "")) * 100
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError("an amount has two decimals")
    return int(amount)
