"""The API of judging: a call with its result, the judges' desk, objections, proofs."""

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
from backend.common.actors import Actor
from backend.common.errors import NotFound
from backend.judging import queries
from backend.judging.models import TIE_RULES, Call, Objection, Proof
from backend.judging.operations import objections, panel, proofs
from backend.judging.pages import CALL_STEPS, WORK_STEPS, proof_body

WORK = {"POST": "work"}


class CriterionShown(serializers.Serializer[Any]):
    """One criterion: its weight is a percent."""

    key = serializers.CharField()
    title = serializers.CharField()
    weight = serializers.IntegerField()


class PlacedShown(serializers.Serializer[Any]):
    """One work in a published result; points of 100 as text with two places, empty where the default held."""

    application_id = serializers.UUIDField()
    no = serializers.IntegerField()
    place = serializers.IntegerField()
    state = serializers.CharField()
    maker = serializers.CharField()
    score = serializers.CharField(allow_blank=True)
    totals = serializers.ListField(child=serializers.CharField())


class LeanShown(serializers.Serializer[Any]):
    """How one judge marks beside the others, in points of 100."""

    judge = serializers.IntegerField()
    works = serializers.IntegerField()
    above = serializers.FloatField()
    spread = serializers.FloatField()


class FairnessShown(serializers.Serializer[Any]):
    """The figures of a decided call; `days` from its end to the first publication."""

    applied = serializers.IntegerField()
    makers = serializers.IntegerField()
    days = serializers.IntegerField()
    leans = LeanShown(many=True)
    repeats = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    objections = serializers.IntegerField()
    upheld = serializers.IntegerField()
    disqualified = serializers.IntegerField()


class CallShown(serializers.Serializer[Any]):
    """A call: how it is judged, how far it is, and the result once it is public; `until` is when time alone goes on.

    `look_back_until`: until when a settled result's winners may be objected to.
    """

    id = serializers.UUIDField()
    title = serializers.CharField()
    url = serializers.CharField()
    state = serializers.CharField()
    criteria = CriterionShown(many=True)
    seats = serializers.IntegerField()
    tie_rule = serializers.ChoiceField(list(TIE_RULES))
    is_blind = serializers.BooleanField()
    is_defaulted = serializers.BooleanField()
    round_no = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    look_back_until = serializers.DateTimeField(allow_null=True)
    judge_code = serializers.CharField(allow_blank=True)
    result = PlacedShown(many=True)
    fairness = FairnessShown(allow_null=True)


class AlikeShown(serializers.Serializer[Any]):
    """A work that resembles another; for people to look at."""

    kind = serializers.CharField()
    percent = serializers.IntegerField()
    other_id = serializers.UUIDField()


class WorkShown(serializers.Serializer[Any]):
    """A work as judges see it; who made it is empty while scores are blind."""

    application_id = serializers.UUIDField()
    no = serializers.IntegerField()
    state = serializers.CharField()
    title = serializers.CharField()
    html = serializers.CharField(allow_blank=True)
    pictures = serializers.ListField(child=serializers.CharField())
    maker = serializers.CharField(allow_blank=True)
    is_tied = serializers.BooleanField()
    marks = serializers.DictField(child=serializers.IntegerField())
    likenesses = AlikeShown(many=True)


class WorksShown(serializers.Serializer[Any]):
    """All works of a call."""

    rows = WorkShown(many=True)


class JudgingWhy(serializers.Serializer[Any]):
    """A reason, a declaration, an answer."""

    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class MarkTerms(serializers.Serializer[Any]):
    """What a judge gives: 0 to 100 for each criterion, by its key."""

    marks = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=100))
    note = serializers.CharField(max_length=500, allow_blank=True, default="")


class ObjectionTerms(serializers.Serializer[Any]):
    """What is wrong, and what is asked for."""

    aim = serializers.ChoiceField(["against", "for"], default="against")
    grounds = serializers.CharField(max_length=objections.MOST_WORDS)


class ObjectionFileShown(serializers.Serializer[Any]):
    """A file of evidence."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    at = serializers.DateTimeField()


class ObjectionFileWhole(ObjectionFileShown):
    """A file of evidence with its content, base64."""

    content = serializers.CharField()


class ObjectionFileTerms(serializers.Serializer[Any]):
    """A file: its name and its content in base64, at most 1.5 MB of it."""

    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=2_000_000)


class ObjectionShown(serializers.Serializer[Any]):
    """An objection for those who are a side of it."""

    id = serializers.UUIDField()
    call_id = serializers.UUIDField()
    application_id = serializers.UUIDField()
    aim = serializers.CharField()
    state = serializers.CharField()
    grounds = serializers.CharField()
    answer = serializers.CharField(allow_blank=True)
    decision = serializers.CharField(allow_blank=True)
    raised_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    files = ObjectionFileShown(many=True)


class ProofTerms(serializers.Serializer[Any]):
    """A hash to put on record, and what one calls it."""

    title = serializers.CharField(max_length=80)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class ProofShown(serializers.Serializer[Any]):
    """A proof: everything that its link is made of."""

    id = serializers.UUIDField()
    no = serializers.IntegerField()
    sha256 = serializers.CharField()
    at = serializers.CharField()
    before = serializers.CharField()
    link = serializers.CharField()
    link_is = serializers.CharField()
    check = serializers.CharField()


class ProofsShown(serializers.Serializer[Any]):
    """One page of one's proofs."""

    rows = ProofShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class SeatShown(serializers.Serializer[Any]):
    """A seat on a panel."""

    id = serializers.UUIDField()
    call_id = serializers.UUIDField()
    state = serializers.CharField()


def call_shown(call: Call, actor: Actor) -> dict[str, Any]:
    """A call as the API gives it; the judges' code to its owner alone."""
    found: dict[str, Any] = {
        name: getattr(call, name)
        for name in map(str, CallShown().fields)
        if hasattr(call, name) and name != "judge_code"
    }
    found["judge_code"] = call.judge_code if actor.party_id == call.owner_id else ""
    found["result"] = [
        {
            "application_id": row.application.pk,
            "no": row.application.no,
            "place": row.application.place,
            "state": row.application.state,
            "maker": row.maker,
            "score": row.score,
            "totals": [f"{total:.2f}" for total in row.totals],
        }
        for row in queries.result(call)
    ]
    found["fairness"] = queries.fairness(call)
    found["look_back_until"] = objections.looks_back_until(call)
    return dict(CallShown(found).data)


def objection_shown(objection: Objection) -> dict[str, Any]:
    """An objection as the API gives it."""
    names = [name for name in map(str, ObjectionShown().fields) if name != "files"]
    found = {name: getattr(objection, name) for name in names}
    return dict(ObjectionShown(found | {"files": list(objection.files.order_by("at", "pk")[:20])}).data)


def proof_shown(proof: Proof) -> dict[str, Any]:
    """A proof as the API gives it."""
    return dict(ProofShown(proof_body(proof) | {"id": proof.pk}).data)


class CallOne(Endpoint):
    """`GET /api/v1/calls/{id}`: how something is judged, and its result."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="calls_read", responses={200: CallShown, **PUBLIC_REFUSED})
    def get(self, request: Request, call_id: UUID) -> Response:
        return Response(call_shown(queries.readable(call_id, self.actor), self.actor))


class CallWorks(Endpoint):
    """`GET /api/v1/calls/{id}/works`: the works for those who judge them, once entries are closed."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="calls_works", responses={200: WorksShown, **REFUSED})
    def get(self, request: Request, call_id: UUID) -> Response:
        rows = [
            {
                "application_id": row.application.pk,
                "no": row.application.no,
                "state": row.application.state,
                "title": row.work.title,
                "html": row.work.html,
                "pictures": row.work.pictures,
                "maker": row.maker,
                "is_tied": row.is_tied,
                "marks": row.mine.marks if row.mine else {},
                "likenesses": row.likenesses,
            }
            for row in queries.rows(queries.one(call_id), self.actor)
        ]
        return Response(WorksShown({"rows": rows}).data)


class CallStep(Endpoint):
    """`POST /api/v1/calls/{id}/{act}`: declare, recuse, sit, tally, renew-code."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="calls_act", request=JudgingWhy, parameters=[IDEMPOTENT], responses={201: CallShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, call_id: UUID, act: str) -> Response:
        body = self.read(JudgingWhy)
        if act not in CALL_STEPS:
            raise NotFound
        CALL_STEPS[act][0](call_id, body["reason"], self.actor, clock.now())
        return Response(call_shown(queries.one(call_id), self.actor), status=201)


class JudgeInvitation(Endpoint):
    """`POST /api/v1/judge-invitations/{code}`: whoever was sent the word takes a seat on the panel."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="judges_come_in", request=None, parameters=[IDEMPOTENT], responses={201: SeatShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        return Response(SeatShown(panel.come_in(code=code, by=self.actor, at=clock.now())).data, status=201)


class JudgeOne(Endpoint):
    """`DELETE /api/v1/judges/{id}`: the owner takes somebody off the panel before judging begins."""

    may = {"DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="judges_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, judge_id: UUID) -> Response:
        panel.remove(judge_id=judge_id, by=self.actor, at=clock.now())
        return Response(status=204)


class ApplicationScore(Endpoint):
    """`PUT /api/v1/applications/{id}/score`: what I, a judge, give a work."""

    may = {"PUT": SIGNED_IN}

    @extend_schema(operation_id="applications_score", request=MarkTerms, responses={200: MarkTerms, **REFUSED})
    def put(self, request: Request, application_id: UUID) -> Response:
        body = self.read(MarkTerms)
        made = panel.score(
            application_id=application_id, marks=body["marks"], note=body["note"], by=self.actor, at=clock.now()
        )
        return Response(MarkTerms(made).data)


class ApplicationObjections(Endpoint):
    """`POST /api/v1/applications/{id}/objections`: object to a result."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="applications_object",
        request=ObjectionTerms,
        parameters=[IDEMPOTENT],
        responses={201: ObjectionShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, application_id: UUID) -> Response:
        body = self.read(ObjectionTerms)
        made = objections.raise_objection(
            application_id=application_id, aim=body["aim"], grounds=body["grounds"], by=self.actor, at=clock.now()
        )
        return Response(objection_shown(made), status=201)


class ApplicationStep(Endpoint):
    """`POST /api/v1/applications/{id}/{act}`: the owner excludes, shortlists or drops a work."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="applications_act", request=JudgingWhy, parameters=[IDEMPOTENT], responses={201: None, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, application_id: UUID, act: str) -> Response:
        body = self.read(JudgingWhy)
        if act not in WORK_STEPS:
            raise NotFound
        WORK_STEPS[act](application_id, body["reason"], self.actor, clock.now())
        return Response(status=201)


class ObjectionOne(Endpoint):
    """`GET /api/v1/objections/{id}`: an objection for its sides and for moderators."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="objections_read", responses={200: ObjectionShown, **REFUSED})
    def get(self, request: Request, objection_id: UUID) -> Response:
        return Response(objection_shown(queries.objection_for(objection_id, self.actor)))


class ObjectionFiles(Endpoint):
    """`POST /api/v1/objections/{id}/files`: add a file of evidence; it is never replaced."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="objections_attach",
        request=ObjectionFileTerms,
        parameters=[IDEMPOTENT],
        responses={201: ObjectionFileShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, objection_id: UUID) -> Response:
        body = self.read(ObjectionFileTerms)
        content = files.unpack(body["content"])
        made = objections.attach(
            objection_id=objection_id, name=body["name"], body=content, by=self.actor, at=clock.now()
        )
        return Response(ObjectionFileShown(made).data, status=201)


class ObjectionFileOne(Endpoint):
    """`GET /api/v1/objections/{id}/files/{id}`: a file of evidence with its content."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="objections_read_file", responses={200: ObjectionFileWhole, **REFUSED})
    def get(self, request: Request, objection_id: UUID, file_id: UUID) -> Response:
        found = queries.objection_file(objection_id, file_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**ObjectionFileShown(found).data, "content": content})


class ObjectionStep(Endpoint):
    """`POST /api/v1/objections/{id}/{act}`: answer, withdraw; a moderator upholds or dismisses."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="objections_act",
        request=JudgingWhy,
        parameters=[IDEMPOTENT],
        responses={201: ObjectionShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, objection_id: UUID, act: str) -> Response:
        body = self.read(JudgingWhy)
        queries.objection_for(objection_id, self.actor)
        if act not in objections.STEPS:
            raise NotFound
        do: Callable[[UUID, str, Actor, datetime], Objection] = objections.STEPS[act]
        return Response(objection_shown(do(objection_id, body["reason"], self.actor, clock.now())), status=201)


class Proofs(Endpoint):
    """`GET /api/v1/proofs`: my proofs. `POST`: put a hash on record."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}

    @extend_schema(operation_id="proofs_list", parameters=[CURSOR, SIZE], responses={200: ProofsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        page = paging.page(
            queries.proofs_of(self.actor.party_id),
            order=("-no", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [proof_shown(one) for one in page.rows]
        return Response(ProofsShown({"rows": rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="proofs_deposit",
        request=ProofTerms,
        parameters=[IDEMPOTENT],
        responses={201: ProofShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(ProofTerms)
        made = proofs.deposit(title=body["title"], sha256=body["sha256"], by=self.actor, at=clock.now())
        return Response(proof_shown(made), status=201)


class ProofOne(Endpoint):
    """`GET /api/v1/proofs/{id}`: one proof, for whoever has its address."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="proofs_read", responses={200: ProofShown, **PUBLIC_REFUSED})
    def get(self, request: Request, proof_id: UUID) -> Response:
        return Response(proof_shown(queries.proof(proof_id)))
