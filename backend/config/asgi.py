"""Sockets, for uvicorn. Pages are answered too, so that one process is enough for a test."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
_pages = get_asgi_application()

from backend.web.sockets import ROUTES  # noqa: E402 - the apps must be ready first

application = ProtocolTypeRouter({"http": _pages, "websocket": AllowedHostsOriginValidator(URLRouter(ROUTES))})
