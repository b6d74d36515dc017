"""The API of profiles: what somebody shows, one's own to write, and the work that fits."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import IDEMPOTENT, PUBLIC_REFUSED, REFUSED
from backend.common import clock, files
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.judging.api import ObjectionFileTerms
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.engagements import queries as engagements
from marketplace.profiles import queries
from marketplace.profiles.models import MOST_CATEGORIES, MOST_SKILLS, Piece, Profile
from marketplace.profiles.operations import profiles
from marketplace.profiles.operations.profiles import MOST_WORDS, Terms

WORK = {"POST": "work"}


class WorkProfileTerms(serializers.Serializer[Any]):
    """What somebody writes of themselves; `version` is the one that was read, 1 for a new profile."""

    headline = serializers.CharField(max_length=80, allow_blank=True)
    text = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    skills = serializers.ListField(child=serializers.CharField(max_length=20), max_length=MOST_SKILLS, default=list)
    categories = serializers.ListField(
        child=serializers.ChoiceField(WORK_CATEGORY_KEYS), max_length=MOST_CATEGORIES, default=list
    )
    counties = serializers.ListField(child=serializers.ChoiceField(COUNTIES), max_length=len(COUNTIES), default=list)
    takes_work = serializers.BooleanField(default=True)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class PieceShown(serializers.Serializer[Any]):
    """A piece of work; `is_hidden` is for its owner and staff, others do not see it then."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    mime = serializers.CharField()
    sha256 = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    is_hidden = serializers.BooleanField()


class PieceWhole(PieceShown):
    """A piece with its picture, base64."""

    content = serializers.CharField()


class WorkProfile(serializers.Serializer[Any]):
    """What somebody says and shows of themselves, and what others found: reviews out of five in tenths, contracts done."""

    party_id = serializers.UUIDField()
    name = serializers.CharField()
    level = serializers.CharField()
    headline = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    skills = serializers.ListField(child=serializers.CharField())
    categories = serializers.ListField(child=serializers.CharField())
    counties = serializers.ListField(child=serializers.CharField())
    takes_work = serializers.BooleanField()
    version = serializers.IntegerField()
    pieces = PieceShown(many=True)
    reviews = serializers.IntegerField()
    stars_tenths = serializers.IntegerField(allow_null=True)
    contracts_done = serializers.IntegerField()


class PieceTerms(ObjectionFileTerms):
    """A picture of one's work, with its name and a few words."""

    title = serializers.CharField(max_length=60)
    text = serializers.CharField(max_length=300, allow_blank=True, default="")


class PieceWhy(serializers.Serializer[Any]):
    """A moderator's reason."""

    reason = serializers.CharField(max_length=600)


class BecauseShown(serializers.Serializer[Any]):
    """Why something is suggested: `skill`, `category`, `county` with the word of it, or `fresh`: nobody has answered yet."""

    kind = serializers.ChoiceField(["skill", "category", "county", "fresh"])
    word = serializers.CharField(allow_blank=True)


class SuggestedShown(serializers.Serializer[Any]):
    """Open work that fits; `work_kind` and `id` say what it is, money in fen."""

    work_kind = serializers.CharField()
    id = serializers.UUIDField()
    title = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    goal_fen = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)
    because = BecauseShown(many=True)


class SuggestionsShown(serializers.Serializer[Any]):
    """At most twenty-four, best first."""

    rows = SuggestedShown(many=True)


def _piece(piece: Piece) -> dict[str, Any]:
    names = ("id", "title", "text", "mime", "sha256", "width", "height")
    return {name: getattr(piece, name) for name in names} | {"is_hidden": piece.hidden_at is not None}


def shown(party_id: UUID, by: Actor) -> dict[str, Any]:
    """A profile as the API gives it; an empty one where nothing was written."""
    party = queries.shown_party(party_id)
    profile = queries.profile_of(party_id) or Profile(party_id=party_id)
    standing = engagements.reputation(party_id)
    names = ("headline", "text", "skills", "categories", "counties", "takes_work", "version")
    body: dict[str, Any] = {name: getattr(profile, name) for name in names}
    body |= {
        "party_id": party_id,
        "name": party.masked_name,
        "level": party.level,
        "pieces": [_piece(one) for one in queries.pieces_of(party_id, by)],
        "reviews": standing.reviews,
        "stars_tenths": standing.tenths if standing.reviews else None,
        "contracts_done": engagements.completed_by([party_id]).get(party_id, 0),
    }
    return dict(WorkProfile(body).data)


class PersonProfile(Endpoint):
    """`GET /api/v1/people/{id}/profile`: what somebody shows, and what others found."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="profiles_read", responses={200: WorkProfile, **PUBLIC_REFUSED})
    def get(self, request: Request, party_id: UUID) -> Response:
        return Response(shown(party_id, self.actor))


class MyProfile(Endpoint):
    """`GET /api/v1/my/profile`: my profile. `PUT`: write it."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="my_profile", responses={200: WorkProfile, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        return Response(shown(self.actor.party_id, self.actor))

    @extend_schema(operation_id="my_profile_write", request=WorkProfileTerms, responses={200: WorkProfile, **REFUSED})
    def put(self, request: Request) -> Response:
        body = self.read(WorkProfileTerms)
        terms = Terms(**{name: body[name] for name in Terms.__dataclass_fields__})
        made = profiles.write(terms=terms, version=body["version"], by=self.actor, at=clock.now())
        return Response(shown(made.party_id, self.actor))


class MyPieces(Endpoint):
    """`POST /api/v1/my/pieces`: show a piece of one's work."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="my_pieces_add",
        request=PieceTerms,
        parameters=[IDEMPOTENT],
        responses={201: PieceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(PieceTerms)
        made = profiles.add_piece(
            title=body["title"],
            text=body["text"],
            name=body["name"],
            body=files.unpack(body["content"]),
            by=self.actor,
            at=clock.now(),
        )
        return Response(PieceShown(_piece(made)).data, status=201)


class PieceOne(Endpoint):
    """`GET /api/v1/pieces/{id}`: a piece with its picture. `DELETE`: show one's own no more."""

    may = {"GET": PUBLIC, "DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="pieces_read", responses={200: PieceWhole, **PUBLIC_REFUSED})
    def get(self, request: Request, piece_id: UUID) -> Response:
        found = queries.piece(piece_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**PieceShown(_piece(found)).data, "content": content})

    @extend_schema(operation_id="pieces_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, piece_id: UUID) -> Response:
        profiles.remove_piece(piece_id=piece_id, by=self.actor)
        return Response(status=204)


class PieceModeration(Endpoint):
    """`POST /api/v1/pieces/{id}/moderation/{act}`: a moderator takes a piece from view (`hide`), or shows it again (`unhide`)."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="pieces_moderate",
        request=PieceWhy,
        parameters=[IDEMPOTENT],
        responses={201: PieceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, piece_id: UUID, act: str) -> Response:
        queries.piece(piece_id, self.actor)
        reason = self.read(PieceWhy)["reason"]
        if act not in ("hide", "unhide"):
            raise NotFound
        made = profiles.moderate(piece_id=piece_id, hide=act == "hide", reason=reason, by=self.actor, at=clock.now())
        return Response(PieceShown(_piece(made)).data, status=201)


class MySuggestions(Endpoint):
    """`GET /api/v1/my/suggestions`: open work that fits what one said of oneself, and why."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_suggestions", responses={200: SuggestionsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        found = queries.profile_of(self.actor.party_id)
        names = ("title", "category", "county", "goal_fen", "closes_at")
        rows = [
            {name: getattr(one.listing, name) for name in names}
            | {
                "work_kind": one.listing.kind,
                "id": one.listing.subject_id,
                "because": [{"kind": why.kind, "word": why.word} for why in one.because],
            }
            for one in (queries.suggested(found) if found is not None else [])
        ]
        return Response(SuggestionsShown({"rows": rows}).data)
