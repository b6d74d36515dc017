"""Who bears a payment that its bank takes back (收款人): asked of the packages whose deals these are."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from backend.payments.models import PaymentIntent

PAYEES: dict[str, Callable[[UUID], UUID | None]] = {}
"""By what a payment is for, whom its money is or was for; filled by higher packages when their apps are ready."""


def payee_of(intent: PaymentIntent) -> UUID | None:
    """Whom a payment was for; whoever paid it, where nobody else is known: a sponsor owes what its bank took back."""
    known = PAYEES.get(intent.purpose_kind)
    return (known(intent.purpose_id) if known is not None else None) or intent.payer_id
