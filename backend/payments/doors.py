"""How a page sends somebody to the cashier."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponseRedirect

from backend.payments.models import PaymentIntent
from backend.payments.operations import intents


def to_cashier(request: HttpRequest, intent: PaymentIntent, *, at: datetime) -> HttpResponseRedirect:
    """Send whoever asks to the provider's page for an order, the one for phones where it is a phone.

    Raises:
        MoveRefused: the order is paid, failed or expired.
    """
    phone = "Mobile" in request.headers.get("User-Agent", "")
    return HttpResponseRedirect(intents.cashier_url(intent_id=intent.pk, phone=phone, at=at))
