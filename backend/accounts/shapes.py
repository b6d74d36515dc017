"""What the API's descriptions share: headers, pages, refusals."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

IDEMPOTENT = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)
CURSOR = OpenApiParameter("cursor", str, description="What the page before gave as `next_cursor`.")
SIZE = OpenApiParameter("size", int, description="Rows a page, at most 100.")


class ProblemShown(serializers.Serializer[Any]):
    """A refusal: every failed rule, in both languages (application/problem+json)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    zh = serializers.CharField()
    en = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]  # RFC 9457 extension, the wire's name


REFUSED = {code: OpenApiResponse(ProblemShown) for code in (400, 401, 403, 404, 409, 429, 503)}
PUBLIC_REFUSED = {code: OpenApiResponse(ProblemShown) for code in (400, 401, 404, 429, 503)}


def page_size(request: Request) -> int:
    """Rows a page, as asked for and bounded."""
    text = request.query_params.get("size", "20")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 20
