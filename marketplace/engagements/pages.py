"""Pages of engagements: what waits for me, one contract with all its clocks, and every act of either side."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, take, uploaded
from backend.common import clock, files, paging
from backend.common.actors import Actor
from backend.common.days import parse_day
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen, parse_yuan
from backend.disputes import queries as disputes
from backend.payments.doors import to_cashier
from marketplace.engagements import queries
from marketplace.engagements.models import CLIENT, WORKER, Contract, Milestone
from marketplace.engagements.operations import claims, contracts, invoices, money, reviews, talk, work
from marketplace.engagements.operations.invoices import Paper
from marketplace.engagements.operations.shared import side_of
from marketplace.engagements.states import Agreeing, Stage
from marketplace.tax import withholding
from marketplace.tax.labour import Withholding


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """Everything that waits, and all my contracts on either side."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    page = paging.page(
        queries.of_party(party_id), order=("-offered_at", "-id"), cursor=request.GET.get("cursor", ""), size=20
    )
    context = {"nav": "work", "waiting": queries.waiting(party_id), "page": page, "me": party_id, "now": clock.now()}
    return render(request, "engagements/mine.html", context)


@require_GET
@signed_in
def contract(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """One contract on one screen: who, what, how much, how it stands, what I may do, what time does otherwise."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(contract_id, actor)
    side = side_of(found, actor)
    rows = [_shown(found, stage, side, now) for stage in queries.stages(found)]
    context = {
        "nav": "work",
        "contract": found,
        "side": side,
        "rows": rows,
        "foreseen": _foreseen(found, rows, now) if side == WORKER else None,
        "messages_page": paging.page(
            queries.messages(found), order=("-at", "-id"), cursor=request.GET.get("cursor", ""), size=20
        ),
        "reviews": list(found.reviews.order_by("at", "pk")),
        "may_review": bool(side) and reviews.is_open(found, now) and not found.reviews.filter(side=side).exists(),
        "is_proposer": found.end_by is not None and found.end_by == actor.party_id,
        "states": Agreeing,
        "now": now,
    }
    return render(request, "engagements/contract.html", context)


def _shown(found: Contract, stage: Milestone, side: str, now: datetime) -> dict[str, Any]:
    """A stage with what may be done about it now."""
    claim = next((each for each in sorted(stage.claims.all(), key=lambda one: one.made_at, reverse=True)), None)
    return {
        "stage": stage,
        "deliveries": sorted(stage.deliveries.all(), key=lambda one: one.at, reverse=True)[:50],
        "remarks": sorted(stage.remarks.all(), key=lambda one: one.round_no),
        "claim": claim,
        "may_file": claim is not None and claim.side == side and claims.may_file(claim, now),
        "may_pay": side == CLIENT and stage.state == Stage.PLANNED and stage.until is not None,
        "may_end": side == CLIENT and work.may_end(stage, now),
        "rounds_left": found.rounds_most - stage.rounds,
        "case": disputes.of_subject(stage.pk) if stage.claims.all() else None,
        "invoice": getattr(stage, "invoice", None),
        "waits_for": queries.WAITS_FOR.get(stage.state, ""),
        "is_paid": stage.state in Stage.PAID,
    }


def _foreseen(
    found: Contract, rows: list[dict[str, Any]], now: datetime
) -> list[tuple[Milestone, Withholding, Fen, Fen]]:
    """What would be left of each unpaid stage if it were paid today: shown before anybody signs (E8)."""
    waiting = [row["stage"] for row in rows if row["stage"].state not in Stage.FINAL]
    result = []
    for stage in waiting[:20]:
        tax = withholding.foresee(payee=found.worker, paid_fen=stage.amount_fen, project_id=found.pk, at=now)
        fee = money.fee_of(stage.amount_fen, at=now)
        result.append((stage, tax, fee, tax.net_fen - fee))
    return result


@require_POST
@signed_in
def sign(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The worker signs the terms that this page showed."""
    queries.visible(contract_id, actor_of(request))
    digest = request.POST.get("digest", "")[:64]
    if request.POST.get("read") != "1":
        return take(request, _not_read, "", redirect("contract", contract_id))
    return take(
        request,
        lambda by, at: contracts.accept(contract_id=contract_id, digest=digest, by=by, at=at),
        _("协议已签订，等待发包方托管第一阶段款项"),
        redirect("contract", contract_id),
    )


def _not_read(_by: Actor, _at: datetime) -> None:
    raise Invalid("请先勾选已阅读并同意", "Say first that you have read and agree", field="read")


DONE = {
    "decline": "已谢绝",
    "propose-end": "已提议终止，等待对方答复",
    "drop-end": "已取消提议",
    "agree-end": "协议已终止，未交付的托管款原路退回",
    "start": "已开工",
    "progress": "进展已更新",
    "ask-changes": "修改意见已发出",
    "approve": "已验收，系统将放款",
    "abandon": "该阶段已终止，托管款原路退回发包方",
    "refuse": "已答复",
    "grant": "已同意，按诉求分配",
    "withdraw": "诉求已撤回",
}


@require_POST
@signed_in
def contract_step(request: HttpRequest, contract_id: UUID, act: str) -> HttpResponse:
    """What a side decides about a whole contract."""
    queries.visible(contract_id, actor_of(request))
    if act not in contracts.STEPS:
        raise NotFound
    do, reason = contracts.STEPS[act], request.POST.get("reason", "")[:600]
    return take(
        request, lambda by, at: do(contract_id, reason, by, at), _(DONE[act]), redirect("contract", contract_id)
    )


@require_POST
@signed_in
def pay(request: HttpRequest, milestone_id: UUID) -> HttpResponse:
    """Off to the cashier with a stage's money."""
    stage = queries.visible_milestone(milestone_id, actor_of(request))
    sent: list[HttpResponse] = []

    def go(by: Actor, at: datetime) -> None:
        sent.append(to_cashier(request, money.order(milestone_id=milestone_id, by=by, at=at), at=at))

    back = take(request, go, _("正在前往支付"), redirect("contract", stage.contract_id))
    return sent[0] if sent else back


@require_POST
@signed_in
def submit(request: HttpRequest, milestone_id: UUID) -> HttpResponse:
    """Hand in."""
    stage = queries.visible_milestone(milestone_id, actor_of(request))
    chosen = request.FILES.getlist("file")[: work.MOST_FILES + 1]

    def hand_in(by: Actor, at: datetime) -> None:
        attached = [(file.name or "", file.read(files.MOST_BYTES + 1)) for file in chosen]
        work.submit(milestone_id=milestone_id, text=request.POST.get("text", ""), attached=attached, by=by, at=at)

    return take(request, hand_in, _("已交付，等待验收"), redirect("contract", stage.contract_id))


@require_POST
@signed_in
def stage_step(request: HttpRequest, milestone_id: UUID, act: str) -> HttpResponse:
    """What a side does about a stage in words alone."""
    stage = queries.visible_milestone(milestone_id, actor_of(request))
    if act not in work.STEPS:
        raise NotFound
    do, text = work.STEPS[act], request.POST.get("text", "")[:6_000]
    back = redirect("contract", stage.contract_id)
    return take(request, lambda by, at: do(milestone_id, text, by, at), _(DONE[act]), back)


@require_POST
@signed_in
def claim(request: HttpRequest, milestone_id: UUID) -> HttpResponse:
    """Make a claim."""
    stage = queries.visible_milestone(milestone_id, actor_of(request))

    def make(by: Actor, at: datetime) -> None:
        wanted = parse_yuan(request.POST.get("wanted", "").strip(), field="wanted")
        claims.make(milestone_id=milestone_id, wanted_fen=wanted, reason=request.POST.get("reason", ""), by=by, at=at)

    return take(request, make, _("诉求已提出，款项冻结，等待对方答复"), redirect("contract", stage.contract_id))


@require_POST
@signed_in
def claim_step(request: HttpRequest, claim_id: UUID, act: str) -> HttpResponse:
    """Answer a claim, let one's own go, or bring it before the deciders."""
    found = queries.visible_claim(claim_id, actor_of(request))
    back = redirect("contract", found.milestone.contract_id)
    if act == "file":
        facts = request.POST.get("text", "")[:6_000]
        return take(
            request,
            lambda by, at: claims.file(claim_id=claim_id, facts=facts, by=by, at=at),
            _("已提交裁定，双方可举证"),
            back,
        )
    if act not in claims.STEPS:
        raise NotFound
    do, text = claims.STEPS[act], request.POST.get("text", "")[:400]
    return take(request, lambda by, at: do(claim_id, text, by, at), _(DONE[act]), back)


@require_POST
@signed_in
def say(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Write to the other side."""
    queries.visible(contract_id, actor_of(request))

    def write(by: Actor, at: datetime) -> None:
        attached = uploaded(request, most=files.MOST_BYTES) if request.FILES.get("file") else None
        talk.say(contract_id=contract_id, text=request.POST.get("text", ""), attached=attached, by=by, at=at)

    return take(request, write, _("已发送"), redirect("contract", contract_id))


@require_POST
@signed_in
def review(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Say how it was."""
    queries.visible(contract_id, actor_of(request))
    stars, text = request.POST.get("stars", ""), request.POST.get("text", "")[:1_000]

    def write(by: Actor, at: datetime) -> None:
        given = int(stars) if stars in ("1", "2", "3", "4", "5") else 0
        reviews.review(contract_id=contract_id, stars=given, text=text, by=by, at=at)

    return take(request, write, _("评价已提交，双方都评价或到期后同时公开"), redirect("contract", contract_id))


@require_POST
@signed_in
def reply(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Answer a review, once."""
    text = request.POST.get("text", "")[:1_000]
    me = actor_of(request).party_id
    return take(
        request,
        lambda by, at: reviews.reply(review_id=review_id, text=text, by=by, at=at),
        _("已回复"),
        redirect("work-party", me) if me else redirect("work"),
    )


@require_POST
@signed_in
def ask_invoice(request: HttpRequest, milestone_id: UUID) -> HttpResponse:
    """The client asks for an invoice."""
    stage = queries.visible_milestone(milestone_id, actor_of(request))
    return take(
        request,
        lambda by, at: invoices.ask(milestone_id=milestone_id, by=by, at=at),
        _("已通知承接方开票"),
        redirect("contract", stage.contract_id),
    )


@require_POST
@signed_in
def attach_invoice(request: HttpRequest, milestone_id: UUID) -> HttpResponse:
    """The worker attaches the invoice."""
    stage = queries.visible_milestone(milestone_id, actor_of(request))
    data = request.POST

    def attach(by: Actor, at: datetime) -> None:
        issued: date | None = parse_day(data.get("issued_on", ""), field="issued_on")
        if issued is None:
            raise Invalid("请填写开票日期", "Enter the day", field="issued_on")
        paper = Paper(
            number=data.get("number", "").strip(),
            amount_fen=parse_yuan(data.get("amount", "").strip(), field="amount"),
            issued_on=issued,
            explained=data.get("explained", "")[:400],
            file=uploaded(request, most=files.MOST_BYTES),
        )
        invoices.attach(milestone_id=milestone_id, paper=paper, by=by, at=at)

    return take(request, attach, _("发票已上传"), redirect("contract", stage.contract_id))


# --- files ---------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def delivered(request: HttpRequest, contract_id: UUID, file_id: UUID) -> HttpResponse:
    """A delivered file, to be saved and not shown."""
    found = queries.delivered(contract_id, file_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"delivery-{str(found.pk)[-12:]}")


@require_GET
@signed_in
def message_file(request: HttpRequest, contract_id: UUID, message_id: UUID) -> HttpResponse:
    """A file that came with a message."""
    found = queries.message_with_file(contract_id, message_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"message-{str(found.pk)[-12:]}")


@require_GET
@signed_in
def invoice_file(request: HttpRequest, milestone_id: UUID) -> HttpResponse:
    """An attached invoice."""
    found = queries.invoice_file(milestone_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"invoice-{found.number}")


# --- who somebody is -----------------------------------------------------------------------------------------
