"""Whom a payment is for, and whether it is promised to them: asked of the packages whose deals these are."""

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


PROMISED: dict[str, Callable[[UUID], bool]] = {}
"""By what a payment is for, whether its money is promised to others; filled as above."""


def is_promised(intent: PaymentIntent) -> bool:
    """Whether staff may not give a payment back by their own word: a prize that people compete for (features.md D9)."""
    asked = PROMISED.get(intent.purpose_kind)
    return asked is not None and asked(intent.purpose_id)
