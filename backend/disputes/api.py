"""The API of disputes: both sides and the deciders, the same acts as on the pages."""

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

from backend.accounts.endpoints import SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from backend.common.fen import MOST_FEN, Fen
from backend.disputes import queries
from backend.disputes.models import Case, Evidence
from backend.disputes.operations import cases, rulings


class EvidenceShown(serializers.Serializer[Any]):
    """A file of a dispute; `sha256` is of what is kept, `received_sha256` of what came."""

    id = serializers.UUIDField()
    party_id = serializers.UUIDField()
    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    received_sha256 = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class EvidenceWhole(EvidenceShown):
    """A file with its content, base64."""

    content = serializers.CharField()


class RulingShown(serializers.Serializer[Any]):
    """A ruling; both sums make up the stake. With `redo_days` nothing is divided: the work is done again within so many days."""

    no = serializers.IntegerField()
    to_claimant_fen = serializers.IntegerField()
    to_respondent_fen = serializers.IntegerField()
    redo_days = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()
    at = serializers.DateTimeField()


class CaseRow(serializers.Serializer[Any]):
    """A dispute as lists show it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    subject_kind = serializers.CharField()
    subject_id = serializers.UUIDField()
    claimant_id = serializers.UUIDField()
    respondent_id = serializers.UUIDField()
    stake_fen = serializers.IntegerField()
    filed_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class CasesShown(serializers.Serializer[Any]):
    """One page of disputes."""

    rows = CaseRow(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class CaseShown(CaseRow):
    """A dispute whole: claim, answer, evidence, offer, rulings; money in fen."""

    claim = serializers.CharField()
    answer = serializers.CharField(allow_blank=True)
    facts = serializers.CharField()
    wanted_fen = serializers.IntegerField()
    evidence_until = serializers.DateTimeField(allow_null=True)
    offer_fen = serializers.IntegerField(allow_null=True)
    offer_by = serializers.UUIDField(allow_null=True)
    appeal = serializers.CharField(allow_blank=True)
    given_fen = serializers.IntegerField(allow_null=True)
    evidence = EvidenceShown(many=True)
    rulings = RulingShown(many=True)


class CaseTerms(serializers.Serializer[Any]):
    """What an act says: `amount_fen` is what the claimant gets, or `redo_days` in which the work is done again; `text` the reason."""

    amount_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, required=False)
    redo_days = serializers.IntegerField(min_value=1, max_value=366, required=False)
    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class EvidenceTerms(serializers.Serializer[Any]):
    """A file: its name and its content in base64, at most 1.5 MB of it."""

    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=2_000_000)
    note = serializers.CharField(max_length=200, allow_blank=True, default="")


def shown(case: Case) -> dict[str, Any]:
    """A dispute as the API gives it."""
    plain = [str(name) for name in CaseShown().fields if str(name) not in ("evidence", "rulings")]
    found: dict[str, Any] = {name: getattr(case, name) for name in plain}
    found["evidence"] = list(Evidence.objects.filter(case=case).order_by("at", "id"))
    found["rulings"] = list(case.rulings.order_by("no"))
    return dict(CaseShown(found).data)


class Cases(Endpoint):
    """`GET /api/v1/cases`: my disputes on either side."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="cases_list", parameters=[CURSOR, SIZE], responses={200: CasesShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        found = paging.page(
            queries.mine(self.actor.party_id),
            order=("-filed_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        return Response(CasesShown({"rows": found.rows, "next_cursor": found.next_cursor}).data)


class CaseOne(Endpoint):
    """`GET /api/v1/cases/{id}`: a dispute for its sides and the deciders."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="cases_read", responses={200: CaseShown, **REFUSED})
    def get(self, request: Request, case_id: UUID) -> Response:
        return Response(shown(queries.visible(case_id, self.actor)))


class CaseEvidence(Endpoint):
    """`POST /api/v1/cases/{id}/evidence`: bring a file."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="cases_bring_evidence",
        request=EvidenceTerms,
        parameters=[IDEMPOTENT],
        responses={201: EvidenceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, case_id: UUID) -> Response:
        body = self.read(EvidenceTerms)
        queries.visible(case_id, self.actor)
        content = files.unpack(body["content"])
        made = cases.bring_evidence(
            case_id=case_id, name=body["name"], body=content, note=body["note"], by=self.actor, at=clock.now()
        )
        return Response(EvidenceShown(made).data, status=201)


class EvidenceOne(Endpoint):
    """`GET /api/v1/cases/{id}/evidence/{id}`: a file with its content."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="cases_read_evidence", responses={200: EvidenceWhole, **REFUSED})
    def get(self, request: Request, case_id: UUID, evidence_id: UUID) -> Response:
        found = queries.evidence_for(case_id, evidence_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**EvidenceShown(found).data, "content": content})


def _amount(body: dict[str, Any]) -> Fen:
    if "amount_fen" not in body:
        raise Invalid("请填写金额", "An amount is needed", field="amount_fen")
    return int(body["amount_fen"])


def _split(case_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    redo_days = body.get("redo_days")
    given = 0 if redo_days else _amount(body)
    stake = Case.objects.values_list("stake_fen", flat=True).get(pk=case_id)
    sums = {"to_claimant_fen": given, "to_respondent_fen": stake - given}
    return {**sums, "redo_days": redo_days, "text": body["text"]}


Act = Callable[[UUID, dict[str, Any], Actor, datetime], object]

ACTS: dict[str, Act] = {
    "offer": lambda key, body, by, at: cases.offer(case_id=key, to_claimant_fen=_amount(body), by=by, at=at),
    "accept": lambda key, body, by, at: cases.accept(case_id=key, expected_fen=_amount(body), by=by, at=at),
    "withdraw": lambda key, body, by, at: cases.withdraw(case_id=key, by=by, at=at),
    "appeal": lambda key, body, by, at: rulings.appeal(case_id=key, reason=body["text"], by=by, at=at),
    "take-up": lambda key, body, by, at: cases.take_up(case_id=key, by=by, at=at),
    "dismiss": lambda key, body, by, at: cases.dismiss(case_id=key, reason=body["text"], by=by, at=at),
    "reopen": lambda key, body, by, at: cases.reopen_evidence(case_id=key, reason=body["text"], by=by, at=at),
    "rule": lambda key, body, by, at: rulings.rule(case_id=key, **_split(key, body), by=by, at=at),
    "decide-appeal": lambda key, body, by, at: rulings.decide_appeal(case_id=key, **_split(key, body), by=by, at=at),
}


class CaseStep(Endpoint):
    """`POST /api/v1/cases/{id}/{act}`: what a side or a decider does."""

    may = {"POST": SIGNED_IN}

    @extend_schema(
        operation_id="cases_act", request=CaseTerms, parameters=[IDEMPOTENT], responses={201: CaseShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, case_id: UUID, act: str) -> Response:
        body = self.read(CaseTerms)
        queries.visible(case_id, self.actor)
        if act not in ACTS:
            raise NotFound
        ACTS[act](case_id, body, self.actor, clock.now())
        return Response(shown(queries.visible(case_id, self.actor)), status=201)
