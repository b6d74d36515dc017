"""Which provider is used: one place to put a bank's adapter beside Alipay's."""

from backend.payments.alipay.provider import Alipay
from backend.payments.provider import Provider


def provider() -> Provider:
    """The provider of payments of this installation."""
    return Alipay()
