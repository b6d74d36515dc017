"""The API of knowledge's entries: versions, what differs, changes, reviews; gaps have a file of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import Invalid, NotFound
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.knowledge import queries
from marketplace.knowledge.diffs import Line, diff
from marketplace.knowledge.licences import LICENCES
from marketplace.knowledge.models import Article, Change, Version
from marketplace.knowledge.operations import changes, course, verdicts
from marketplace.knowledge.operations.changes import MOST_WORDS, Terms
from marketplace.knowledge.states import Changing
from search.engines import Query
from search.queries import find

WORK = {"POST": "work"}


class ArticleRow(serializers.Serializer[Any]):
    """An entry as lists show it; `versions` is how many it has had."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    versions = serializers.IntegerField()
    changed_at = serializers.DateTimeField(allow_null=True)


class ArticlesShown(serializers.Serializer[Any]):
    """One page of entries, and how many there are."""

    rows = ArticleRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class ArticleVersionRow(serializers.Serializer[Any]):
    """A version: who wrote it, who reviewed it, under what licence it was given; names are masked."""

    no = serializers.IntegerField()
    note = serializers.CharField(allow_blank=True)
    licence = serializers.CharField()
    sha256 = serializers.CharField()
    author_name = serializers.CharField()
    reviewer_name = serializers.CharField()
    at = serializers.DateTimeField()


class ArticleVersionsShown(serializers.Serializer[Any]):
    """One page of versions, the latest first."""

    rows = ArticleVersionRow(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class ArticleVersionWhole(ArticleVersionRow):
    """A version whole; `text` is Markdown."""

    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    text = serializers.CharField()


class ArticleShown(ArticleRow):
    """An entry as it is now; `licence` is under what all of it may be used, `credited` whose words it is."""

    state = serializers.CharField()
    licence = serializers.CharField()
    licence_url = serializers.CharField()
    credited = serializers.ListField(child=serializers.CharField())
    current = ArticleVersionWhole()


class DiffPart(serializers.Serializer[Any]):
    """A run of letters, and whether it differs."""

    is_changed = serializers.BooleanField()
    words = serializers.CharField(allow_blank=True)


class DiffLine(serializers.Serializer[Any]):
    """A line: `sign` is `-`, `+`, a space, or `…` for `count` lines that stayed."""

    sign = serializers.CharField()
    count = serializers.IntegerField()
    parts = DiffPart(many=True)


class KnowledgeDiff(serializers.Serializer[Any]):
    """What differs, field by field; an empty list where nothing does."""

    title = DiffLine(many=True)
    summary = DiffLine(many=True)
    text = DiffLine(many=True)


class KnowledgeTerms(serializers.Serializer[Any]):
    """What an author writes; category and county count for a new entry alone, `licence` may be chosen later."""

    title = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    text = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    note = serializers.CharField(max_length=300, allow_blank=True)
    licence = serializers.ChoiceField(["", *LICENCES], default="")
    category = serializers.ChoiceField(WORK_CATEGORY_KEYS, default="work_other")
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class KnowledgeComment(serializers.Serializer[Any]):
    """A reviewer's comment, or a moderator's reason."""

    comment = serializers.CharField(max_length=1_000, allow_blank=True, default="")


class KnowledgeChangeRow(serializers.Serializer[Any]):
    """A change as lists show it."""

    id = serializers.UUIDField()
    article_id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    base_no = serializers.IntegerField()
    note = serializers.CharField(allow_blank=True)
    author_name = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)


class KnowledgeChanges(serializers.Serializer[Any]):
    """One page of changes."""

    rows = KnowledgeChangeRow(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class KnowledgeChange(KnowledgeChangeRow):
    """A change whole, with what it changes; `is_outdated` is that the entry has moved on since."""

    summary = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    licence = serializers.CharField(allow_blank=True)
    reviewer_name = serializers.CharField(allow_blank=True)
    comment = serializers.CharField(allow_blank=True)
    is_outdated = serializers.BooleanField()
    version = serializers.IntegerField()
    diff = KnowledgeDiff()


def _row(article: Article) -> dict[str, Any]:
    names = ("id", "title", "summary", "category", "county", "changed_at")
    return {name: getattr(article, name) for name in names} | {"versions": article.current_no}


def _version(version: Version) -> dict[str, Any]:
    names = ("no", "note", "licence", "sha256", "at", "title", "summary", "text")
    body: dict[str, Any] = {name: getattr(version, name) for name in names}
    return body | {"author_name": version.author.masked_name, "reviewer_name": version.reviewer.masked_name}


def shown(article: Article) -> dict[str, Any]:
    """An entry as the API gives it."""
    body = _row(article) | {
        "state": article.state,
        "licence": article.licence,
        "licence_url": LICENCES[article.licence].url,
        "credited": queries.credited(article),
        "current": _version(queries.version_of(article, article.current_no)),
    }
    return dict(ArticleShown(body).data)


def _lines(lines: list[Line]) -> list[dict[str, Any]]:
    return [
        {
            "sign": line.sign,
            "count": line.count,
            "parts": [{"is_changed": changed, "words": words} for changed, words in line.parts],
        }
        for line in lines
    ]


def _diff(old: Version | None, new: Version | Change) -> dict[str, Any]:
    names = ("title", "summary", "text")
    return {name: _lines(diff(getattr(old, name) if old else "", getattr(new, name))) for name in names}


def _change_row(change: Change) -> dict[str, Any]:
    names = ("id", "article_id", "title", "state", "base_no", "note", "until")
    return {name: getattr(change, name) for name in names} | {"author_name": change.author.masked_name}


def change_shown(change: Change) -> dict[str, Any]:
    """A change as the API gives it."""
    names = ("summary", "text", "licence", "comment", "version")
    body = _change_row(change) | {name: getattr(change, name) for name in names}
    body |= {
        "reviewer_name": change.reviewer.masked_name if change.reviewer else "",
        "is_outdated": change.base_no != change.article.current_no and change.state in Changing.OPEN,
        "diff": _diff(queries.base_of(change), change),
    }
    return dict(KnowledgeChange(body).data)


class Articles(Endpoint):
    """`GET /api/v1/articles`: published entries. `POST`: begin a new one; what comes back is its first change."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="articles_list", parameters=[CURSOR, SIZE], responses={200: ArticlesShown, **PUBLIC_REFUSED}
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="article",
                categories=asked.getlist("category")[:10],
                counties=asked.getlist("county")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        names = ("title", "summary", "category", "county")
        rows = [
            {name: getattr(row, name) for name in names}
            | {"id": row.subject_id, "versions": row.people_n, "changed_at": row.listed_at}
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(ArticlesShown(body).data)

    @extend_schema(
        operation_id="articles_start",
        request=None,
        parameters=[IDEMPOTENT],
        responses={201: KnowledgeChange, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        return Response(change_shown(changes.start(by=self.actor, at=clock.now())), status=201)


class ArticleOne(Endpoint):
    """`GET /api/v1/articles/{id}`: an entry as it is now."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="articles_read", responses={200: ArticleShown, **PUBLIC_REFUSED})
    def get(self, request: Request, article_id: UUID) -> Response:
        return Response(shown(queries.visible(article_id, self.actor)))


class ArticleVersions(Endpoint):
    """`GET /api/v1/articles/{id}/versions`: all versions, the latest first."""

    may = {"GET": PUBLIC}

    @extend_schema(
        operation_id="articles_versions",
        parameters=[CURSOR, SIZE],
        responses={200: ArticleVersionsShown, **PUBLIC_REFUSED},
    )
    def get(self, request: Request, article_id: UUID) -> Response:
        page = paging.page(
            queries.versions_of(queries.visible(article_id, self.actor)),
            order=("-no", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [_version(one) for one in page.rows]
        return Response(ArticleVersionsShown({"rows": rows, "next_cursor": page.next_cursor}).data)


class ArticleVersion(Endpoint):
    """`GET /api/v1/articles/{id}/versions/{no}`: an entry as it was."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="articles_read_version", responses={200: ArticleVersionWhole, **PUBLIC_REFUSED})
    def get(self, request: Request, article_id: UUID, no: int) -> Response:
        found = queries.version_of(queries.visible(article_id, self.actor), no)
        return Response(ArticleVersionWhole(_version(found)).data)


class ArticleDiff(Endpoint):
    """`GET /api/v1/articles/{id}/diff?from=1&to=2`: what differs between two versions; without numbers, between the last two."""

    may = {"GET": PUBLIC}

    @extend_schema(
        operation_id="articles_diff",
        parameters=[OpenApiParameter("from", int), OpenApiParameter("to", int)],
        responses={200: KnowledgeDiff, **PUBLIC_REFUSED},
    )
    def get(self, request: Request, article_id: UUID) -> Response:
        found = queries.visible(article_id, self.actor)
        to = self._no(request, "to", found.current_no)
        old, new = self._no(request, "from", max(1, to - 1)), to
        body = _diff(queries.version_of(found, old), queries.version_of(found, new))
        return Response(KnowledgeDiff(body).data)

    def _no(self, request: Request, name: str, otherwise: int) -> int:
        text = request.query_params.get(name, str(otherwise))
        if not (text.isascii() and text.isdigit() and len(text) < 7):
            raise Invalid("请填写版本号", "Give the number of a version", field=name)
        return int(text)


class ArticleChanges(Endpoint):
    """`POST /api/v1/articles/{id}/changes`: begin a change to an entry."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="articles_propose",
        request=None,
        parameters=[IDEMPOTENT],
        responses={201: KnowledgeChange, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, article_id: UUID) -> Response:
        queries.visible(article_id, self.actor)
        made = changes.propose(article_id=article_id, by=self.actor, at=clock.now())
        return Response(change_shown(made), status=201)


class ArticleModeration(Endpoint):
    """`POST /api/v1/articles/{id}/moderation/{act}`: a moderator hides an entry, or shows it again (`unhide`)."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="articles_moderate",
        request=KnowledgeComment,
        parameters=[IDEMPOTENT],
        responses={201: ArticleShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, article_id: UUID, act: str) -> Response:
        queries.visible(article_id, self.actor)
        reason = self.read(KnowledgeComment)["comment"]
        if act not in ("hide", "unhide"):
            raise NotFound
        made = course.moderate(article_id=article_id, event=act, reason=reason, by=self.actor, at=clock.now())
        return Response(shown(made), status=201)


class ChangeOne(Endpoint):
    """`GET /api/v1/changes/{id}`: a change for whoever may read it. `PUT`: write one's own."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="changes_read", responses={200: KnowledgeChange, **REFUSED})
    def get(self, request: Request, change_id: UUID) -> Response:
        return Response(change_shown(queries.readable(change_id, self.actor)))

    @extend_schema(operation_id="changes_write", request=KnowledgeTerms, responses={200: KnowledgeChange, **REFUSED})
    def put(self, request: Request, change_id: UUID) -> Response:
        queries.own(change_id, self.actor)
        body = self.read(KnowledgeTerms)
        terms = Terms(**{name: body[name] for name in Terms.__dataclass_fields__})
        made = changes.write(change_id=change_id, terms=terms, version=body["version"], by=self.actor, at=clock.now())
        return Response(change_shown(made))


class ChangeStep(Endpoint):
    """`POST /api/v1/changes/{id}/{act}`: the author's `submit`, `rebase`, `withdraw`; a reviewer's `take`, `let-go`, `publish`, `send-back`, `decline`."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="changes_act",
        request=KnowledgeComment,
        parameters=[IDEMPOTENT],
        responses={201: KnowledgeChange, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, change_id: UUID, act: str) -> Response:
        queries.readable(change_id, self.actor)
        comment, at = self.read(KnowledgeComment)["comment"], clock.now()
        if act in changes.STEPS:
            made = changes.STEPS[act](change_id, self.actor, at)
        elif act in verdicts.STEPS:
            made = verdicts.STEPS[act](change_id, comment, self.actor, at)
        else:
            raise NotFound
        return Response(change_shown(made), status=201)


class ChangeReviews(Endpoint):
    """`GET /api/v1/changes`: what waits for a reviewer, the oldest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(
        operation_id="changes_waiting", parameters=[CURSOR, SIZE], responses={200: KnowledgeChanges, **REFUSED}
    )
    def get(self, request: Request) -> Response:
        verdicts.require_standing(self.actor, at=clock.now())
        page = paging.page(
            queries.waiting(self.actor),
            order=("state_at", "id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [_change_row(one) for one in page.rows]
        return Response(KnowledgeChanges({"rows": rows, "next_cursor": page.next_cursor}).data)


class MyChanges(Endpoint):
    """`GET /api/v1/my/changes`: my changes, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_changes", parameters=[CURSOR, SIZE], responses={200: KnowledgeChanges, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.changes_of(self.actor.party_id).select_related("author"),
            order=("-made_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [_change_row(one) for one in page.rows]
        return Response(KnowledgeChanges({"rows": rows, "next_cursor": page.next_cursor}).data)
