"""Which provider is used: one place to put a bank's adapter beside Alipay's."""

from django.conf import settings
from django.utils.module_loading import import_string

from backend.payments.provider import Provider


def provider() -> Provider:
    """The provider of payments of this installation."""
    made: Provider = import_string(settings.SIZHONG_PROVIDER)()
    return made
