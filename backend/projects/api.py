"""The API of ventures: the passport, its documents, pictures, needs, team and followers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, ProblemShown, page_size
from backend.common import clock, files, paging
from backend.common.actors import Actor
from backend.common.errors import NotFound
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.projects import queries
from backend.projects.kinds import DOCUMENTS, NEEDS, STAGES
from backend.projects.models import Passport
from backend.projects.operations import documents, passports, profile
from backend.projects.operations.documents import Fact
from backend.projects.operations.passports import Profile


class NameTerms(serializers.Serializer[Any]):
    """What a venture is called."""

    name = serializers.CharField(max_length=60)


class ProfileTerms(serializers.Serializer[Any]):
    """What a founder writes of a venture; `version` is the one that was read."""

    version = serializers.IntegerField(min_value=0)
    name = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    story = serializers.CharField(max_length=20_000, allow_blank=True)
    stage = serializers.ChoiceField(list(STAGES))
    category = serializers.ChoiceField(CATEGORY_KEYS)
    county = serializers.ChoiceField(["", *COUNTIES], allow_blank=True)
    founded_on = serializers.DateField(allow_null=True, default=None)


class FactShown(serializers.Serializer[Any]):
    """A verified fact of a venture, and who verified it."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    number = serializers.CharField()
    issuer = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)
    state = serializers.CharField()
    checker = serializers.CharField(allow_blank=True)
    checked_at = serializers.DateTimeField(allow_null=True)


class TeammateShown(serializers.Serializer[Any]):
    """Somebody of the team, under the name that they chose to be shown."""

    id = serializers.UUIDField()
    shown_name = serializers.CharField()
    role = serializers.CharField()


class NeedShown(serializers.Serializer[Any]):
    """What a venture is looking for."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    text = serializers.CharField()


class PictureShown(serializers.Serializer[Any]):
    """A picture; it lies at `/projects/pictures/{id}/`."""

    id = serializers.UUIDField()
    caption = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class PassportShown(serializers.Serializer[Any]):
    """A venture."""

    id = serializers.UUIDField()
    holder = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    story = serializers.CharField(allow_blank=True)
    stage = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    founded_on = serializers.DateField(allow_null=True)
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    followers_n = serializers.IntegerField()
    touched_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class PassportWhole(PassportShown):
    """A venture with all that belongs to it."""

    facts = FactShown(many=True)
    team = TeammateShown(many=True)
    needs = NeedShown(many=True)
    pictures = PictureShown(many=True)


class PassportsPage(serializers.Serializer[Any]):
    """One page of published ventures, the newest first."""

    rows = PassportShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class FactTerms(serializers.Serializer[Any]):
    """A document: what it is, and its file in base64, at most 1.5 MB of it."""

    kind = serializers.ChoiceField(list(DOCUMENTS))
    number = serializers.CharField(max_length=40)
    issuer = serializers.CharField(max_length=60)
    valid_from = serializers.DateField(allow_null=True, default=None)
    valid_until = serializers.DateField(allow_null=True, default=None)
    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=2_000_000)


class PictureTerms(serializers.Serializer[Any]):
    """A picture of the work in base64, at most 1.5 MB of it."""

    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=2_000_000)
    caption = serializers.CharField(max_length=80)


class NeedTerms(serializers.Serializer[Any]):
    """What a venture is looking for."""

    kind = serializers.ChoiceField(list(NEEDS))
    text = serializers.CharField(max_length=160)


class VentureFollowTerms(serializers.Serializer[Any]):
    """Whether one wants to hear of a venture."""

    is_wanted = serializers.BooleanField()


class WhyTerms(serializers.Serializer[Any]):
    """Why; the holder reads it."""

    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class LinkShown(serializers.Serializer[Any]):
    """The word that lets whoever has it join the team for some days."""

    token = serializers.CharField()


class JoinTerms(serializers.Serializer[Any]):
    """Who joins, under the name that is to be shown."""

    token = serializers.CharField(max_length=500)
    shown_name = serializers.CharField(max_length=20)
    role = serializers.CharField(max_length=30)


def _row(found: Passport) -> dict[str, Any]:
    row = {name: getattr(found, name) for name in map(str, PassportShown().fields) if name != "holder"}
    return row | {"holder": found.holder.masked_name}


def _whole(found: Passport, actor: Actor) -> dict[str, Any]:
    more = {
        "facts": queries.documents(found) if queries.is_holder(found, actor) else queries.proved(found),
        "team": queries.team(found),
        "needs": queries.open_needs(found),
        "pictures": queries.pictures(found),
    }
    return dict(PassportWhole(_row(found) | more).data)


class Projects(Endpoint):
    """`/api/v1/projects`: published ventures; POST starts a passport of one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="projects_list", parameters=[CURSOR, SIZE], responses={200: PassportsPage, **PUBLIC_REFUSED},
        auth=[],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        page = paging.page(
            queries.published(), order=("-created_at", "-id"), cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )  # fmt: skip
        rows = PassportShown([_row(found) for found in page.rows], many=True).data
        return Response({"rows": rows, "next_cursor": page.next_cursor})

    @extend_schema(
        operation_id="projects_start", request=NameTerms, parameters=[IDEMPOTENT],
        responses={201: PassportWhole, **REFUSED},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        made = passports.start(name=self.read(NameTerms)["name"], by=self.actor, at=clock.now())
        return Response(_whole(made, self.actor), status=201)


class ProjectOne(Endpoint):
    """`/api/v1/projects/{id}`: a venture; PUT writes one's own."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "campaigns"}

    @extend_schema(operation_id="projects_read", responses={200: PassportWhole, **PUBLIC_REFUSED}, auth=[])
    def get(self, request: Request, passport_id: UUID) -> Response:
        return Response(_whole(queries.visible(passport_id, self.actor), self.actor))

    @extend_schema(operation_id="projects_write", request=ProfileTerms, responses={200: PassportWhole, **REFUSED})
    def put(self, request: Request, passport_id: UUID) -> Response:
        body = self.read(ProfileTerms)
        version = body.pop("version")
        found = passports.write(
            passport_id=passport_id, profile=Profile(**body), version=version, by=self.actor, at=clock.now()
        )
        return Response(_whole(found, self.actor))


class ProjectStep(Endpoint):
    """`POST /api/v1/projects/{id}/steps/{act}`: submit, archive (holder); approve, return, hide, restore, seen (moderator)."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="project_step", request=WhyTerms, parameters=[IDEMPOTENT],
        responses={201: PassportWhole, **REFUSED},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, passport_id: UUID, act: str) -> Response:
        reason = self.read(WhyTerms)["reason"]
        if act not in passports.STEPS:
            raise NotFound
        queries.visible(passport_id, self.actor)
        found = passports.STEPS[act](passport_id, reason, self.actor, clock.now())
        return Response(_whole(found, self.actor), status=201)


class ProjectDocuments(Endpoint):
    """`POST /api/v1/projects/{id}/documents`: file a document."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="project_file", request=FactTerms, parameters=[IDEMPOTENT], responses={201: FactShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, passport_id: UUID) -> Response:
        body = self.read(FactTerms)
        name, content = body.pop("name"), files.unpack(body.pop("content"))
        made = documents.file_document(
            passport_id=passport_id, fact=Fact(**body), name=name, body=content, by=self.actor, at=clock.now()
        )
        return Response(FactShown(made).data, status=201)


class DocumentStep(Endpoint):
    """`POST /api/v1/documents/{id}/{act}`: verify, decline, revoke (moderator); withdraw (holder)."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="document_step", request=WhyTerms, parameters=[IDEMPOTENT], responses={201: FactShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, document_id: UUID, act: str) -> Response:
        reason = self.read(WhyTerms)["reason"]
        if act not in documents.STEPS:
            raise NotFound
        queries.document_for(document_id, self.actor)
        found = documents.STEPS[act](document_id, reason, self.actor, clock.now())
        return Response(FactShown(found).data, status=201)


class ProjectPictures(Endpoint):
    """`POST /api/v1/projects/{id}/pictures`: show a picture of the work."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="project_show", request=PictureTerms, parameters=[IDEMPOTENT],
        responses={201: PictureShown, **REFUSED},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, passport_id: UUID) -> Response:
        body = self.read(PictureTerms)
        made = profile.add_picture(
            passport_id=passport_id, name=body["name"], body=files.unpack(body["content"]), caption=body["caption"],
            by=self.actor, at=clock.now(),
        )  # fmt: skip
        return Response(PictureShown(made).data, status=201)


class ProjectNeeds(Endpoint):
    """`POST /api/v1/projects/{id}/needs`: say what one is looking for."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="project_need", request=NeedTerms, parameters=[IDEMPOTENT], responses={201: NeedShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, passport_id: UUID) -> Response:
        body = self.read(NeedTerms)
        made = profile.add_need(passport_id=passport_id, **body, by=self.actor, at=clock.now())
        return Response(NeedShown(made).data, status=201)


class ProjectFollowing(Endpoint):
    """`PUT /api/v1/projects/{id}/following`: hear of a venture, or hear no more."""

    may = {"PUT": SIGNED_IN}
    scope = {"PUT": "pledge"}

    @extend_schema(operation_id="project_follow", request=VentureFollowTerms, responses={200: PassportShown, **REFUSED})
    def put(self, request: Request, passport_id: UUID) -> Response:
        wanted = self.read(VentureFollowTerms)["is_wanted"]
        found = profile.follow(passport_id=passport_id, is_wanted=wanted, by=self.actor, at=clock.now())
        return Response(PassportShown(_row(found)).data)


class ProjectTeamLink(Endpoint):
    """`POST /api/v1/projects/{id}/team-link`: a link into the team."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="project_team_link", request=None, parameters=[IDEMPOTENT], responses={201: LinkShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, passport_id: UUID) -> Response:
        token = profile.team_link(passport_id=passport_id, by=self.actor, at=clock.now())
        return Response({"token": token}, status=201)


class ProjectTeam(Endpoint):
    """`POST /api/v1/projects/team`: join the team that a link leads to."""

    may = {"POST": SIGNED_IN}
    scope = {"POST": "campaigns"}

    @extend_schema(
        operation_id="project_join", request=JoinTerms, parameters=[IDEMPOTENT],
        responses={201: TeammateShown, 410: ProblemShown, **REFUSED},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        made = profile.join_team(**self.read(JoinTerms), by=self.actor, at=clock.now())
        return Response(TeammateShown(made).data, status=201)


class ProjectPart(Endpoint):
    """`DELETE /api/v1/projects/parts/{what}/{id}`: a picture off the page, a need that is met, somebody off the team."""

    may = {"DELETE": SIGNED_IN}
    scope = {"DELETE": "campaigns"}

    @extend_schema(operation_id="project_drop", responses={204: None, **REFUSED})
    def delete(self, request: Request, what: str, key: UUID) -> Response:
        if what not in profile.DROPS:
            raise NotFound
        profile.DROPS[what](key, self.actor, clock.now())
        return Response(status=204)
