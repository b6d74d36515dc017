"""The gateway's doors: the signed call, the cashier, and the controls of tests and journey."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from backend.payments.alipay import signing
from backend.payments.sandbox import bills, book
from backend.payments.sandbox.models import Fault, Letter, Trade, Visit

CALLS: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
    "alipay.trade.query": book.query,
    "alipay.trade.close": book.close,
    "alipay.trade.refund": book.refund,
    "alipay.trade.fastpay.refund.query": book.refund_query,
    "alipay.fund.trans.uni.transfer": book.transfer,
    "alipay.fund.trans.common.query": book.transfer_query,
    "alipay.data.dataservice.bill.downloadurl.query": bills.address,
}
PAGES = {"alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap"}
DOING = frozenset({"alipay.trade.refund", "alipay.fund.trans.uni.transfer", "alipay.trade.close"})


class Bad(Exception):
    """A call that does not get as far as business: code, sub_code."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code


@csrf_exempt
def gateway(request: HttpRequest) -> HttpResponse:
    """`/sandbox/alipay/gateway.do`: parameters in query, body or both; every answer signed."""
    try:
        params = _parameters(request)
        method = params.get("method", "")
        biz = _checked(params)
    except Bad as bad:
        method = request.GET.get("method", "") or request.POST.get("method", "")
        if method in PAGES:
            return render(request, "sandbox/error.html", {"code": bad.sub_code}, status=400)
        node = method.replace(".", "_") + "_response" if method in CALLS else "error_response"
        return _signed(
            node, {"code": bad.code, "msg": "Invalid Arguments", "sub_code": bad.sub_code, "sub_msg": bad.sub_code}
        )
    if method in PAGES:
        return _open_cashier(request, PAGES[method], biz, params)
    return _call(method, biz, request)


def _parameters(request: HttpRequest) -> dict[str, str]:
    params: dict[str, str] = {}
    for source in (request.GET, request.POST):
        for name, values in source.lists():
            for value in values:
                if params.setdefault(name, str(value)) != value:
                    raise Bad("40002", "isv.invalid-parameter")
    return params


def _checked(params: dict[str, str]) -> dict[str, object]:
    """In the provider's order: app, method, sign, sign type, signature, time stamp, version, content."""
    if params.get("app_id") != settings.APP_ID:
        raise Bad("40002", "isv.invalid-app-id")
    method = params.get("method", "")
    if not method:
        raise Bad("40001", "isv.missing-method")
    if method not in CALLS and method not in PAGES:
        raise Bad("40002", "isv.invalid-method")
    if not params.get("sign"):
        raise Bad("40001", "isv.missing-signature")
    if params.get("sign_type") != "RSA2":
        raise Bad("40002", "isv.invalid-signature-type")
    text = signing.text_to_sign(params, without=("sign",))
    if not signing.verify(text, params["sign"], signing.read_public_key(settings.MERCHANT_PUBLIC_KEY)):
        raise Bad("40002", "isv.invalid-signature")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", params.get("timestamp", "")):
        raise Bad("40002", "isv.invalid-timestamp")
    if params.get("version") != "1.0":
        raise Bad("40002", "isv.invalid-version")
    try:
        biz = json.loads(params.get("biz_content", ""))
    except ValueError as error:
        raise Bad("40002", "isv.invalid-parameter") from error
    if not isinstance(biz, dict):
        raise Bad("40002", "isv.invalid-parameter")
    return biz


def _call(method: str, biz: dict[str, object], request: HttpRequest) -> HttpResponse:
    node = method.replace(".", "_") + "_response"
    slow = book.struck("slow", method)
    if slow is not None:
        time.sleep(min(slow.seconds or 1.0, 30.0))
    if book.struck("silent", method):
        raise ConnectionAbortedError("the gateway does not answer, and has done nothing")
    if book.struck("http_502", method):
        return HttpResponse("bad gateway", status=502)
    if book.struck("unsigned_error", method):
        return JsonResponse({node: {"code": "20000", "msg": "Service Currently Unavailable"}})
    try:
        data = {"code": "10000", "msg": "Success", **CALLS[method](biz)}
    except book.Wrong as wrong:
        data = {"code": "40004", "msg": "Business Failed", "sub_code": wrong.sub_code, "sub_msg": wrong.sub_msg}
    if "ticket" in data:
        where = f"/sandbox/alipay/bills?{urlencode({'ticket': data.pop('ticket')})}"
        data["bill_download_url"] = request.build_absolute_uri(where)
    if book.struck("cut_after", method):
        raise ConnectionAbortedError("the connection is cut after the work is done")
    if book.struck("system_error_done", method):
        data = {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.SYSTEM_ERROR", "sub_msg": "系统繁忙"}
    if book.struck("wrong_signature", method):
        return HttpResponse(json.dumps({node: data, "sign": "Zm9yZ2Vk"}), content_type="application/json")
    return _signed(node, data)


def _signed(node: str, data: dict[str, object]) -> HttpResponse:
    """The answer, signed over the exact characters of its node."""
    content = json.dumps({name: value for name, value in data.items() if value not in ("", None)}, ensure_ascii=False)
    signature = signing.sign(content.encode(), signing.read_private_key(settings.PLATFORM_PRIVATE_KEY))
    return HttpResponse(f'{{"{node}":{content},"sign":"{signature}"}}', content_type="application/json;charset=utf-8")


def _open_cashier(request: HttpRequest, product: str, biz: dict[str, object], params: dict[str, str]) -> HttpResponse:
    try:
        visit = book.arrive(product, biz, params)
    except book.Wrong as wrong:
        return render(request, "sandbox/error.html", {"code": wrong.sub_code, "text": wrong.sub_msg}, status=400)
    return HttpResponseRedirect(f"/sandbox/alipay/cashier/{visit.token}/")


def cashier(request: HttpRequest, token: str) -> HttpResponse:
    """The cashier page: amount, QR code, and what the payer may do."""
    visit = get_object_or_404(Visit, token=token)
    address = request.build_absolute_uri()
    code = segno.make(address, micro=False).svg_inline(scale=4, border=2, dark="#1a2320", light="#fff", omitsize=False)
    return render(
        request, "sandbox/cashier.html", {"visit": visit, "amount": book.yuan(visit.amount_fen), "code": code}
    )


@csrf_exempt
@require_POST
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """The payer's choice: `pay`, `enter` (the trade comes into being), `fail` or `leave`."""
    visit = get_object_or_404(Visit, token=token)
    choice = request.POST.get("choice", "pay")
    if choice == "enter":
        book.enter(visit)
        return HttpResponseRedirect(f"/sandbox/alipay/cashier/{token}/")
    if choice in ("fail", "leave"):
        return HttpResponseRedirect(_way_back(visit, None))
    try:
        trade = book.pay(visit)
    except book.Wrong as wrong:
        return render(request, "sandbox/error.html", {"code": wrong.sub_code, "text": wrong.sub_msg}, status=400)
    return HttpResponseRedirect(_way_back(visit, trade))


def _way_back(visit: Visit, trade: Trade | None) -> str:
    """The merchant's return address with signed parameters; never a status."""
    if not visit.return_url:
        return f"/sandbox/alipay/cashier/{visit.token}/"
    params = {
        "out_trade_no": visit.out_trade_no,
        "total_amount": book.yuan(visit.amount_fen),
        "app_id": settings.APP_ID,
        "seller_id": settings.SELLER_ID,
        "method": f"alipay.trade.{visit.product}.pay.return",
        "charset": "utf-8",
        "version": "1.0",
        "timestamp": book.text_time(book.now()),
        "sign_type": "RSA2",
    }
    if trade is not None:
        params["trade_no"] = trade.trade_no
    text = signing.text_to_sign(params, without=("sign", "sign_type"))
    params["sign"] = signing.sign(text, signing.read_private_key(settings.PLATFORM_PRIVATE_KEY))
    return f"{visit.return_url}?{urlencode(params)}"


@csrf_exempt
@require_POST
def control(request: HttpRequest) -> HttpResponse:
    """Tests and journey: `{"clock": iso}`, `{"advance": seconds}`, `{"fault": {...}}`, `{"reset_faults": true}`, `{"send_back": number}`, `{"forget": true}`."""
    wish = json.loads(request.body or b"{}")
    if "clock" in wish:
        book.move_clock(datetime.fromisoformat(wish["clock"]))
    if "advance" in wish:
        book.move_clock(book.now() + timedelta(seconds=wish["advance"]))
    if "send_back" in wish:
        book.send_back(wish["send_back"])
    if wish.get("forget"):
        book.forget()
    if wish.get("reset_faults"):
        Fault.objects.all().delete()
    if "fault" in wish:
        Fault.objects.create(**wish["fault"])
    return JsonResponse(
        {
            "now": book.now().isoformat(),
            "balance_fen": book.balance(),
            "waiting_letters": Letter.objects.filter(done=False).count(),
        }
    )


def bill(request: HttpRequest) -> HttpResponse:
    """A day's bill, for as long as its address is good."""
    try:
        body = bills.packed(request.GET.get("ticket", ""))
    except BadSignature:
        return HttpResponse("the address is not good any more", status=403)
    return HttpResponse(body, content_type="application/zip")


def state(request: HttpRequest, number: str) -> HttpResponse:
    """How one order stands at the gateway."""
    trade = get_object_or_404(Trade, out_trade_no=number)
    return JsonResponse(
        {
            "trade_no": trade.trade_no,
            "status": trade.status,
            "amount_fen": trade.amount_fen,
            "refunded_fen": trade.refunded_fen,
        }
    )
