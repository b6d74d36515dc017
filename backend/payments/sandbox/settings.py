"""Settings of the gateway process. It refuses to run beside production settings."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

if os.environ.get("SIZHONG_PRODUCTION") == "1":
    raise ImproperlyConfigured("the sandbox gateway does not run with production settings")

_home = Path(os.environ["SIZHONG_HOME"])
_parts = conninfo_to_dict(os.environ["SIZHONG_SANDBOX_URL"])

SECRET_KEY = "the gateway signs with its own key pair; this is not used"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "backend.payments.sandbox.urls"
WSGI_APPLICATION = "backend.payments.sandbox.wsgi.application"
INSTALLED_APPS = ["backend.payments.sandbox"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _parts["dbname"],
        "USER": _parts.get("user", ""),
        "PASSWORD": _parts.get("password", ""),
        "HOST": _parts.get("host", ""),
        "PORT": _parts.get("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

APP_ID = os.environ.get("SIZHONG_ALIPAY_APP_ID", "2026000000000001")
SELLER_ID = os.environ.get("SIZHONG_ALIPAY_SELLER_ID", "2088000000000001")
MERCHANT_PUBLIC_KEY = _home / "keys" / "merchant_public.pem"
PLATFORM_PRIVATE_KEY = _home / "keys" / "platform_private.pem"
NOTICE_HOSTS = ("localhost", "127.0.0.1")
NOTICE_SCALE = int(os.environ.get("SIZHONG_SANDBOX_SCALE", "60"))
"""The real gaps between deliveries (4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h) are divided by this."""
