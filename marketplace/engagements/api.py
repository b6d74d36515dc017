"""The API of engagements: both sides, the same acts as on the pages."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.models import Party
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.disputes.api import CaseShown
from backend.disputes.api import shown as case_shown
from backend.payments.operations import intents
from marketplace.engagements import queries
from marketplace.engagements.models import CLIENT, WORKER, Claim, Contract, Milestone
from marketplace.engagements.operations import claims, contracts, invoices, money, reviews, talk, work
from marketplace.engagements.operations.invoices import Paper
from marketplace.tax import withholding

WORK = {"POST": "work"}


class MilestoneShown(serializers.Serializer[Any]):
    """A stage; money in fen, `until` when time alone takes its next step. What it came to is null until it is settled."""

    id = serializers.UUIDField()
    no = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.CharField()
    amount_fen = serializers.IntegerField()
    days = serializers.IntegerField()
    rounds = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    deliver_by = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    given_fen = serializers.IntegerField(allow_null=True)
    fee_fen = serializers.IntegerField(allow_null=True)
    tax_fen = serializers.IntegerField(allow_null=True)
    back_fen = serializers.IntegerField(allow_null=True)


class ContractRow(serializers.Serializer[Any]):
    """A contract as lists show it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    client_id = serializers.UUIDField()
    worker_id = serializers.UUIDField()
    subject_kind = serializers.CharField()
    subject_id = serializers.UUIDField()
    total_fen = serializers.IntegerField()
    offered_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class ContractsShown(serializers.Serializer[Any]):
    """One page of contracts."""

    rows = ContractRow(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class ContractShown(ContractRow):
    """A contract whole; `digest` is the SHA-256 of its terms, which is signed."""

    scope = serializers.CharField()
    offer = serializers.CharField(allow_blank=True)
    rights = serializers.CharField()
    accept_days = serializers.IntegerField()
    rounds_most = serializers.IntegerField()
    digest = serializers.CharField()
    signed_at = serializers.DateTimeField(allow_null=True)
    over_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    end_by = serializers.UUIDField(allow_null=True)
    end_reason = serializers.CharField(allow_blank=True)
    milestones = MilestoneShown(many=True)


class ForeseenShown(serializers.Serializer[Any]):
    """What would be left of a stage if it were paid today, in fen."""

    no = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    fee_fen = serializers.IntegerField()
    tax_fen = serializers.IntegerField()
    net_fen = serializers.IntegerField()


class ForecastShown(serializers.Serializer[Any]):
    """Stage by stage, those that are not settled."""

    rows = ForeseenShown(many=True)


class DeliveryFile(serializers.Serializer[Any]):
    """A delivered file; `sha256` is of what is kept, `received_sha256` of what came."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    received_sha256 = serializers.CharField()


class DeliveryFileWhole(DeliveryFile):
    """A delivered file with its content, base64."""

    content = serializers.CharField()


class DeliveryShown(serializers.Serializer[Any]):
    """What was handed in, or how it goes; never changed."""

    id = serializers.UUIDField()
    round_no = serializers.IntegerField()
    is_progress = serializers.BooleanField()
    text = serializers.CharField()
    digest = serializers.CharField()
    at = serializers.DateTimeField()
    files = serializers.ListField(child=DeliveryFile())


class DeliveriesShown(serializers.Serializer[Any]):
    """What was handed in for a stage, newest first."""

    rows = DeliveryShown(many=True)


class ClaimShown(serializers.Serializer[Any]):
    """A claim of one side on a stage's money, in fen."""

    id = serializers.UUIDField()
    milestone_id = serializers.UUIDField()
    side = serializers.CharField()
    state = serializers.CharField()
    wanted_fen = serializers.IntegerField()
    reason = serializers.CharField()
    answer = serializers.CharField(allow_blank=True)
    made_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class MessageShown(serializers.Serializer[Any]):
    """What one side wrote; `name` is of its file, empty without one."""

    id = serializers.UUIDField()
    side = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class MessagesShown(serializers.Serializer[Any]):
    """One page of what the two sides wrote, newest first."""

    rows = MessageShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class ReviewShown(serializers.Serializer[Any]):
    """What one side said of the other, once it is shown."""

    id = serializers.UUIDField()
    side = serializers.CharField()
    stars = serializers.IntegerField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    is_shown = serializers.BooleanField()
    reply = serializers.CharField(allow_blank=True)


class InvoiceShown(serializers.Serializer[Any]):
    """An invoice: asked for, then attached; `differs` says that its sum is not what was paid."""

    asked_at = serializers.DateTimeField(allow_null=True)
    invoice_no = serializers.CharField(source="number", allow_null=True)
    amount_fen = serializers.IntegerField(allow_null=True)
    issued_on = serializers.DateField(allow_null=True)
    attached_at = serializers.DateTimeField(allow_null=True)
    differs = serializers.BooleanField()
    explained = serializers.CharField(allow_blank=True)


class PartyRecordShown(serializers.Serializer[Any]):
    """How contracts are kept: stages, median days from delivery to acceptance, percent disputed and completed."""

    cases = serializers.IntegerField()
    days = serializers.FloatField()
    percent_disputed = serializers.IntegerField()
    percent_done = serializers.IntegerField()


class StandingShown(serializers.Serializer[Any]):
    """What others say of somebody; records are null below the number of cases that the rule asks for."""

    reviews = serializers.IntegerField()
    tenths = serializers.IntegerField()
    completed = serializers.IntegerField()
    as_worker = PartyRecordShown(allow_null=True)
    as_client = PartyRecordShown(allow_null=True)
    latest = ReviewShown(many=True)


class StageCashierShown(serializers.Serializer[Any]):
    """Where a payer's browser goes, and until when."""

    url = serializers.CharField()
    amount_fen = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class Signature(serializers.Serializer[Any]):
    """The digest of the terms that were read."""

    digest = serializers.RegexField(r"^[0-9a-f]{64}\Z")


class WorkText(serializers.Serializer[Any]):
    """Words: a reason, a remark, how it goes."""

    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class Attached(serializers.Serializer[Any]):
    """A file: its name and its content in base64."""

    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=2_000_000)


class DeliveryTerms(serializers.Serializer[Any]):
    """What is handed in."""

    text = serializers.CharField(max_length=work.MOST_WORDS)
    files = serializers.ListField(child=Attached(), max_length=work.MOST_FILES, default=list)


class ClaimTerms(serializers.Serializer[Any]):
    """How much of the stage one would have, in fen, and why."""

    wanted_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    reason = serializers.CharField(max_length=claims.MOST_WORDS)


class MessageTerms(serializers.Serializer[Any]):
    """Words, and a file where there is one."""

    text = serializers.CharField(max_length=talk.MOST_WORDS, allow_blank=True, default="")
    file = Attached(required=False)


class ReviewTerms(serializers.Serializer[Any]):
    """One to five stars and some words."""

    stars = serializers.IntegerField(min_value=1, max_value=5)
    text = serializers.CharField(max_length=reviews.MOST_WORDS)


class InvoiceTerms(serializers.Serializer[Any]):
    """What stands on the invoice, why its sum differs where it does, and the file."""

    invoice_no = serializers.RegexField(r"^[0-9]{20}\Z")
    amount_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    issued_on = serializers.DateField()
    explained = serializers.CharField(max_length=200, allow_blank=True, default="")
    file = Attached()


def shown(contract: Contract) -> dict[str, Any]:
    """A contract as the API gives it."""
    names = [name for name in map(str, ContractShown().fields) if name != "milestones"]
    found: dict[str, Any] = {name: getattr(contract, name) for name in names}
    found["milestones"] = list(contract.milestones.order_by("no"))
    return dict(ContractShown(found).data)


def _unpacked(body: dict[str, Any]) -> tuple[str, bytes]:
    return body["name"], files.unpack(body["content"])


class Contracts(Endpoint):
    """`GET /api/v1/contracts`: my contracts on either side."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="contracts_list", parameters=[CURSOR, SIZE], responses={200: ContractsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.of_party(self.actor.party_id),
            order=("-offered_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        return Response(ContractsShown({"rows": page.rows, "next_cursor": page.next_cursor}).data)


class ContractOne(Endpoint):
    """`GET /api/v1/contracts/{id}`: a contract for its two sides."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="contracts_read", responses={200: ContractShown, **REFUSED})
    def get(self, request: Request, contract_id: UUID) -> Response:
        return Response(shown(queries.visible(contract_id, self.actor)))


class ContractForecast(Endpoint):
    """`GET /api/v1/contracts/{id}/take-home`: what would be left of each stage today, before anybody signs."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="contracts_take_home", responses={200: ForecastShown, **REFUSED})
    def get(self, request: Request, contract_id: UUID) -> Response:
        contract, at = queries.visible(contract_id, self.actor), clock.now()
        rows = [_foreseen(contract, stage, at) for stage in contract.milestones.filter(given_fen=None).order_by("no")]
        return Response(ForecastShown({"rows": rows}).data)


def _foreseen(contract: Contract, stage: Milestone, at: datetime) -> dict[str, int]:
    paid = stage.amount_fen
    tax = withholding.foresee(payee=contract.worker, paid_fen=paid, project_id=contract.pk, at=at).tax_fen
    fee = money.fee_of(paid, at=at)
    return {"no": stage.no, "paid_fen": paid, "fee_fen": fee, "tax_fen": tax, "net_fen": paid - fee - tax}


class ContractSignature(Endpoint):
    """`POST /api/v1/contracts/{id}/signature`: the worker signs the terms that were read."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contracts_sign",
        request=Signature,
        parameters=[IDEMPOTENT],
        responses={201: ContractShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contract_id: UUID) -> Response:
        body = self.read(Signature)
        made = contracts.accept(contract_id=contract_id, digest=body["digest"], by=self.actor, at=clock.now())
        return Response(shown(made), status=201)


class ContractStep(Endpoint):
    """`POST /api/v1/contracts/{id}/{act}`: decline, propose-end, drop-end, agree-end."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contracts_act",
        request=WorkText,
        parameters=[IDEMPOTENT],
        responses={201: ContractShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contract_id: UUID, act: str) -> Response:
        body = self.read(WorkText)
        queries.visible(contract_id, self.actor)
        if act not in contracts.STEPS:
            raise NotFound
        return Response(shown(contracts.STEPS[act](contract_id, body["text"], self.actor, clock.now())), status=201)


class ContractMessages(Endpoint):
    """`GET /api/v1/contracts/{id}/messages`: what was written. `POST`: write to the other side."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contracts_messages", parameters=[CURSOR, SIZE], responses={200: MessagesShown, **REFUSED}
    )
    def get(self, request: Request, contract_id: UUID) -> Response:
        contract = queries.visible(contract_id, self.actor)
        page = paging.page(
            queries.messages(contract),
            order=("-at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        return Response(MessagesShown({"rows": page.rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="contracts_say",
        request=MessageTerms,
        parameters=[IDEMPOTENT],
        responses={201: MessageShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contract_id: UUID) -> Response:
        body = self.read(MessageTerms)
        attached = _unpacked(body["file"]) if body.get("file") else None
        made = talk.say(contract_id=contract_id, text=body["text"], attached=attached, by=self.actor, at=clock.now())
        return Response(MessageShown(made).data, status=201)


class ContractReview(Endpoint):
    """`POST /api/v1/contracts/{id}/review`: say how it was; shown when both have, or time is over."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contracts_review",
        request=ReviewTerms,
        parameters=[IDEMPOTENT],
        responses={201: ReviewShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contract_id: UUID) -> Response:
        body = self.read(ReviewTerms)
        made = reviews.review(contract_id=contract_id, **body, by=self.actor, at=clock.now())
        return Response(ReviewShown(made).data, status=201)


class ReviewReply(Endpoint):
    """`POST /api/v1/reviews/{id}/reply`: whoever was reviewed answers, once."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="reviews_reply", request=WorkText, parameters=[IDEMPOTENT], responses={201: ReviewShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, review_id: UUID) -> Response:
        body = self.read(WorkText)
        made = reviews.reply(review_id=review_id, text=body["text"], by=self.actor, at=clock.now())
        return Response(ReviewShown(made).data, status=201)


class Standing(Endpoint):
    """`GET /api/v1/parties/{id}/standing`: what others say of somebody, and how they keep their contracts."""

    may = {"GET": PUBLIC}

    @extend_schema(operation_id="parties_standing", responses={200: StandingShown, **PUBLIC_REFUSED})
    def get(self, request: Request, party_id: UUID) -> Response:
        if not Party.objects.filter(pk=party_id, closed_at=None).exists():
            raise NotFound
        at, found = clock.now(), queries.reputation(party_id)
        body = {
            "reviews": found.reviews,
            "tenths": found.tenths,
            "completed": queries.completed_by([party_id]).get(party_id, 0),
            "as_worker": queries.record_of(party_id, WORKER, at=at),
            "as_client": queries.record_of(party_id, CLIENT, at=at),
            "latest": found.latest,
        }
        return Response(StandingShown(body).data)


class MilestoneCashier(Endpoint):
    """`POST /api/v1/milestones/{id}/cashier`: where the client pays the next stage in."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="milestones_pay",
        request=None,
        parameters=[IDEMPOTENT],
        responses={201: StageCashierShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, milestone_id: UUID) -> Response:
        at = clock.now()
        queries.visible_milestone(milestone_id, self.actor)
        intent = money.order(milestone_id=milestone_id, by=self.actor, at=at)
        body = {
            "url": intents.cashier_url(intent_id=intent.pk, phone=False, at=at),
            "amount_fen": intent.amount_fen,
            "expires_at": intent.expires_at,
        }
        return Response(StageCashierShown(body).data, status=201)


class MilestoneDeliveries(Endpoint):
    """`GET /api/v1/milestones/{id}/deliveries`: what was handed in. `POST`: hand in."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="milestones_deliveries", responses={200: DeliveriesShown, **REFUSED})
    def get(self, request: Request, milestone_id: UUID) -> Response:
        stage = queries.visible_milestone(milestone_id, self.actor)
        return Response({"rows": [_delivery(each) for each in queries.last_deliveries(stage)]})

    @extend_schema(
        operation_id="milestones_submit",
        request=DeliveryTerms,
        parameters=[IDEMPOTENT],
        responses={201: DeliveryShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, milestone_id: UUID) -> Response:
        body = self.read(DeliveryTerms)
        queries.visible_milestone(milestone_id, self.actor)
        attached = [_unpacked(each) for each in body["files"]]
        made = work.submit(
            milestone_id=milestone_id, text=body["text"], attached=attached, by=self.actor, at=clock.now()
        )
        return Response(_delivery(made), status=201)


def _delivery(made: Any) -> dict[str, Any]:
    names = ("id", "round_no", "is_progress", "text", "digest", "at")
    return dict(DeliveryShown({name: getattr(made, name) for name in names} | {"files": list(made.files.all())}).data)


class DeliveredOne(Endpoint):
    """`GET /api/v1/contracts/{id}/files/{id}`: a delivered file with its content."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="contracts_file", responses={200: DeliveryFileWhole, **REFUSED})
    def get(self, request: Request, contract_id: UUID, file_id: UUID) -> Response:
        found = queries.delivered(contract_id, file_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**DeliveryFile(found).data, "content": content})


class MilestoneStep(Endpoint):
    """`POST /api/v1/milestones/{id}/{act}`: start, progress, ask-changes, approve, abandon."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="milestones_act",
        request=WorkText,
        parameters=[IDEMPOTENT],
        responses={201: MilestoneShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, milestone_id: UUID, act: str) -> Response:
        body = self.read(WorkText)
        queries.visible_milestone(milestone_id, self.actor)
        if act not in work.STEPS:
            raise NotFound
        work.STEPS[act](milestone_id, body["text"], self.actor, clock.now())
        return Response(MilestoneShown(Milestone.objects.get(pk=milestone_id)).data, status=201)


class MilestoneClaims(Endpoint):
    """`POST /api/v1/milestones/{id}/claims`: claim a part of a delivered stage; its money is frozen."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="milestones_claim",
        request=ClaimTerms,
        parameters=[IDEMPOTENT],
        responses={201: ClaimShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, milestone_id: UUID) -> Response:
        body = self.read(ClaimTerms)
        queries.visible_milestone(milestone_id, self.actor)
        made = claims.make(milestone_id=milestone_id, **body, by=self.actor, at=clock.now())
        return Response(ClaimShown(made).data, status=201)


class ClaimStep(Endpoint):
    """`POST /api/v1/claims/{id}/{act}`: refuse or grant (the other side), withdraw (one's own)."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="claims_act", request=WorkText, parameters=[IDEMPOTENT], responses={201: ClaimShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, claim_id: UUID, act: str) -> Response:
        body = self.read(WorkText)
        queries.visible_claim(claim_id, self.actor)
        if act not in claims.STEPS:
            raise NotFound
        made: Claim = claims.STEPS[act](claim_id, body["text"], self.actor, clock.now())
        return Response(ClaimShown(made).data, status=201)


class ClaimComplaint(Endpoint):
    """`POST /api/v1/claims/{id}/dispute`: bring a refused claim before the deciders."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="claims_file", request=WorkText, parameters=[IDEMPOTENT], responses={201: CaseShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, claim_id: UUID) -> Response:
        body = self.read(WorkText)
        queries.visible_claim(claim_id, self.actor)
        case = claims.file(claim_id=claim_id, facts=body["text"], by=self.actor, at=clock.now())
        return Response(case_shown(case), status=201)


class MilestoneInvoice(Endpoint):
    """`GET /api/v1/milestones/{id}/invoice`: how it stands. `POST`: the client asks. `PUT`: the worker attaches."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN, "PUT": SIGNED_IN}
    scope = {"POST": "work", "PUT": "work"}

    @extend_schema(operation_id="invoices_read", responses={200: InvoiceShown, **REFUSED})
    def get(self, request: Request, milestone_id: UUID) -> Response:
        stage = queries.visible_milestone(milestone_id, self.actor)
        found = getattr(stage, "invoice", None)
        if found is None:
            raise NotFound
        return Response(InvoiceShown(found).data)

    @extend_schema(
        operation_id="invoices_ask", request=None, parameters=[IDEMPOTENT], responses={201: InvoiceShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, milestone_id: UUID) -> Response:
        queries.visible_milestone(milestone_id, self.actor)
        made = invoices.ask(milestone_id=milestone_id, by=self.actor, at=clock.now())
        return Response(InvoiceShown(made).data, status=201)

    @extend_schema(operation_id="invoices_attach", request=InvoiceTerms, responses={200: InvoiceShown, **REFUSED})
    def put(self, request: Request, milestone_id: UUID) -> Response:
        body = self.read(InvoiceTerms)
        queries.visible_milestone(milestone_id, self.actor)
        paper = Paper(
            number=body["invoice_no"],
            amount_fen=body["amount_fen"],
            issued_on=body["issued_on"],
            explained=body["explained"],
            file=_unpacked(body["file"]),
        )
        made = invoices.attach(milestone_id=milestone_id, paper=paper, by=self.actor, at=clock.now())
        return Response(InvoiceShown(made).data)
