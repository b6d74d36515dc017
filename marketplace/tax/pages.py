"""What is left of a payment for work (到手试算): every step of the sum, before anybody accepts."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from backend.common import clock
from backend.common.errors import Invalid, Refusal
from backend.common.fen import Fen, parse_yuan
from backend.common.rules import SHANGHAI
from marketplace.tax import brackets
from marketplace.tax.labour import Earlier, Method, Withholding, method_for, withhold

PAYEES = (
    ("resident", "个人（居民）"),
    ("non_resident", "个人（非居民）"),
    ("firm", "单位或个体工商户（开票结算）"),
)
METHODS = {
    Method.PER_PAYMENT: "按次预扣",
    Method.CUMULATIVE: "累计预扣",
    Method.NON_RESIDENT: "非居民按次代扣",
    Method.NONE: "不代扣，由收款单位开票",
}
FIELDS = ("amount", "payee", "payer", "paid", "withheld", "months")


@require_GET
def take_home(request: HttpRequest) -> HttpResponse:
    """The calculation; without a sum, the empty form."""
    refusal: Refusal | None = None
    found: Withholding | None = None
    if request.GET.get("amount"):
        try:
            found = _withheld(request.GET)
        except Refusal as caught:
            refusal = caught
    context = {
        "nav": "",
        "refusal": refusal,
        "found": found,
        "method": METHODS.get(found.method, "") if found else "",
        "form": {name: request.GET.get(name, "") for name in FIELDS},
        "payees": PAYEES,
        "tables": [brackets.table(name, _today()) for name in (Method.PER_PAYMENT, Method.CUMULATIVE)],
    }
    return render(request, "tax/take_home.html", context, status=refusal.status if refusal else 200)


def _today() -> date:
    return clock.now().astimezone(SHANGHAI).date()


def _withheld(data: QueryDict) -> Withholding:
    payee, day = data.get("payee", "resident"), _today()
    if payee not in dict(PAYEES):
        raise Invalid("没有这个选项", "There is no such choice", field="payee")
    paid_fen = parse_yuan(data.get("amount", "").strip(), field="amount")
    if paid_fen <= 0:
        raise Invalid("金额须大于 0", "The sum must be above 0", field="amount")
    method = method_for(
        is_person=payee != "firm",
        is_resident=payee != "non_resident",
        platform_pays=data.get("payer") == "platform",
        day=day,
    )
    earlier = Earlier(
        paid_fen=_fen(data, "paid"), withheld_fen=_fen(data, "withheld"), months=_months(data.get("months", ""))
    )
    return withhold(method, paid_fen, day=day, earlier=earlier)


def _fen(data: QueryDict, field: str) -> Fen:
    text = data.get(field, "").strip()
    return parse_yuan(text, field=field) if text else 0


def _months(text: str) -> int:
    text = text.strip() or "1"
    if not (text.isascii() and text.isdigit() and len(text) < 3 and 1 <= int(text) <= 12):
        raise Invalid("月数须在 1 至 12 之间", "Between 1 and 12 months", field="months")
    return int(text)
