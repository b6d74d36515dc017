"""Settings, read from the environment here and nowhere else.

Without `SIZHONG_PRODUCTION=1` the defaults are the embedded demo's. With it, anything that belongs
to a demo or a developer refuses to start: see `production.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from psycopg.conninfo import conninfo_to_dict

from backend.config import production
from backend.config.runtime.home import Home

BASE_DIR = Path(__file__).resolve().parents[2]
_home = Home.here()
_env = os.environ

PRODUCTION = _env.get("SIZHONG_PRODUCTION") == "1"
DEBUG = _env.get("SIZHONG_DEBUG") == "1"
SECRET_KEY = _env.get("SIZHONG_SECRET_KEY") or ("" if PRODUCTION else _home.secrets["django"])
SECRET_KEY_FALLBACKS = [key for key in _env.get("SIZHONG_OLD_SECRET_KEYS", "").split(",") if key]

SITE_URL = _env.get("SIZHONG_SITE_URL", "http://localhost:8000")
SOCKETS_URL = _env.get("SIZHONG_SOCKETS_URL", "")
_host = SITE_URL.split("//", 1)[1].split("/")[0].split(":")[0]
ALLOWED_HOSTS = _env.get("SIZHONG_ALLOWED_HOSTS", f"{_host},localhost,127.0.0.1").split(",")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https") else []
ROOT_URLCONF = "backend.config.urls"
ASGI_APPLICATION = "backend.config.asgi.application"
WSGI_APPLICATION = "backend.config.wsgi.application"

# --- what is installed -----------------------------------------------------------------------------

OUR_APPS = [
    "backend.common",
    "backend.accounts",
    "backend.ledger",
    "backend.payments",
    "backend.notifications",
    "backend.listings",
    "backend.moderation",
    "backend.projects",
    "backend.disputes",
    "backend.judging",
    "search",
    "crowdfunding.campaigns",
    "crowdfunding.fulfilment",
    "crowdfunding.leads",
    "crowdfunding.pots",
    "crowdfunding.diary",
    "crowdfunding.freight",
    "crowdfunding.harvest",
    "marketplace.errands",
    "marketplace.tax",
    "marketplace.engagements",
    "marketplace.invitations",
    "marketplace.tasks",
    "marketplace.contests",
    "marketplace.microtasks",
    "marketplace.ideas",
    "marketplace.knowledge",
    "marketplace.profiles",
    "marketplace.announcements",
    "marketplace.covers",
    "marketplace.keeping",
    "marketplace.desk",
    "marketplace.patterns",
    "backend.web",
    "backend.demo",
]
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_cotton",
    "lucide",
    "channels",
    *OUR_APPS,
    *([] if PRODUCTION else ["backend.sim"]),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backend.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "backend.web.middleware.NoNul",
    "backend.web.middleware.StaffIdle",
    "backend.web.middleware.BackOffice",
    "backend.web.middleware.RefusalPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [BASE_DIR / "backend" / "web" / "templates"],  # before the packages' own
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "backend.web.context.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "backend.web.templatetags.shown",
                "marketplace.keeping.templatetags.keeping",
                "marketplace.invitations.templatetags.invitations",
            ],
        },
    }
]

# --- database, broker, cache -----------------------------------------------------------------------


def _database(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    known = {name: parts.pop(name, "") for name in ("dbname", "user", "password", "host", "port")}
    options: dict[str, Any] = dict(parts)
    if _env.get("SIZHONG_DB_POOL"):
        options["pool"] = {"min_size": 1, "max_size": int(_env["SIZHONG_DB_POOL"]), "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": known["dbname"],
        "USER": known["user"],
        "PASSWORD": known["password"],
        "HOST": known["host"],
        "PORT": known["port"],
        "CONN_MAX_AGE": 0 if "pool" in options else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASE_URL = _env.get("SIZHONG_DATABASE_URL", "postgresql://sizhong_web@/sizhong")
OWNER_URL = _env.get("SIZHONG_OWNER_URL", DATABASE_URL)
DATABASES = {"default": _database(OWNER_URL if _env.get("SIZHONG_AS_OWNER") else DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

VALKEY_URL = _env.get("SIZHONG_VALKEY_URL", f"unix://{_home.sockets}/valkey.sock" if not PRODUCTION else "")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{VALKEY_URL}?db=1",
        "KEY_PREFIX": _env.get("SIZHONG_BROKER_PREFIX", ""),
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [f"{VALKEY_URL}?db=2"], "prefix": f"sockets{_env.get('SIZHONG_BROKER_PREFIX', '')}"},
    }
}
CELERY_BROKER_URL = VALKEY_URL.replace("unix://", "redis+socket://") if VALKEY_URL.startswith("unix") else VALKEY_URL

# --- people and sessions ---------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/my/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "backend.web.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ALLAUTH_TRUSTED_PROXY_COUNT = int(_env.get("SIZHONG_PROXIES", "0"))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a code may be a step old when it arrives: RFC 6238, section 5.2
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "backend.web.adapters.MFAAdapter"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-sizhong" if PRODUCTION else "sizhong"
SIZHONG_DEVICE_COOKIE = "__Host-device" if PRODUCTION else "device"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "backend.web.errors.csrf_failed"
STAFF_IDLE_SECONDS = 30 * 60

# --- safety of pages -------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

ALIPAY_GATEWAY = _env.get("SIZHONG_ALIPAY_GATEWAY", "http://localhost:8002/sandbox/alipay/gateway.do")
_gateway_origin = "/".join(ALIPAY_GATEWAY.split("/")[:3])
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, *([SOCKETS_URL] if SOCKETS_URL else [])],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, _gateway_origin],
        "frame-ancestors": [NONE],
    }
}

# --- language, time, files -------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "backend" / "web" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
STATIC_ROOT = Path(_env.get("SIZHONG_STATIC_ROOT", _home.root / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = Path(_env.get("SIZHONG_MEDIA_ROOT", _home.root / "media"))
WHITENOISE_MAX_AGE = 31_536_000
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    *("jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "tgz", "bz2", "tbz", "xz", "br", "woff", "woff2"),
    *("map", "txt"),  # read by nobody who waits
)

# --- API -------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backend.accounts.doors.TokenOrSession"],
    "DEFAULT_PERMISSION_CLASSES": ["backend.accounts.doors.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backend.accounts.parsing.BoundedJSON"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"api": "1200/min"},
    "EXCEPTION_HANDLER": "backend.accounts.doors.problem",
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "香城四众 API",
    "DESCRIPTION": "四众平台开放接口。The open interface of the four-crowd platform. Money is in fen (分).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "CategoryEnum": "backend.listings.facets.CATEGORY_KEYS",
        "WorkCategoryEnum": "backend.listings.facets.WORK_CATEGORY_KEYS",
        "CountyEnum": "backend.listings.facets.COUNTIES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backend.web.examples.add_examples",
    ],
}

# --- work ------------------------------------------------------------------------------------------

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "global_keyprefix": _env.get("SIZHONG_BROKER_PREFIX", ""),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- the platform's own ----------------------------------------------------------------------------

SIZHONG_KEY_RING = Path(_env.get("SIZHONG_KEY_RING", _home.root / "keys" / "ring.json"))
SIZHONG_KEEPER_PUBLIC = Path(_env.get("SIZHONG_KEEPER_PUBLIC", _home.root / "keys" / "keeper_public.hex"))
SIZHONG_KEEPER_KEY = Path(_env.get("SIZHONG_KEEPER_KEY", _home.root / "keys" / "keeper_private.hex"))
SIZHONG_MOVABLE_CLOCK = not PRODUCTION
SIZHONG_DEMO = not PRODUCTION and _env.get("SIZHONG_DEMO", "1") == "1"
SIZHONG_PROVIDER = "backend.payments.alipay.provider.Alipay"
SIZHONG_BENCHES = "backend.config.benches"
SIZHONG_DEMO_ORDER = "backend.demo.orders.open_order"
EMAIL_BACKEND = (
    "backend.notifications.mail.DemoInbox" if SIZHONG_DEMO else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = _env.get("SIZHONG_SMTP_HOST", "localhost"), int(_env.get("SIZHONG_SMTP_PORT", "465"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _env.get("SIZHONG_SMTP_USER", ""), _env.get("SIZHONG_SMTP_PASSWORD", "")
EMAIL_USE_SSL, EMAIL_TIMEOUT = _env.get("SIZHONG_SMTP_SSL", "1") == "1", 15
DEFAULT_FROM_EMAIL = _env.get("SIZHONG_MAIL_FROM", "香城四众 <noreply@localhost>")
SIZHONG_MESSAGE_SENDER = _env.get("SIZHONG_MESSAGE_SENDER", "backend.notifications.messages.keep_in_demo_inbox")
ALIPAY: dict[str, Any] = {
    "gateway": ALIPAY_GATEWAY,
    "app_id": _env.get("SIZHONG_ALIPAY_APP_ID", "2026000000000001"),
    "seller_id": _env.get("SIZHONG_ALIPAY_SELLER_ID", "2088000000000001"),
    "private_key": Path(_env.get("SIZHONG_ALIPAY_PRIVATE_KEY", _home.root / "keys" / "merchant_private.pem")),
    "alipay_public_key": Path(_env.get("SIZHONG_ALIPAY_PUBLIC_KEY", _home.root / "keys" / "platform_public.pem")),
    "notify_url": f"{SITE_URL}/payments/alipay/notify/",
    "return_url": f"{SITE_URL}/payments/alipay/return/",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": _env.get("SIZHONG_LOG_LEVEL", "WARNING")},
    "loggers": {"django.request": {"level": "ERROR"}, "alipay": {"level": "CRITICAL", "propagate": False}},
}
SILENCED_SYSTEM_CHECKS = ["models.W042"]

if PRODUCTION:
    production.refuse_demo_settings(globals())
