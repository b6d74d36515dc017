"""The API's way from a refused refund to a dispute."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import IDEMPOTENT, REFUSED
from backend.common import clock
from backend.common.fen import MOST_FEN
from backend.disputes.api import CaseShown, shown
from crowdfunding.campaigns.operations import complaints


class ComplaintTerms(serializers.Serializer[Any]):
    """What happened, and how much should go back (fen)."""

    facts = serializers.CharField(max_length=5_000)
    wanted_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)


class PledgeComplaint(Endpoint):
    """`POST /api/v1/pledges/{id}/complaint`: bring a refused claim before the deciders."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "pledge"}

    @extend_schema(
        operation_id="pledges_complain",
        request=ComplaintTerms,
        parameters=[IDEMPOTENT],
        responses={201: CaseShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, pledge_id: UUID) -> Response:
        body = self.read(ComplaintTerms)
        case = complaints.complain(
            pledge_id=pledge_id, facts=body["facts"], wanted_fen=body["wanted_fen"], by=self.actor, at=clock.now()
        )
        return Response(shown(case), status=201)
