"""The calls of the provider port, on the SDK's request and model classes."""

from __future__ import annotations

from datetime import date, datetime

from alipay.aop.api.domain.AlipayFundTransCommonQueryModel import AlipayFundTransCommonQueryModel
from alipay.aop.api.domain.AlipayFundTransUniTransferModel import AlipayFundTransUniTransferModel
from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import AlipayTradeFastpayRefundQueryModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.AlipayTradeWapPayModel import AlipayTradeWapPayModel
from alipay.aop.api.domain.Participant import Participant
from alipay.aop.api.request.AlipayFundTransCommonQueryRequest import AlipayFundTransCommonQueryRequest
from alipay.aop.api.request.AlipayFundTransUniTransferRequest import AlipayFundTransUniTransferRequest
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest
from django.conf import settings

from backend.common.errors import Invalid
from backend.common.fen import Fen, parse_yuan, wire_yuan
from backend.common.rules import SHANGHAI
from backend.payments.alipay import bills, client
from backend.payments.provider import BillLine, Done, Outcome, Refused, TradeFact, Unknown


def read_time(text: str | None) -> datetime | None:
    """A time as Alipay writes it, Shanghai's; None where there is none or it is garbled."""
    try:
        return datetime.strptime((text or "")[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


class Alipay:
    """Alipay, or the local gateway that speaks its protocol: the two differ by settings only."""

    def cashier_url(
        self, *, number: str, amount_fen: Fen, subject: str, expires_at: datetime, phone: bool, at: datetime
    ) -> str:
        model = AlipayTradeWapPayModel() if phone else AlipayTradePagePayModel()
        model.out_trade_no = number
        model.total_amount = wire_yuan(amount_fen)
        model.subject = subject[:128]
        model.product_code = "QUICK_WAP_WAY" if phone else "FAST_INSTANT_TRADE_PAY"
        model.time_expire = expires_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        if phone:
            model.quit_url = settings.ALIPAY["return_url"]
        request = (AlipayTradeWapPayRequest if phone else AlipayTradePagePayRequest)(biz_model=model)
        request.notify_url = settings.ALIPAY["notify_url"]
        request.return_url = settings.ALIPAY["return_url"]
        return client.page_url(request, at=at)

    def query(self, *, number: str, at: datetime) -> TradeFact | Refused | Unknown:
        model = AlipayTradeQueryModel()
        model.out_trade_no = number
        outcome = client.execute(AlipayTradeQueryRequest(biz_model=model), expect={"out_trade_no": number}, at=at)
        if not isinstance(outcome, Done):
            return outcome
        data = outcome.data
        try:
            amount = parse_yuan(str(data["total_amount"]))
            status, trade_no = str(data["trade_status"]), str(data["trade_no"])
        except (KeyError, Invalid):
            return Unknown("answer lacks a field")
        return TradeFact(trade_no, number, status, amount, paid_at=read_time(data.get("send_pay_date")))

    def close(self, *, number: str, at: datetime) -> Outcome:
        model = AlipayTradeCloseModel()
        model.out_trade_no = number
        return client.execute(AlipayTradeCloseRequest(biz_model=model), expect={"out_trade_no": number}, at=at)

    def refund(
        self, *, trade_no: str, number: str, refund_number: str, amount_fen: Fen, reason: str, at: datetime
    ) -> Outcome:
        model = AlipayTradeRefundModel()
        model.trade_no = trade_no
        model.out_trade_no = number
        model.out_request_no = refund_number
        model.refund_amount = wire_yuan(amount_fen)
        model.refund_reason = reason[:120] or None
        expect = {"out_trade_no": number, "trade_no": trade_no}
        outcome = client.execute(AlipayTradeRefundRequest(biz_model=model), expect=expect, at=at)
        if isinstance(outcome, Done) and outcome.data.get("fund_change") != "Y":
            # A repeat, or not yet moved: only the refund's own query tells.
            return self.query_refund(
                trade_no=trade_no, number=number, refund_number=refund_number, amount_fen=amount_fen, at=at
            )
        return outcome

    def query_refund(self, *, trade_no: str, number: str, refund_number: str, amount_fen: Fen, at: datetime) -> Outcome:
        model = AlipayTradeFastpayRefundQueryModel()
        model.trade_no = trade_no
        model.out_trade_no = number
        model.out_request_no = refund_number
        expect = {"out_trade_no": number, "out_request_no": refund_number, "refund_amount": wire_yuan(amount_fen)}
        outcome = client.execute(AlipayTradeFastpayRefundQueryRequest(biz_model=model), expect=expect, at=at)
        if isinstance(outcome, Done) and outcome.data.get("refund_status") != "REFUND_SUCCESS":
            return Refused("REFUND_NOT_RECEIVED")
        return outcome

    def transfer(self, *, number: str, amount_fen: Fen, account: str, name: str, title: str, at: datetime) -> Outcome:
        payee = Participant()
        payee.identity, payee.identity_type, payee.name = account, "ALIPAY_LOGON_ID", name
        model = AlipayFundTransUniTransferModel()
        model.out_biz_no = number
        model.trans_amount = wire_yuan(amount_fen)
        model.product_code = "TRANS_ACCOUNT_NO_PWD"
        model.biz_scene = "DIRECT_TRANSFER"
        model.order_title = title[:60]
        model.payee_info = payee
        request = AlipayFundTransUniTransferRequest(biz_model=model)
        return client.execute(request, expect={"out_biz_no": number}, at=at)

    def query_transfer(self, *, number: str, at: datetime) -> Outcome:
        model = AlipayFundTransCommonQueryModel()
        model.out_biz_no = number
        model.product_code = "TRANS_ACCOUNT_NO_PWD"
        model.biz_scene = "DIRECT_TRANSFER"
        request = AlipayFundTransCommonQueryRequest(biz_model=model)
        return client.execute(request, expect={"out_biz_no": number}, at=at)

    def bill(self, *, day: date, at: datetime) -> list[BillLine] | Refused | Unknown:
        return bills.fetch(day=day, at=at)
