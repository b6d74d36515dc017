"""The API of the desk: what I posted, and every clock that runs for me."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint
from backend.accounts.shapes import CURSOR, REFUSED, SIZE, page_size
from backend.common import paging
from backend.common.errors import NotFound
from marketplace.desk import queries
from marketplace.desk.clocks import clocks
from marketplace.kinds_of_work import KINDS_OF_WORK, posted


class PostedShown(serializers.Serializer[Any]):
    """A piece of work that I posted; `amount_fen` is its budget, prize or pay, `people` how many take part."""

    kind = serializers.ChoiceField(sorted(KINDS_OF_WORK))
    subject_id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    amount_fen = serializers.IntegerField()
    people = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


class PostedPage(serializers.Serializer[Any]):
    """One page of what I posted."""

    rows = PostedShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class PostedWork(Endpoint):
    """`GET /api/v1/my/posted`: the work that I posted, of every kind, the latest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_posted", parameters=[CURSOR, SIZE], responses={200: PostedPage, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.posted_by(self.actor.party_id),
            order=("-listed_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [posted(row).row | {"people": row.people_n} for row in page.rows]
        return Response(PostedPage({"rows": rows, "next_cursor": page.next_cursor}).data)


class ClockShown(serializers.Serializer[Any]):
    """Something under way for me: at `at` it becomes one of `becomes` by itself; `is_mine` where I can act.

    `thing` is what it is by its table of states: task, bid, stop, milestone and so on.
    """

    at = serializers.DateTimeField()
    thing = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    becomes = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField()
    is_mine = serializers.BooleanField()


class ClocksShown(serializers.Serializer[Any]):
    """What runs for me, the first to ring at the top; a hundred at most."""

    rows = ClockShown(many=True)


class Agenda(Endpoint):
    """`GET /api/v1/my/agenda`: every clock that runs for me, and what happens if nobody acts."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_agenda", responses={200: ClocksShown, **REFUSED})
    def get(self, request: Request) -> Response:
        return Response(ClocksShown({"rows": clocks(self.actor)}).data)
