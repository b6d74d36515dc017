"""The API of solicitations: the hall, the poster's side, ideas and endorsements, the moderator's review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.ideas import queries
from marketplace.ideas.models import LEVELS, Idea, Solicitation
from marketplace.ideas.operations import course, drafts, ideas, reviews
from marketplace.ideas.operations.drafts import MOST_WORDS, Terms
from marketplace.patterns.api import Beginning
from marketplace.shapes import WorkWhy, visibility_field
from search.engines import Query
from search.queries import find

WORK = {"POST": "work"}


class SolicitationTerms(serializers.Serializer[Any]):
    """What a poster writes; `level` is the real-name level that endorsing needs."""

    title = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    brief = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    category = serializers.ChoiceField(WORK_CATEGORY_KEYS)
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    level = serializers.ChoiceField(LEVELS)
    open_days = serializers.IntegerField(min_value=1, max_value=366)
    visibility = visibility_field()
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class SolicitationRow(serializers.Serializer[Any]):
    """A solicitation as lists show it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    ideas = serializers.IntegerField()
    closes_at = serializers.DateTimeField(allow_null=True)


class SolicitationsShown(serializers.Serializer[Any]):
    """One page of solicitations, and how many there are."""

    rows = SolicitationRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class SolicitationShown(SolicitationRow):
    """A solicitation whole; `conclusion` is what the poster made of it."""

    owner_id = serializers.UUIDField()
    owner_name = serializers.CharField()
    brief = serializers.CharField(allow_blank=True)
    level = serializers.CharField()
    open_days = serializers.IntegerField()
    visibility = serializers.CharField()
    version = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    conclusion = serializers.CharField(allow_blank=True)


class SolicitationWhy(serializers.Serializer[Any]):
    """A reason, or a conclusion."""

    reason = serializers.CharField(max_length=600, allow_blank=True, default="")
    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class IdeaTerms(serializers.Serializer[Any]):
    """What somebody proposes."""

    title = serializers.CharField(max_length=60)
    text = serializers.CharField(max_length=ideas.MOST_WORDS)


class IdeaWords(serializers.Serializer[Any]):
    """The poster's answer, or a moderator's reason."""

    words = serializers.CharField(max_length=500, allow_blank=True, default="")


class IdeaShown(serializers.Serializer[Any]):
    """An idea, how many people endorse it, and the poster's answer."""

    id = serializers.UUIDField()
    solicitation_id = serializers.UUIDField()
    author_name = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    state = serializers.CharField()
    endorsements = serializers.IntegerField()
    is_endorsed = serializers.BooleanField()
    reply = serializers.CharField(allow_blank=True)
    proof_id = serializers.UUIDField()
    made_at = serializers.DateTimeField()


class IdeasShown(serializers.Serializer[Any]):
    """One page of ideas."""

    rows = IdeaShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


def shown(found: Solicitation) -> dict[str, Any]:
    """A solicitation as the API gives it."""
    names = [name for name in map(str, SolicitationShown().fields) if name not in ("ideas", "owner_name")]
    body = {name: getattr(found, name) for name in names}
    body |= {"ideas": found.ideas_n, "owner_name": found.owner.masked_name}
    return dict(SolicitationShown(body).data)


def idea_shown(idea: Idea, *, is_endorsed: bool) -> dict[str, Any]:
    """An idea as the API gives it."""
    names = ("id", "solicitation_id", "title", "text", "state", "reply", "proof_id", "made_at")
    body: dict[str, Any] = {name: getattr(idea, name) for name in names}
    body |= {
        "author_name": idea.author.masked_name,
        "endorsements": idea.endorsements_n,
        "is_endorsed": is_endorsed,
    }
    return dict(IdeaShown(body).data)


class Solicitations(Endpoint):
    """`GET /api/v1/solicitations`: public ones. `POST`: a new draft of one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="solicitations_list",
        parameters=[CURSOR, SIZE],
        responses={200: SolicitationsShown, **PUBLIC_REFUSED},
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="solicitation",
                categories=asked.getlist("category")[:10],
                counties=asked.getlist("county")[:10],
                states=asked.getlist("state")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        names = ("title", "summary", "state", "category", "county", "closes_at")
        rows = [
            {name: getattr(row, name) for name in names} | {"id": row.subject_id, "ideas": row.people_n}
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(SolicitationsShown(body).data)

    @extend_schema(
        operation_id="solicitations_start",
        request=Beginning,
        parameters=[IDEMPOTENT],
        responses={201: SolicitationShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        made = drafts.start(by=self.actor, at=clock.now(), like=self.read(Beginning)["like"])
        return Response(shown(made), status=201)


class SolicitationOne(Endpoint):
    """`GET /api/v1/solicitations/{id}`: one for whoever may see it. `PUT`: write a draft."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="solicitations_read", responses={200: SolicitationShown, **PUBLIC_REFUSED})
    def get(self, request: Request, solicitation_id: UUID) -> Response:
        return Response(shown(queries.visible(solicitation_id, self.actor)))

    @extend_schema(
        operation_id="solicitations_write", request=SolicitationTerms, responses={200: SolicitationShown, **REFUSED}
    )
    def put(self, request: Request, solicitation_id: UUID) -> Response:
        body = self.read(SolicitationTerms)
        terms = Terms(**{name: body[name] for name in Terms.__dataclass_fields__})
        made = drafts.write(
            solicitation_id=solicitation_id, terms=terms, version=body["version"], by=self.actor, at=clock.now()
        )
        return Response(shown(made))


class SolicitationIdeas(Endpoint):
    """`GET /api/v1/solicitations/{id}/ideas`: its ideas, most endorsed first. `POST`: propose one."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="solicitations_ideas", parameters=[CURSOR, SIZE], responses={200: IdeasShown, **PUBLIC_REFUSED}
    )
    def get(self, request: Request, solicitation_id: UUID) -> Response:
        found = queries.visible(solicitation_id, self.actor)
        order = queries.ORDERS.get(request.query_params.get("order", ""), queries.ORDERS["endorsed"])
        page = paging.page(
            queries.ideas_of(found, self.actor),
            order=order,
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        mine = queries.endorsed_by(self.actor, page.rows)
        rows = [idea_shown(one, is_endorsed=one.pk in mine) for one in page.rows]
        return Response(IdeasShown({"rows": rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="solicitations_propose",
        request=IdeaTerms,
        parameters=[IDEMPOTENT],
        responses={201: IdeaShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, solicitation_id: UUID) -> Response:
        queries.visible(solicitation_id, self.actor)
        body = self.read(IdeaTerms)
        made = ideas.propose(
            solicitation_id=solicitation_id, title=body["title"], text=body["text"], by=self.actor, at=clock.now()
        )
        return Response(idea_shown(made, is_endorsed=False), status=201)


class SolicitationReview(Endpoint):
    """`POST /api/v1/solicitations/{id}/review/{act}`: a moderator approves, returns, freezes or thaws."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="solicitations_review",
        request=WorkWhy,
        parameters=[IDEMPOTENT],
        responses={201: SolicitationShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, solicitation_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.visible(solicitation_id, self.actor)
        made = reviews.REVIEWING.decide(act, subject_id=solicitation_id, **body, by=self.actor, at=clock.now())
        return Response(shown(made), status=201)


class SolicitationStep(Endpoint):
    """`POST /api/v1/solicitations/{id}/{act}`: submission, withdraw, conclusion; the poster's."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="solicitations_act",
        request=SolicitationWhy,
        parameters=[IDEMPOTENT],
        responses={201: SolicitationShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, solicitation_id: UUID, act: str) -> Response:
        body, at = self.read(SolicitationWhy), clock.now()
        queries.own(solicitation_id, self.actor)
        if act == "submission":
            made = drafts.submit(solicitation_id=solicitation_id, by=self.actor, at=at)
        elif act == "withdraw":
            made = drafts.withdraw(solicitation_id=solicitation_id, by=self.actor, at=at)
        elif act == "conclusion":
            made = course.conclude(solicitation_id=solicitation_id, text=body["text"], by=self.actor, at=at)
        else:
            raise NotFound
        return Response(shown(made), status=201)


class IdeaOne(Endpoint):
    """`GET /api/v1/ideas/{id}`: an idea for whoever may read it."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="ideas_read", responses={200: IdeaShown, **PUBLIC_REFUSED})
    def get(self, request: Request, idea_id: UUID) -> Response:
        found = queries.idea(idea_id, self.actor)
        return Response(idea_shown(found, is_endorsed=found.pk in queries.endorsed_by(self.actor, [found])))


class IdeaModeration(Endpoint):
    """`POST /api/v1/ideas/{id}/moderation/{act}`: a moderator hides an idea, or shows it again (`unhide`)."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="ideas_moderate", request=IdeaWords, parameters=[IDEMPOTENT], responses={201: IdeaShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, idea_id: UUID, act: str) -> Response:
        words = self.read(IdeaWords)["words"]
        if act not in ("hide", "unhide"):
            raise NotFound
        ideas.moderate(idea_id=idea_id, event=act, reason=words, by=self.actor, at=clock.now())
        return Response(idea_shown(queries.idea(idea_id, self.actor), is_endorsed=False), status=201)


class IdeaStep(Endpoint):
    """`POST /api/v1/ideas/{id}/{act}`: `endorse`, `take-back`; the author's `withdraw`; the poster's `adopt`, `decline`."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="ideas_act", request=IdeaWords, parameters=[IDEMPOTENT], responses={201: IdeaShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, idea_id: UUID, act: str) -> Response:
        words = self.read(IdeaWords)["words"]
        queries.idea(idea_id, self.actor)
        if act not in ideas.STEPS:
            raise NotFound
        ideas.STEPS[act](idea_id, words, self.actor, clock.now())
        found = queries.idea(idea_id, self.actor)
        return Response(
            idea_shown(found, is_endorsed=found.pk in queries.endorsed_by(self.actor, [found])), status=201
        )  # fmt: skip


class MyIdeas(Endpoint):
    """`GET /api/v1/my/ideas`: my ideas, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_ideas", parameters=[CURSOR, SIZE], responses={200: IdeasShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.mine(self.actor.party_id).select_related("author"),
            order=("-made_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [idea_shown(one, is_endorsed=False) for one in page.rows]
        return Response(IdeasShown({"rows": rows, "next_cursor": page.next_cursor}).data)
