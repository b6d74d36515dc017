"""The API's schema and its readable page, open to all; the page brings its own script policy."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.utils.decorators import method_decorator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a program signs in: a token with scopes, made on the account page; or the browser's session."""

    target_class = "backend.accounts.doors.TokenOrSession"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:
        """The two ways, in OpenAPI's words."""
        return [
            {"type": "http", "scheme": "bearer", "description": "令牌，在账户页创建 · a token from the account page"},
            {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
        ]


class Schema(SpectacularAPIView):
    """`/api/schema/`: OpenAPI 3."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []


@method_decorator(
    csp_replace({"script-src": [SELF, "'unsafe-inline'"], "style-src": [SELF, "'unsafe-inline'"]}), name="dispatch"
)
class Docs(SpectacularSwaggerView):
    """`/api/docs/`: the page that Swagger UI draws; its start-up script is inline."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    url_name = "schema"
