"""What the demo shows instead of sending: SMS, mail, authenticator codes, and how an order stands."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from backend.demo import people
from backend.ledger import queries as books
from backend.notifications import queries as notifications
from backend.payments.models import PaymentIntent


@require_GET
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    """Messages that would have been sent, and the codes of the demo staff's authenticators."""
    context = {"messages_sent": notifications.demo_messages(), "codes": _authenticator_codes()}
    return render(request, "demo/inbox.html", context)


def _authenticator_codes() -> list[tuple[str, str, str]]:
    found = Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user__party")[:20]
    return [(row.user.party.name, row.user.phone_masked, people.code_of(row)) for row in found]


@require_GET
@never_cache
def order_state(request: HttpRequest, number: str) -> HttpResponse:
    """One order's payment state and ledger entries; the body changes only when those do."""
    intent = PaymentIntent.objects.filter(number=number).first() if number.isascii() else None
    if intent is None:
        raise Http404
    refunds = list(intent.refunds.order_by("created_at", "pk"))
    entries = books.caused_by([intent.pk, *(refund.pk for refund in refunds)])
    return JsonResponse(
        {
            "outTradeNo": intent.number,
            "state": intent.state,
            "amountFen": intent.amount_fen,
            "tradeNo": intent.trade_no,
            "refundedFen": intent.refunded_fen,
            "refunds": [{"number": refund.number, "state": refund.state, "fen": refund.amount_fen} for refund in refunds],
            "ledger": [
                {
                    "key": row.key, "kind": row.kind, "phase": row.phase, "debit": row.debit.code,
                    "credit": row.credit.code, "fen": row.amount_fen,
                }
                for row in entries
            ],
        }
    )  # fmt: skip
