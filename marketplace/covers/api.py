"""The API of covers."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint
from backend.accounts.shapes import PUBLIC_REFUSED, REFUSED
from backend.common import files
from backend.common.errors import NotFound
from backend.judging.api import ObjectionFileTerms
from backend.listings import queries as listings
from marketplace.covers import operations
from marketplace.kinds_of_work import kind_of


class CoverShown(serializers.Serializer[Any]):
    """A picture, base64, with its size in pixels."""

    mime = serializers.CharField()
    sha256 = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    content = serializers.CharField()


class Cover(Endpoint):
    """`GET /api/v1/covers/{kind}/{id}`: the picture of a work. `PUT`: give a draft of one's own one. `DELETE`: take it away."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = {"PUT": "work", "DELETE": "work"}

    @extend_schema(operation_id="covers_read", responses={200: CoverShown, **PUBLIC_REFUSED})
    def get(self, request: Request, kind: str, subject_id: UUID) -> Response:
        kind_of(kind).postings.visible(subject_id, self.actor)
        return Response(_shown(kind, subject_id))

    @extend_schema(operation_id="covers_choose", request=ObjectionFileTerms, responses={200: CoverShown, **REFUSED})
    def put(self, request: Request, kind: str, subject_id: UUID) -> Response:
        kind_of(kind).postings.own(subject_id, self.actor)
        body = self.read(ObjectionFileTerms)
        operations.choose(
            kind=kind, subject_id=subject_id, name=body["name"], body=files.unpack(body["content"]), by=self.actor
        )
        return Response(_shown(kind, subject_id))

    @extend_schema(operation_id="covers_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, kind: str, subject_id: UUID) -> Response:
        kind_of(kind).postings.own(subject_id, self.actor)
        operations.remove(kind=kind, subject_id=subject_id, by=self.actor)
        return Response(status=204)


def _shown(kind: str, subject_id: UUID) -> dict[str, Any]:
    found = listings.cover_of(kind, subject_id)
    if found is None:
        raise NotFound
    body = {
        "mime": found.cover_mime,
        "sha256": found.cover_sha256,
        "width": found.cover_width,
        "height": found.cover_height,
        "content": base64.b64encode(files.read(found.cover_sha256)).decode(),
    }
    return dict(CoverShown(body).data)
