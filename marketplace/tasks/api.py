"""The API of tasks: the hall, the poster's side, bids under seal, the moderator's review."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.engagements.terms import RIGHTS
from marketplace.patterns.api import Beginning
from marketplace.shapes import WorkWhy, visibility_field
from marketplace.tasks import diffs, queries
from marketplace.tasks.models import Bid, SealLock, Task
from marketplace.tasks.operations import awards, bids, drafts, inquiries, reviews
from marketplace.tasks.operations import terms as amending
from marketplace.tasks.operations.bids import Proposal
from marketplace.tasks.operations.drafts import MOST_WORDS, Terms
from search.engines import Query
from search.queries import find

WORK = {"POST": "work"}


class StageShape(serializers.Serializer[Any]):
    """One stage: its name and its percent of the price."""

    title = serializers.CharField(max_length=60)
    percent = serializers.IntegerField(min_value=1, max_value=100)


class TaskTerms(serializers.Serializer[Any]):
    """What a poster writes; money in fen, times in days, stages 100 percent together."""

    title = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    brief = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    category = serializers.ChoiceField(WORK_CATEGORY_KEYS)
    skills = serializers.ListField(child=serializers.CharField(max_length=20), max_length=10, default=list)
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    visibility = visibility_field()
    budget_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    bid_days = serializers.IntegerField(min_value=1, max_value=366)
    work_days = serializers.IntegerField(min_value=1, max_value=366)
    accept_days = serializers.IntegerField(min_value=1, max_value=60)
    rights = serializers.ChoiceField(list(RIGHTS))
    stages = serializers.ListField(child=StageShape(), min_length=1, max_length=10)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class AmendedTerms(TaskTerms):
    """Changed terms and why; who may see it and how long it takes bids stay as published."""

    reason = serializers.CharField(max_length=300)


class TaskRow(serializers.Serializer[Any]):
    """A task as lists show it; money in fen."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    budget_fen = serializers.IntegerField()
    bids = serializers.IntegerField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)


class TasksShown(serializers.Serializer[Any]):
    """One page of tasks, and how many there are."""

    rows = TaskRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class LockShown(serializers.Serializer[Any]):
    """A lock of the bids: its public key, when it opens, and the private key once it has."""

    no = serializers.IntegerField()
    public_key = serializers.CharField()
    opens_at = serializers.DateTimeField()
    private_key = serializers.CharField(allow_blank=True)


class FileShown(serializers.Serializer[Any]):
    """A file of the brief."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class FileWhole(FileShown):
    """A file with its content, base64."""

    content = serializers.CharField()


class InquiryShown(serializers.Serializer[Any]):
    """A question and its answer; nobody learns who asked."""

    id = serializers.UUIDField()
    text = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answer = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class TaskShown(TaskRow):
    """A task whole; `until` is when time alone takes its next step."""

    owner_id = serializers.UUIDField()
    owner_name = serializers.CharField()
    brief = serializers.CharField(allow_blank=True)
    skills = serializers.ListField(child=serializers.CharField())
    visibility = serializers.CharField()
    bid_days = serializers.IntegerField()
    work_days = serializers.IntegerField()
    accept_days = serializers.IntegerField()
    rights = serializers.CharField()
    stages = StageShape(many=True)
    terms_no = serializers.IntegerField()
    version = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    files = FileShown(many=True)
    inquiries = InquiryShown(many=True)
    locks = LockShown(many=True)


class BidShown(serializers.Serializer[Any]):
    """A bid; price, time and words are null and empty until all are opened, for its bidder too."""

    id = serializers.UUIDField()
    task_id = serializers.UUIDField()
    bidder_id = serializers.UUIDField()
    state = serializers.CharField()
    terms_no = serializers.IntegerField()
    digest = serializers.CharField()
    made_at = serializers.DateTimeField()
    opened_at = serializers.DateTimeField(allow_null=True)
    amount_fen = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)


class ReceiptShown(BidShown):
    """What only the bidder gets, and only once: the text that was sealed, word by word."""

    plain = serializers.CharField()


class BidsShown(serializers.Serializer[Any]):
    """Opened bids side by side."""

    rows = BidShown(many=True)


class BidTerms(serializers.Serializer[Any]):
    """A bid: all of it in fen, the time in days, and on which version of the terms."""

    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    days = serializers.IntegerField(min_value=1, max_value=366)
    text = serializers.CharField(max_length=bids.MOST_WORDS)
    terms_no = serializers.IntegerField(min_value=1, max_value=32_000)


class TermsNumber(serializers.Serializer[Any]):
    """The version of the terms that was read."""

    terms_no = serializers.IntegerField(min_value=1, max_value=32_000)


class Words(serializers.Serializer[Any]):
    """A question or an answer."""

    text = serializers.CharField(max_length=1_000)


class FileTerms(serializers.Serializer[Any]):
    """A file: its name and its content in base64, at most 1.5 MB of it."""

    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=2_000_000)


class ChangeShown(serializers.Serializer[Any]):
    """One field that changed, line by line: `-` went, `+` came, a space stayed."""

    field = serializers.CharField()  # type: ignore[assignment]  # the wire's name
    lines = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_blank=True)))


class ChangesShown(serializers.Serializer[Any]):
    """What changed since the terms that a bid stands on."""

    terms_no = serializers.IntegerField()
    changes = ChangeShown(many=True)


def shown(task: Task, by: Actor) -> dict[str, Any]:
    """A task as the API gives it to somebody."""
    names = [str(name) for name in TaskShown().fields]
    found: dict[str, Any] = {name: getattr(task, name) for name in names if hasattr(task, name)}
    found |= {
        "bids": task.bids_n,
        "owner_name": task.owner.masked_name,
        "files": list(task.files.order_by("name", "pk")[: drafts.MOST_FILES]),
        "inquiries": queries.inquiries(task),
        "locks": list(SealLock.objects.filter(task=task).order_by("no")[:50]),
    }
    return dict(TaskShown(found).data)


def bid_shown(bid: Bid) -> dict[str, Any]:
    """A bid as the API gives it."""
    return dict(BidShown(bid).data)


def _terms(body: dict[str, Any]) -> Terms:
    names = [name for name in Terms.__dataclass_fields__ if name not in ("stages", "skills")]
    stages = tuple((stage["title"], stage["percent"]) for stage in body["stages"])
    return Terms(**{name: body[name] for name in names}, skills=tuple(body["skills"]), stages=stages)


class Tasks(Endpoint):
    """`GET /api/v1/tasks`: public tasks. `POST`: a new draft of one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="tasks_list", parameters=[CURSOR, SIZE], responses={200: TasksShown, **PUBLIC_REFUSED})
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="task",
                categories=asked.getlist("category")[:10],
                counties=asked.getlist("county")[:10],
                states=asked.getlist("state")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        rows = [
            {
                "id": row.subject_id,
                "title": row.title,
                "summary": row.summary,
                "state": row.state,
                "category": row.category,
                "county": row.county,
                "budget_fen": row.goal_fen,
                "bids": row.people_n,
                "opens_at": row.opens_at,
                "closes_at": row.closes_at,
            }
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(TasksShown(body).data)

    @extend_schema(
        operation_id="tasks_start", request=Beginning, parameters=[IDEMPOTENT], responses={201: TaskShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(Beginning)
        return Response(shown(drafts.start(by=self.actor, at=clock.now(), like=body["like"]), self.actor), status=201)


class TaskOne(Endpoint):
    """`GET /api/v1/tasks/{id}`: a task for whoever may see it. `PUT`: write a draft."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="tasks_read", responses={200: TaskShown, **PUBLIC_REFUSED})
    def get(self, request: Request, task_id: UUID) -> Response:
        return Response(shown(queries.visible(task_id, self.actor), self.actor))

    @extend_schema(operation_id="tasks_write", request=TaskTerms, responses={200: TaskShown, **REFUSED})
    def put(self, request: Request, task_id: UUID) -> Response:
        body = self.read(TaskTerms)
        task = drafts.write(task_id=task_id, terms=_terms(body), version=body["version"], by=self.actor, at=clock.now())
        return Response(shown(task, self.actor))


class TaskAmendment(Endpoint):
    """`POST /api/v1/tasks/{id}/amendment`: change published terms; every bidder is asked again."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="tasks_amend", request=AmendedTerms, parameters=[IDEMPOTENT], responses={201: TaskShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, task_id: UUID) -> Response:
        body = self.read(AmendedTerms)
        task = amending.amend(
            task_id=task_id,
            terms=_terms(body),
            reason=body["reason"],
            version=body["version"],
            by=self.actor,
            at=clock.now(),
        )
        return Response(shown(task, self.actor), status=201)


class TaskFiles(Endpoint):
    """`POST /api/v1/tasks/{id}/files`: add a file to a draft's brief."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="tasks_attach", request=FileTerms, parameters=[IDEMPOTENT], responses={201: FileShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, task_id: UUID) -> Response:
        body = self.read(FileTerms)
        content = files.unpack(body["content"])
        made = drafts.attach(task_id=task_id, name=body["name"], body=content, by=self.actor, at=clock.now())
        return Response(FileShown(made).data, status=201)


class TaskFileOne(Endpoint):
    """`GET /api/v1/tasks/{id}/files/{id}`: a file with its content. `DELETE`: take it out of a draft."""

    may = {"GET": PUBLIC, "DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="tasks_read_file", responses={200: FileWhole, **PUBLIC_REFUSED})
    def get(self, request: Request, task_id: UUID, file_id: UUID) -> Response:
        found = queries.file_of(task_id, file_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**FileShown(found).data, "content": content})

    @extend_schema(operation_id="tasks_detach", responses={204: None, **REFUSED})
    def delete(self, request: Request, task_id: UUID, file_id: UUID) -> Response:
        queries.own(task_id, self.actor)
        drafts.detach(file_id=file_id, by=self.actor)
        return Response(status=204)


class TaskInquiries(Endpoint):
    """`POST /api/v1/tasks/{id}/inquiries`: ask for everybody to read."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="tasks_ask", request=Words, parameters=[IDEMPOTENT], responses={201: InquiryShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, task_id: UUID) -> Response:
        body = self.read(Words)
        made = inquiries.ask(task_id=task_id, text=body["text"], by=self.actor, at=clock.now())
        return Response(InquiryShown(made).data, status=201)


class InquiryAnswer(Endpoint):
    """`POST /api/v1/inquiries/{id}/reply`: the poster answers for everybody."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="tasks_answer", request=Words, parameters=[IDEMPOTENT], responses={201: InquiryShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, inquiry_id: UUID) -> Response:
        body = self.read(Words)
        made = inquiries.answer(inquiry_id=inquiry_id, text=body["text"], by=self.actor, at=clock.now())
        return Response(InquiryShown(made).data, status=201)


class TaskBids(Endpoint):
    """`GET /api/v1/tasks/{id}/bids`: opened bids, for the poster. `POST`: bid under seal, or replace one's bid."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="tasks_bids", responses={200: BidsShown, **REFUSED})
    def get(self, request: Request, task_id: UUID) -> Response:
        task = queries.own(task_id, self.actor)
        return Response(BidsShown({"rows": [row.bid for row in queries.compared(task)]}).data)

    @extend_schema(operation_id="tasks_bid", request=BidTerms, responses={201: ReceiptShown, **REFUSED})
    def post(self, request: Request, task_id: UUID) -> Response:
        """Not kept under a key: the kept answer would hold what is sealed. A repeat replaces the bid with the same one."""
        body = self.read(BidTerms)
        proposal = Proposal(body["amount_fen"], body["days"], body["text"])
        receipt = bids.seal(
            task_id=task_id, proposal=proposal, terms_no=body["terms_no"], by=self.actor, at=clock.now()
        )
        return Response({**bid_shown(receipt.bid), "plain": receipt.plain}, status=201)


class TaskBidOwn(Endpoint):
    """`GET /api/v1/tasks/{id}/bid`: one's own bid. `DELETE`: take it back before the opening."""

    may = {"GET": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="tasks_own_bid", responses={200: BidShown, **REFUSED})
    def get(self, request: Request, task_id: UUID) -> Response:
        found = queries.bid_of(queries.visible(task_id, self.actor), self.actor.party_id)
        if found is None:
            raise NotFound
        return Response(bid_shown(found))

    @extend_schema(operation_id="tasks_withdraw_bid", responses={200: BidShown, **REFUSED})
    def delete(self, request: Request, task_id: UUID) -> Response:
        queries.visible(task_id, self.actor)
        return Response(bid_shown(bids.withdraw(task_id=task_id, by=self.actor, at=clock.now())))


class TaskBidConfirmation(Endpoint):
    """`GET /api/v1/tasks/{id}/bid/reconfirmation`: what changed. `POST`: the bid stands on the changed terms."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="tasks_changes", responses={200: ChangesShown, **REFUSED})
    def get(self, request: Request, task_id: UUID) -> Response:
        task = queries.visible(task_id, self.actor)
        found = queries.bid_of(task, self.actor.party_id)
        if found is None:
            raise NotFound
        rows = [
            {"field": change.field, "lines": [list(line) for line in change.lines]}
            for change in diffs.changes_since(task, found.terms_no)
        ]
        return Response(ChangesShown({"terms_no": task.terms_no, "changes": rows}).data)

    @extend_schema(
        operation_id="tasks_confirm_bid",
        request=TermsNumber,
        parameters=[IDEMPOTENT],
        responses={201: BidShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, task_id: UUID) -> Response:
        body = self.read(TermsNumber)
        queries.visible(task_id, self.actor)
        made = bids.confirm(task_id=task_id, terms_no=body["terms_no"], by=self.actor, at=clock.now())
        return Response(bid_shown(made), status=201)


class BidStep(Endpoint):
    """`POST /api/v1/bids/{id}/{act}`: the poster shortlists, drops or awards an opened bid."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="bids_act", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: BidShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, bid_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        if act not in awards.BID_STEPS:
            raise NotFound
        awards.BID_STEPS[act](bid_id, body["reason"], self.actor, clock.now())
        return Response(bid_shown(Bid.objects.get(pk=bid_id)), status=201)


Act = Callable[[UUID, dict[str, Any], Actor, datetime], Task]

ACTS: dict[str, Act] = {
    "submission": lambda key, _body, by, at: drafts.submit(task_id=key, by=by, at=at),
    "withdrawal": lambda key, _body, by, at: drafts.withdraw(task_id=key, by=by, at=at),
    "copy": lambda key, _body, by, at: drafts.copy(task_id=key, by=by, at=at),
    "cancellation": lambda key, body, by, at: awards.cancel(task_id=key, reason=body["reason"], by=by, at=at),
    "no-choice": lambda key, body, by, at: awards.choose_none(task_id=key, reason=body["reason"], by=by, at=at),
}


class TaskStep(Endpoint):
    """`POST /api/v1/tasks/{id}/{act}`: submission, withdrawal, copy, cancellation, no-choice; the poster's."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="tasks_act", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: TaskShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, task_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        if act not in ACTS:
            raise NotFound
        return Response(shown(ACTS[act](task_id, body, self.actor, clock.now()), self.actor), status=201)


class TaskReview(Endpoint):
    """`POST /api/v1/tasks/{id}/review/{act}`: a moderator approves, returns, freezes or thaws."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="tasks_review", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: TaskShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, task_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.visible(task_id, self.actor)
        made = reviews.REVIEWING.decide(act, subject_id=task_id, **body, by=self.actor, at=clock.now())
        return Response(shown(made, self.actor), status=201)


class MyTasks(Endpoint):
    """`GET /api/v1/my/tasks`: the tasks that I posted."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_tasks", parameters=[CURSOR, SIZE], responses={200: TasksShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        rows = queries.of_owner(self.actor.party_id)
        page = paging.page(
            rows,
            order=("-created_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        body = {
            "rows": [_row(row) for row in page.rows],
            "total": sum(queries.counts_of(self.actor.party_id).values()),
            "next_cursor": page.next_cursor,
        }
        return Response(TasksShown(body).data)


def _row(task: Task) -> dict[str, Any]:
    names = [name for name in map(str, TaskRow().fields) if name != "bids"]
    return {name: getattr(task, name) for name in names} | {"bids": task.bids_n}


class MyBidsShown(serializers.Serializer[Any]):
    """One page of my bids."""

    rows = BidShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class MyBids(Endpoint):
    """`GET /api/v1/my/bids`: my bids, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_bids", parameters=[CURSOR, SIZE], responses={200: MyBidsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.bids_of(self.actor.party_id),
            order=("-made_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        return Response(MyBidsShown({"rows": page.rows, "next_cursor": page.next_cursor}).data)
