"""The API of keeping: favourites and searches, each of one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, REFUSED, SIZE, page_size
from backend.common import clock
from backend.common.errors import NotFound
from marketplace.keeping import operations, queries
from marketplace.keeping.models import SavedSearch
from marketplace.kinds_of_work import KINDS_OF_WORK


class FavouriteShown(serializers.Serializer[Any]):
    """A piece of work that I keep an eye on; `amount_fen` is its budget, prize or pay."""

    kind = serializers.ChoiceField(sorted(KINDS_OF_WORK))
    subject_id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    amount_fen = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()
    at = serializers.DateTimeField()


class FavouritesShown(serializers.Serializer[Any]):
    """One page of my favourites."""

    rows = FavouriteShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class Favourites(Endpoint):
    """`GET /api/v1/favourites`: the work that I keep an eye on, the latest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="favourites", parameters=[CURSOR, SIZE], responses={200: FavouritesShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        kept, next_cursor = queries.favourites(
            self.actor.party_id, cursor=request.query_params.get("cursor", ""), size=page_size(request)
        )
        rows = [one.posted.row | {"at": one.favourite.at} for one in kept]
        return Response(FavouritesShown({"rows": rows, "next_cursor": next_cursor}).data)


class FavouriteOne(Endpoint):
    """`PUT /api/v1/favourites/{kind}/{id}`: keep an eye on a piece of work. `DELETE`: no longer."""

    may = {"PUT": SIGNED_IN, "DELETE": SIGNED_IN}

    @extend_schema(operation_id="favourites_keep", request=None, responses={204: None, **REFUSED})
    def put(self, request: Request, kind: str, subject_id: UUID) -> Response:
        operations.favour(kind=kind, subject_id=subject_id, by=self.actor, at=clock.now())
        return Response(status=204)

    @extend_schema(operation_id="favourites_let_go", responses={204: None, **REFUSED})
    def delete(self, request: Request, kind: str, subject_id: UUID) -> Response:
        operations.let_go(kind=kind, subject_id=subject_id, by=self.actor)
        return Response(status=204)


class SearchTerms(serializers.Serializer[Any]):
    """A search of one kind of work: its address's choices under a name."""

    kind = serializers.ChoiceField(sorted(KINDS_OF_WORK))
    name = serializers.CharField(max_length=30)
    query = serializers.CharField(max_length=500, allow_blank=True)


class SearchShown(SearchTerms):
    """A search that I keep."""

    id = serializers.UUIDField()


class SearchesShown(serializers.Serializer[Any]):
    """All searches that I keep, twenty of a kind at most."""

    rows = SearchShown(many=True)


class Searches(Endpoint):
    """`GET /api/v1/searches`: the searches that I keep. `POST`: keep one; the same name again takes its place."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}

    @extend_schema(operation_id="searches", responses={200: SearchesShown, **REFUSED})
    def get(self, request: Request) -> Response:
        return Response({"rows": [_shown(one) for one in queries.searches(self.actor.party_id)]})

    @extend_schema(
        operation_id="searches_keep",
        request=SearchTerms,
        parameters=[IDEMPOTENT],
        responses={201: SearchShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(SearchTerms)
        made = operations.save_search(**body, by=self.actor, at=clock.now())
        return Response(_shown(made), status=201)


class SearchOne(Endpoint):
    """`DELETE /api/v1/searches/{id}`: let a search go."""

    may = {"DELETE": SIGNED_IN}

    @extend_schema(operation_id="searches_let_go", responses={204: None, **REFUSED})
    def delete(self, request: Request, search_id: UUID) -> Response:
        operations.drop_search(search_id=search_id, by=self.actor)
        return Response(status=204)


def _shown(one: SavedSearch) -> dict[str, Any]:
    return dict(SearchShown({"id": one.pk, "kind": one.kind, "name": one.name, "query": one.query}).data)
