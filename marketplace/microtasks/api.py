"""The API of micro-tasks: the hall, the poster's side, sheets and answers, pleas, the moderator's review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.judging.api import ObjectionFileTerms
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.payments.operations import intents
from marketplace.contests.api import PrizeOrder
from marketplace.microtasks import queries
from marketplace.microtasks.models import FORMS, Answer, Item, Job, Participant, Sheet
from marketplace.microtasks.operations import answers, checks, course, drafts, leases, money, pleas, reviews
from marketplace.microtasks.operations.drafts import MOST_WORDS, Terms
from marketplace.microtasks.states import Given
from marketplace.patterns.api import Beginning
from marketplace.shapes import WorkWhy, visibility_field
from search.engines import Query
from search.queries import find

WORK = {"POST": "work"}
MOST_TEXT = 2_000_000


class JobTerms(serializers.Serializer[Any]):
    """What a poster writes: the price of one answer in fen, shares in percent."""

    title = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    brief = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    category = serializers.ChoiceField(WORK_CATEGORY_KEYS)
    skills = serializers.ListField(child=serializers.CharField(max_length=20), max_length=10, default=list)
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    question = serializers.CharField(max_length=200, allow_blank=True)
    form = serializers.ChoiceField(list(FORMS))
    options = serializers.ListField(child=serializers.CharField(max_length=40), max_length=12, default=list)
    price_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    answers_each = serializers.IntegerField(min_value=1, max_value=100)
    gold_percent = serializers.IntegerField(min_value=0, max_value=100)
    gold_least = serializers.IntegerField(min_value=0, max_value=100)
    agree_percent = serializers.IntegerField(min_value=1, max_value=100)
    lease_minutes = serializers.IntegerField(min_value=1, max_value=1_440)
    sheet_size = serializers.IntegerField(min_value=1, max_value=100)
    open_days = serializers.IntegerField(min_value=1, max_value=366)
    visibility = visibility_field()
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class JobRow(serializers.Serializer[Any]):
    """A job as lists show it; the price of one answer in fen."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    price_fen = serializers.IntegerField()
    items = serializers.IntegerField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)


class JobsShown(serializers.Serializer[Any]):
    """One page of jobs, and how many there are."""

    rows = JobRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class JobShown(JobRow):
    """A job whole; `slots` answers are wanted of items that are not gold, `done` are handed in. Sums in fen."""

    owner_id = serializers.UUIDField()
    owner_name = serializers.CharField()
    brief = serializers.CharField(allow_blank=True)
    skills = serializers.ListField(child=serializers.CharField())
    question = serializers.CharField(allow_blank=True)
    form = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())
    answers_each = serializers.IntegerField()
    gold_percent = serializers.IntegerField()
    gold_least = serializers.IntegerField()
    agree_percent = serializers.IntegerField()
    lease_minutes = serializers.IntegerField()
    sheet_size = serializers.IntegerField()
    open_days = serializers.IntegerField()
    visibility = serializers.CharField()
    version = serializers.IntegerField()
    total_fen = serializers.IntegerField()
    given_fen = serializers.IntegerField(allow_null=True)
    back_fen = serializers.IntegerField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    slots = serializers.IntegerField()
    done = serializers.IntegerField()
    disputed = serializers.IntegerField()


class ItemFile(serializers.Serializer[Any]):
    """Items as the text of a CSV or JSON file; they take the place of those that are there."""

    content = serializers.CharField(max_length=MOST_TEXT, trim_whitespace=False)


class HeldItem(serializers.Serializer[Any]):
    """An item in hand: never whether it is gold. `note` is empty until it is opened, `has_note` says that there is one."""

    answer_id = serializers.UUIDField()
    item_id = serializers.UUIDField()
    text = serializers.CharField(allow_blank=True)
    picture = serializers.CharField(allow_blank=True)
    has_note = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)


class MissedGold(serializers.Serializer[Any]):
    """A gold item that was answered wrong: the right answer, and why."""

    answer_id = serializers.UUIDField()
    item_id = serializers.UUIDField()
    value = serializers.CharField()
    gold = serializers.CharField()
    why = serializers.CharField(allow_blank=True)


class SheetShown(serializers.Serializer[Any]):
    """What one has in hand until a moment, how often that can still be later, and what was missed on this sheet."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    state = serializers.CharField()
    question = serializers.CharField()
    form = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())
    until = serializers.DateTimeField()
    extensions = serializers.IntegerField()
    items = HeldItem(many=True)
    missed = MissedGold(many=True)
    is_stopped = serializers.BooleanField()


class GivenAnswer(serializers.Serializer[Any]):
    """One answer."""

    item_id = serializers.UUIDField()
    value = serializers.CharField(max_length=300)


class GivenAnswers(serializers.Serializer[Any]):
    """Answers to hand in, and items to skip; what is in neither stays in hand."""

    answers = serializers.ListField(child=GivenAnswer(), max_length=50, default=list)
    skips = serializers.ListField(child=serializers.UUIDField(), max_length=50, default=list)


class MyAnswer(serializers.Serializer[Any]):
    """An answer of mine; `is_right` is null where the item is no gold one."""

    id = serializers.UUIDField()
    item_id = serializers.UUIDField()
    text = serializers.CharField(allow_blank=True)
    value = serializers.CharField()
    state = serializers.CharField()
    is_right = serializers.BooleanField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class MyAnswersShown(serializers.Serializer[Any]):
    """One page of my answers in a job, how many gold items I got right, and what I was paid in fen."""

    rows = MyAnswer(many=True)
    answered = serializers.IntegerField()
    gold = serializers.IntegerField()
    gold_right = serializers.IntegerField()
    is_stopped = serializers.BooleanField()
    paid_fen = serializers.IntegerField(allow_null=True)
    fee_fen = serializers.IntegerField(allow_null=True)
    tax_fen = serializers.IntegerField(allow_null=True)
    next_cursor = serializers.CharField(allow_blank=True)


class PosterAnswer(serializers.Serializer[Any]):
    """An answer as the poster sees it: its worker by number."""

    id = serializers.UUIDField()
    worker = serializers.IntegerField()
    value = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class PosterItem(serializers.Serializer[Any]):
    """An item as the poster sees it; `share` is the percentage of the most frequent answer."""

    id = serializers.UUIDField()
    key = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    image = serializers.CharField(allow_blank=True)
    is_gold = serializers.BooleanField()
    gold = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    final = serializers.CharField(allow_blank=True)
    share = serializers.IntegerField(allow_null=True)
    answers = PosterAnswer(many=True)


class PosterItemsShown(serializers.Serializer[Any]):
    """One page of a job's items with their answers."""

    rows = PosterItem(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class FinalValue(serializers.Serializer[Any]):
    """What the answer to an item is."""

    value = serializers.CharField(max_length=300)


class RejectWhy(serializers.Serializer[Any]):
    """Why an answer is sent back."""

    reason = serializers.CharField(max_length=300)


class PleaGrounds(serializers.Serializer[Any]):
    """Why a judgement is contested."""

    grounds = serializers.CharField(max_length=500)


class PleaWords(serializers.Serializer[Any]):
    """What is said to a plea."""

    words = serializers.CharField(max_length=500, allow_blank=True, default="")


class PleaShown(serializers.Serializer[Any]):
    """A plea: what about, how it stands, and until when somebody must act."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    answer_id = serializers.UUIDField()
    about = serializers.CharField()
    state = serializers.CharField()
    grounds = serializers.CharField()
    reply = serializers.CharField(allow_blank=True)
    finding = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True)


class PleasShown(serializers.Serializer[Any]):
    """One page of a job's pleas."""

    rows = PleaShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


def shown(job: Job) -> dict[str, Any]:
    """A job as the API gives it."""
    names = [name for name in map(str, JobShown().fields) if name != "items" and hasattr(job, name)]
    found: dict[str, Any] = {name: getattr(job, name) for name in names}
    progress = queries.progress(job)
    found |= {
        "items": job.items_n,
        "owner_name": job.owner.masked_name,
        "slots": progress.slots,
        "done": progress.done,
        "disputed": progress.disputed,
    }
    return dict(JobShown(found).data)


def _picture(job_id: UUID, item: Item) -> str:
    return f"/microtasks/{job_id}/pictures/{item.picture_id}/" if item.picture_id else ""


def sheet_shown(sheet: Sheet, part: Participant, job: Job) -> dict[str, Any]:
    """A sheet as its worker gets it."""
    rows = queries.answers_on(sheet)
    items = [
        {
            "answer_id": row.pk,
            "item_id": row.item_id,
            "text": row.item.text,
            "picture": _picture(job.pk, row.item),
            "has_note": bool(row.item.note),
            "note": row.item.note if row.note_read_at else "",
        }
        for row in rows
        if row.state == Given.LEASED
    ]
    missed = [
        {"answer_id": row.pk, "item_id": row.item_id, "value": row.value, "gold": row.item.gold, "why": row.item.why}
        for row in rows
        if row.is_right is False
    ]
    body = {
        "id": sheet.pk,
        "job_id": job.pk,
        "state": sheet.state,
        "question": job.question,
        "form": job.form,
        "options": job.options,
        "until": sheet.until,
        "extensions": sheet.extensions_n,
        "items": items,
        "missed": missed,
        "is_stopped": part.barred_at is not None,
    }
    return dict(SheetShown(body).data)


class Jobs(Endpoint):
    """`GET /api/v1/microtasks`: public jobs. `POST`: a new draft of one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_list", parameters=[CURSOR, SIZE], responses={200: JobsShown, **PUBLIC_REFUSED}
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="microtask",
                categories=asked.getlist("category")[:10],
                counties=asked.getlist("county")[:10],
                states=asked.getlist("state")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        rows = [
            {name: getattr(row, name) for name in map(str, JobRow().fields) if hasattr(row, name)}
            | {"id": row.subject_id, "price_fen": row.goal_fen, "items": row.people_n}
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(JobsShown(body).data)

    @extend_schema(
        operation_id="microtasks_start",
        request=Beginning,
        parameters=[IDEMPOTENT],
        responses={201: JobShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        return Response(
            shown(drafts.start(by=self.actor, at=clock.now(), like=self.read(Beginning)["like"])), status=201
        )


class JobOne(Endpoint):
    """`GET /api/v1/microtasks/{id}`: a job for whoever may see it. `PUT`: write a draft."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="microtasks_read", responses={200: JobShown, **PUBLIC_REFUSED})
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(shown(queries.visible(job_id, self.actor)))

    @extend_schema(operation_id="microtasks_write", request=JobTerms, responses={200: JobShown, **REFUSED})
    def put(self, request: Request, job_id: UUID) -> Response:
        body = self.read(JobTerms)
        names = [name for name in Terms.__dataclass_fields__ if name not in ("skills", "options")]
        terms = Terms(
            **{name: body[name] for name in names}, skills=tuple(body["skills"]), options=tuple(body["options"])
        )
        made = drafts.write(job_id=job_id, terms=terms, version=body["version"], by=self.actor, at=clock.now())
        return Response(shown(made))


class JobItems(Endpoint):
    """`GET /api/v1/microtasks/{id}/items`: the poster's items with answers. `PUT`: load them from the text of a file."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(
        operation_id="microtasks_items", parameters=[CURSOR, SIZE], responses={200: PosterItemsShown, **REFUSED}
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        job = queries.own(job_id, self.actor)
        asked = request.query_params
        page = paging.page(
            queries.items_of(job, asked.get("state", "")),
            order=("rank", "id"),
            cursor=asked.get("cursor", ""),
            size=page_size(request),
        )
        items = list(page.rows)
        given, numbers = queries.given_to(items), queries.aliases(job)
        rows = [_poster_item(item, given[item.pk], numbers) for item in items]
        return Response(PosterItemsShown({"rows": rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(operation_id="microtasks_load", request=ItemFile, responses={200: JobShown, **REFUSED})
    def put(self, request: Request, job_id: UUID) -> Response:
        body = self.read(ItemFile)["content"].encode("utf-8", "surrogatepass")
        return Response(shown(drafts.load(job_id=job_id, body=body, by=self.actor, at=clock.now())))


def _poster_item(item: Item, given: list[Answer], numbers: dict[UUID, int]) -> dict[str, Any]:
    plain = {name: getattr(item, name) for name in ("id", "key", "text", "is_gold", "gold", "state", "final", "share")}
    answers_of = [
        {
            "id": one.pk,
            "worker": numbers.get(one.participant_id, 0),
            "value": one.value,
            "state": one.state,
            "reason": one.reason,
        }
        for one in given
    ]
    return plain | {"image": item.picture_name, "answers": answers_of}


class JobPictures(Endpoint):
    """`POST /api/v1/microtasks/{id}/pictures`: keep a picture under its file name."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_picture",
        request=ObjectionFileTerms,
        parameters=[IDEMPOTENT],
        responses={201: JobShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        queries.own(job_id, self.actor)
        body = self.read(ObjectionFileTerms)
        content = files.unpack(body["content"])
        made = drafts.add_pictures(
            job_id=job_id, pictures=[(body["name"], content)], by=self.actor, at=clock.now()
        )  # fmt: skip
        return Response(shown(made), status=201)


class JobCashier(Endpoint):
    """`POST /api/v1/microtasks/{id}/cashier`: where the poster pays in."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_pay", request=None, parameters=[IDEMPOTENT], responses={201: PrizeOrder, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        at = clock.now()
        intent = money.order(job_id=job_id, by=self.actor, at=at)
        body = {
            "order_number": intent.number,
            "amount_fen": intent.amount_fen,
            "url": intents.cashier_url(intent_id=intent.pk, phone=False, at=at),
        }
        return Response(PrizeOrder(body).data, status=201)


class JobSheets(Endpoint):
    """`POST /api/v1/microtasks/{id}/sheets`: take the next items in hand."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_take", request=None, parameters=[IDEMPOTENT], responses={201: SheetShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        queries.visible(job_id, self.actor)
        made = leases.take(job_id=job_id, by=self.actor, at=clock.now())
        return Response(sheet_shown(made, made.participant, made.participant.job), status=201)


class JobDecision(Endpoint):
    """`POST /api/v1/microtasks/{id}/items/{id}`: the poster says what the answer to an item is."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_decide",
        request=FinalValue,
        parameters=[IDEMPOTENT],
        responses={201: PosterItem, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, job_id: UUID, item_id: UUID) -> Response:
        queries.own(job_id, self.actor)
        value = self.read(FinalValue)["value"]
        made = checks.decide(job_id=job_id, item_id=item_id, value=value, by=self.actor, at=clock.now())
        body = _poster_item(made, queries.given_to([made])[made.pk], queries.aliases(queries.own(job_id, self.actor)))
        return Response(PosterItem(body).data, status=201)


class JobRejection(Endpoint):
    """`POST /api/v1/microtasks/{id}/rejections/{id}`: the poster sends an answer back."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_reject",
        request=RejectWhy,
        parameters=[IDEMPOTENT],
        responses={201: PosterAnswer, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, job_id: UUID, answer_id: UUID) -> Response:
        queries.own(job_id, self.actor)
        reason = self.read(RejectWhy)["reason"]
        made = checks.reject(job_id=job_id, answer_id=answer_id, reason=reason, by=self.actor, at=clock.now())
        numbers = queries.aliases(queries.own(job_id, self.actor))
        body = {
            "id": made.pk,
            "worker": numbers.get(made.participant_id, 0),
            "value": made.value,
            "state": made.state,
            "reason": made.reason,
        }
        return Response(PosterAnswer(body).data, status=201)


class JobPleas(Endpoint):
    """`GET /api/v1/microtasks/{id}/pleas`: a job's pleas, for its poster."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="microtasks_pleas", parameters=[CURSOR, SIZE], responses={200: PleasShown, **REFUSED})
    def get(self, request: Request, job_id: UUID) -> Response:
        page = paging.page(
            queries.pleas_for(queries.own(job_id, self.actor)),
            order=("-made_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        return Response(PleasShown({"rows": page.rows, "next_cursor": page.next_cursor}).data)


class JobAnswers(Endpoint):
    """`GET /api/v1/microtasks/{id}/answers`: my answers in a job; nobody else's."""

    may = {"GET": SIGNED_IN}

    @extend_schema(
        operation_id="microtasks_answers", parameters=[CURSOR, SIZE], responses={200: MyAnswersShown, **REFUSED}
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        part = queries.part_of(job_id, self.actor)
        if part is None:
            raise NotFound
        page = paging.page(
            queries.own_answers(part),
            order=("-id",),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        names = ("id", "item_id", "value", "state", "is_right", "reason", "answered_at", "due_at")
        body = {
            "rows": [{name: getattr(row, name) for name in names} | {"text": row.item.text} for row in page.rows],
            "answered": part.answered_n,
            "gold": part.gold_n,
            "gold_right": part.gold_ok_n,
            "is_stopped": part.barred_at is not None,
            "paid_fen": part.paid_fen,
            "fee_fen": part.fee_fen,
            "tax_fen": part.tax_fen,
            "next_cursor": page.next_cursor,
        }
        return Response(MyAnswersShown(body).data)


class JobReview(Endpoint):
    """`POST /api/v1/microtasks/{id}/review/{act}`: a moderator approves, returns, freezes or thaws."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="microtasks_review", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: JobShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, job_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.visible(job_id, self.actor)
        made = reviews.REVIEWING.decide(act, subject_id=job_id, **body, by=self.actor, at=clock.now())
        return Response(shown(made), status=201)


class JobStep(Endpoint):
    """`POST /api/v1/microtasks/{id}/{act}`: submission, withdraw, cancel, close, copy; the poster's."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="microtasks_act", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: JobShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, job_id: UUID, act: str) -> Response:
        body, at = self.read(WorkWhy), clock.now()
        if act == "submission":
            return Response(shown(drafts.submit(job_id=job_id, by=self.actor, at=at)), status=201)
        if act not in course.STEPS:
            raise NotFound
        return Response(shown(course.STEPS[act](job_id, body["reason"], self.actor, at)), status=201)


class SheetOne(Endpoint):
    """`GET /api/v1/sheets/{id}`: what one has in hand. `POST`: hand answers in; gold that was missed is told at once."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="sheets_read", responses={200: SheetShown, **REFUSED})
    def get(self, request: Request, sheet_id: UUID) -> Response:
        found = queries.own_sheet(sheet_id, self.actor)
        return Response(sheet_shown(found, found.participant, found.participant.job))

    @extend_schema(
        operation_id="sheets_hand_in",
        request=GivenAnswers,
        parameters=[IDEMPOTENT],
        responses={201: SheetShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, sheet_id: UUID) -> Response:
        body = self.read(GivenAnswers)
        values = {one["item_id"]: one["value"] for one in body["answers"]}
        answers.hand_in(sheet_id=sheet_id, values=values, skips=body["skips"], by=self.actor, at=clock.now())
        found = queries.own_sheet(sheet_id, self.actor)
        return Response(sheet_shown(found, found.participant, found.participant.job), status=201)


class SheetStep(Endpoint):
    """`POST /api/v1/sheets/{id}/{act}`: `extension` takes more time, `return` gives back what is not answered."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="sheets_act", request=None, parameters=[IDEMPOTENT], responses={201: SheetShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, sheet_id: UUID, act: str) -> Response:
        if act not in ("extension", "return"):
            raise NotFound
        do = leases.extend if act == "extension" else leases.drop
        do(sheet_id=sheet_id, by=self.actor, at=clock.now())
        found = queries.own_sheet(sheet_id, self.actor)
        return Response(sheet_shown(found, found.participant, found.participant.job), status=201)


class AnswerNote(Endpoint):
    """`POST /api/v1/answers/{id}/note`: open why an item in hand was sent back before."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="answers_read_note", request=None, parameters=[IDEMPOTENT], responses={201: SheetShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, answer_id: UUID) -> Response:
        made = answers.read_note(answer_id=answer_id, by=self.actor, at=clock.now())
        found = queries.own_sheet(made.sheet_id, self.actor)
        return Response(sheet_shown(found, found.participant, found.participant.job), status=201)


class AnswerRedo(Endpoint):
    """`POST /api/v1/answers/{id}/redo`: take a rejected answer of one's own in hand again."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="answers_redo", request=None, parameters=[IDEMPOTENT], responses={201: SheetShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, answer_id: UUID) -> Response:
        made = leases.redo(answer_id=answer_id, by=self.actor, at=clock.now())
        return Response(sheet_shown(made, made.participant, made.participant.job), status=201)


class AnswerPlea(Endpoint):
    """`POST /api/v1/answers/{id}/plea`: contest a gold item that one missed, or a rejection."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="answers_plead",
        request=PleaGrounds,
        parameters=[IDEMPOTENT],
        responses={201: PleaShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, answer_id: UUID) -> Response:
        grounds = self.read(PleaGrounds)["grounds"]
        made = pleas.plead(answer_id=answer_id, grounds=grounds, by=self.actor, at=clock.now())
        return Response(PleaShown(made).data, status=201)


class PleaOne(Endpoint):
    """`GET /api/v1/pleas/{id}`: a plea, for its worker, the poster and staff."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="pleas_read", responses={200: PleaShown, **REFUSED})
    def get(self, request: Request, plea_id: UUID) -> Response:
        return Response(PleaShown(queries.plea_for(plea_id, self.actor)).data)


class PleaFinding(Endpoint):
    """`POST /api/v1/pleas/{id}/finding/{act}`: a moderator decides, `for` the worker or `against`."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="pleas_find", request=PleaWords, parameters=[IDEMPOTENT], responses={201: PleaShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, plea_id: UUID, act: str) -> Response:
        words = self.read(PleaWords)["words"]
        if act not in ("for", "against"):
            raise NotFound
        made = pleas.find(plea_id=plea_id, for_worker=act == "for", reason=words, by=self.actor, at=clock.now())
        return Response(PleaShown(made).data, status=201)


class PleaStep(Endpoint):
    """`POST /api/v1/pleas/{id}/{act}`: the poster's `agree` and `answer`, the worker's `escalate` and `withdraw`."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="pleas_act", request=PleaWords, parameters=[IDEMPOTENT], responses={201: PleaShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, plea_id: UUID, act: str) -> Response:
        words = self.read(PleaWords)["words"]
        queries.plea_for(plea_id, self.actor)
        if act not in pleas.STEPS:
            raise NotFound
        return Response(PleaShown(pleas.STEPS[act](plea_id, words, self.actor, clock.now())).data, status=201)


class MyJobs(Endpoint):
    """`GET /api/v1/my/microtasks`: the jobs that I post."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_microtasks", parameters=[CURSOR, SIZE], responses={200: JobsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.of_owner(self.actor.party_id),
            order=("-created_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        names = [name for name in map(str, JobRow().fields) if name != "items"]
        rows = [{name: getattr(row, name) for name in names} | {"items": row.items_n} for row in page.rows]
        total = sum(queries.counts_of(self.actor.party_id).values())
        return Response(JobsShown({"rows": rows, "total": total, "next_cursor": page.next_cursor}).data)
