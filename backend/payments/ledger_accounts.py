"""Which accounts of the ledger a payment touches."""

from backend.ledger import operations as ledger
from backend.ledger.models import AccountKind
from backend.payments.models import PaymentIntent
from backend.payments.states import Intent


def clearing_of(intent: PaymentIntent) -> ledger.AccountRef:
    """What the provider holds for us of this payment."""
    return ledger.AccountRef(intent.clearing, AccountKind.CLEARING, debit_normal=True, floored=False)


def escrow_of(intent: PaymentIntent) -> ledger.AccountRef:
    """Whose escrow the payment fills."""
    return ledger.escrow_of(intent.purpose_kind, intent.purpose_id)


def bearing(intent: PaymentIntent) -> ledger.AccountRef:
    """Where the payment's money lies now, and a refund of it comes from."""
    return ledger.SUSPENSE if intent.state == Intent.LATE else escrow_of(intent)
