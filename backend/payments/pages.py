"""Where the provider and its returning browsers knock."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from backend.common import clock
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents, notices

MOST_BYTES = 64 * 1024


@csrf_exempt
def notify(request: HttpRequest) -> HttpResponse:
    """Take a notice: `POST /payments/alipay/notify/`, answered with exactly `success` or `fail`."""
    if request.method != "POST" or request.META.get("QUERY_STRING"):
        return _answer(notices.FAIL)
    if request.content_type != "application/x-www-form-urlencoded":
        return _answer(notices.FAIL)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return _answer(notices.FAIL)
    fields = {name: [str(value) for value in values] for name, values in request.POST.lists()}
    return _answer(notices.take(fields, at=clock.now()))


def _answer(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_GET
def returned(request: HttpRequest) -> HttpResponse:
    """The payer's browser is back: ask the provider, and show how the order stands. It proves nothing."""
    fields = {name: [str(value) for value in values] for name, values in request.GET.lists()}
    number = request.GET.get("out_trade_no", "")
    intent = PaymentIntent.objects.filter(number=number).first() if number.isascii() and "\x00" not in number else None
    if intent is None:
        return redirect("/my/")
    if notices.is_signed_return(fields):
        intents.look_after(intent_id=intent.pk, at=clock.now())
    if intent.subject_kind == "debts":
        return redirect("console-money")
    return redirect(
        reverse(intent.subject_kind, args=[intent.subject_id])
        if intent.subject_kind in ("pledge", "pot", "deposit")
        else "/my/"
    )
