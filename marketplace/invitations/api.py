"""The API of invitations: coming in by an address, what I was let in to see, and the address of one's own work."""

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
from marketplace.invitations import operations, queries
from marketplace.invitations.models import Restrictable
from marketplace.kinds_of_work import KINDS_OF_WORK, kind_of


class CameIn(serializers.Serializer[Any]):
    """What an address opened: a piece of work by its kind and id, and where its page is."""

    kind = serializers.ChoiceField(sorted(KINDS_OF_WORK))
    subject_id = serializers.UUIDField()
    url = serializers.CharField()


class InvitationShown(CameIn):
    """A piece of work that I was let in to see; `amount_fen` is its budget, prize or pay."""

    title = serializers.CharField()
    state = serializers.CharField()
    owner_name = serializers.CharField(allow_blank=True)
    amount_fen = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)
    at = serializers.DateTimeField()


class InvitationsShown(serializers.Serializer[Any]):
    """One page of invitations, the latest first."""

    rows = InvitationShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class AddressShown(serializers.Serializer[Any]):
    """The word that lets others in, and the address to send them."""

    code = serializers.CharField()
    url = serializers.CharField()


def _address(kind: str, found: Restrictable) -> dict[str, Any]:
    code = found.invite_code
    return dict(AddressShown({"code": code, "url": operations.address(kind, code)}).data)


class MyInvitations(Endpoint):
    """`GET /api/v1/my/invitations`: the work of every kind that I was let in to see."""

    may = {"GET": SIGNED_IN}

    @extend_schema(
        operation_id="my_invitations", parameters=[CURSOR, SIZE], responses={200: InvitationsShown, **REFUSED}
    )
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        found, next_cursor = queries.invited_to(
            self.actor.party_id, cursor=request.query_params.get("cursor", ""), size=page_size(request)
        )
        rows = [
            one.posted.row | {"owner_name": one.posted.listing.owner_name, "at": one.invitation.at} for one in found
        ]
        return Response(InvitationsShown({"rows": rows, "next_cursor": next_cursor}).data)


class InvitationOne(Endpoint):
    """`POST /api/v1/invitations/{kind}/{code}`: whoever was sent the word may see the work from now on."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="invitations_come_in", request=None, parameters=[IDEMPOTENT], responses={201: CameIn, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, kind: str, code: str) -> Response:
        work = kind_of(kind)
        found = operations.come_in(work.postings, kind, code, by=self.actor, at=clock.now())
        body = {"kind": kind, "subject_id": found.pk, "url": work.url.format(found.pk)}
        return Response(CameIn(body).data, status=201)


class InvitationAddress(Endpoint):
    """`GET /api/v1/invitations/{kind}/{id}/address`: the address of one's own work that only the invited see.
    `POST`: a new one; the old one opens nothing any more."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = {"POST": "work"}

    @extend_schema(operation_id="invitations_address", responses={200: AddressShown, **REFUSED})
    def get(self, request: Request, kind: str, subject_id: UUID) -> Response:
        return Response(_address(kind, operations.own(kind_of(kind).postings, subject_id, by=self.actor)))

    @extend_schema(
        operation_id="invitations_renew",
        request=None,
        parameters=[IDEMPOTENT],
        responses={201: AddressShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, kind: str, subject_id: UUID) -> Response:
        found = operations.renew(kind_of(kind).postings, subject_id, by=self.actor)
        return Response(_address(kind, found), status=201)
