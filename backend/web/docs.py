"""The API's schema and its readable page, open to all; the page brings its own script policy."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny


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
