"""The review queue and the finance desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, require_step_up, staff
from backend.common import clock, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.common.fen import parse_yuan
from backend.common.patience import unhurried
from backend.ledger import queries as books
from backend.moderation import queries as moderation
from backend.payments import queries as payments
from backend.payments.operations.refunds import preview_digest
from backend.payments.states import Disputing, Owing
from crowdfunding.campaigns import finance_desk, queries
from crowdfunding.campaigns.models import Campaign, Cancellation
from crowdfunding.campaigns.operations import delivery, reviews
from crowdfunding.campaigns.states import State


@require_GET
@staff(Role.MODERATOR)
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a moderator, oldest first."""
    page = paging.page(moderation.queue(), order=("opened_at", "id"), cursor=request.GET.get("cursor", ""), size=50)
    waiting = Cancellation.objects.filter(second_by=None).select_related("campaign").order_by("first_at")[:20]
    live = Campaign.objects.filter(state__in=(State.LIVE, State.SUSPENDED)).order_by("-opens_at", "pk")[:20]
    context = {"nav": "review", "page": page, "now": clock.now(), "cancellations": list(waiting), "live": list(live)}
    context["appeals"] = list(moderation.appeals_waiting().order_by("due_at", "pk")[:50])
    return render(request, "campaigns/review_queue.html", context)


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """One campaign as the moderator reads it: everything, the checklist, what was decided before."""
    found = Campaign.objects.select_related("owner").filter(pk=campaign_id).exclude(state=State.DRAFT).first()
    if found is None:
        raise NotFound
    context = {
        "nav": "review",
        "campaign": found,
        "tiers": list(found.tiers.order_by("position", "pk")),
        "checklist": reviews.checklist_for(found.category).items(),
        "findings": queries.findings(found),
        "alike": queries.alike(found),
        "history": moderation.history(campaign_id),
        "cancellation": Cancellation.objects.filter(campaign=found).first(),
        "now": clock.now(),
    }
    return render(request, "campaigns/review.html", context)


def _approve(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.approve(campaign_id=campaign_id, checklist=request.POST.getlist("checklist"), by=by, at=at)
    return _("已通过")


def _return(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.send_back(
        campaign_id=campaign_id,
        reason=request.POST.get("reason", ""),
        checklist=request.POST.getlist("checklist"),
        by=by,
        at=at,
    )
    return _("已退回")


def _suspend(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.suspend(campaign_id=campaign_id, reason=request.POST.get("reason", ""), by=by, at=at)
    return _("已暂停")


def _resume(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.resume(campaign_id=campaign_id, reason=request.POST.get("reason", ""), by=by, at=at)
    return _("已恢复")


def _disprove(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.disprove_delivery(campaign_id=campaign_id, reason=request.POST.get("reason", ""), by=by, at=at)
    return _("已标记为交付不实")


def _cancel(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.cancel(campaign_id=campaign_id, reason=request.POST.get("reason", ""), by=by, at=at)
    return _("已取消")


def _ask_cancel_after(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    delivery.ask_to_cancel(campaign_id=campaign_id, ruling=request.POST.get("reason", ""), by=by, at=at)
    return _("已提出，须另一位工作人员确认")


def _confirm_cancel_after(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    delivery.confirm_cancel(campaign_id=campaign_id, by=by, at=at)
    return _("已确认取消，托管余额将退还")


REVIEW_ACTS: dict[str, Callable[[HttpRequest, UUID, Actor, datetime], str]] = {
    "approve": _approve,
    "return": _return,
    "suspend": _suspend,
    "resume": _resume,
    "cancel": _cancel,
    "disprove": _disprove,
    "ask-cancel-after": _ask_cancel_after,
    "confirm-cancel-after": _confirm_cancel_after,
}


@require_POST
@staff(Role.MODERATOR)
def review_act(request: HttpRequest, campaign_id: UUID, act: str) -> HttpResponse:
    """What a moderator decides."""
    if act not in REVIEW_ACTS or not Campaign.objects.filter(pk=campaign_id).exists():
        raise NotFound
    try:
        messages.success(request, REVIEW_ACTS[act](request, campaign_id, actor_of(request), clock.now()))
    except Refusal as refusal:
        messages.error(request, refusal.text())
        return redirect("review", campaign_id)
    return redirect("review-queue")


@require_GET
@staff(Role.FINANCE, Role.AUDITOR)
def finance(request: HttpRequest) -> HttpResponse:
    """The finance desk: what waits for an officer, and what is stuck."""
    context = {
        "nav": "finance",
        "now": clock.now(),
        "payouts": list(payments.payouts().filter(state__in=("pending", "checked")).order_by("created_at", "pk")[:50]),
        "sending": list(payments.payouts().filter(state__in=("authorized", "processing")).order_by("created_at")[:50]),
        "requested": list(payments.refunds().filter(state="requested", batch=None).order_by("created_at")[:50]),
        "stuck": list(payments.refunds().filter(state__in=("manual",)).order_by("created_at")[:50]),
        "batches": list(payments.batches_waiting()[:20]),
        "disputes": list(payments.disputes().filter(state__in=Disputing.OPEN).order_by("answer_by", "pk")[:50]),
        "debts": list(payments.debts().filter(state__in=Owing.OPEN).order_by("-created_at", "pk")[:50]),
        "quarantine": list(payments.quarantine().order_by("-id")[:50]),
        "differences": list(payments.bill_differences().order_by("-found_at", "id")[:50]),
        "bills": list(payments.bills()[:7]),
        "switch": payments.stop_switch(),
        "totals": books.totals(),
        "bulk": list(Campaign.objects.filter(state__in=State.SUCCEEDED, ruleset="city").order_by("-state_at")[:20]),
        "may_act": Role.FINANCE in actor_of(request).roles,
        "me": actor_of(request).person_id,
    }
    return render(request, "campaigns/finance.html", context)


@require_GET
@staff(Role.FINANCE, Role.AUDITOR)
def verify(request: HttpRequest) -> HttpResponse:
    """Prove the books now, and show what differs."""
    with unhurried(60):
        differences = list(books.differences())[:200]
    context = {"nav": "finance", "differences": differences, "totals": books.totals(), "now": clock.now()}
    return render(request, "campaigns/verify.html", context)


@require_http_methods(["GET", "POST"])
@staff(Role.FINANCE)
def bulk(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Dry run of a bulk refund, and the request for it: exactly what was previewed, or nothing."""
    found, lines = finance_desk.refundable(campaign_id)
    if request.method == "POST":
        require_step_up(request)
        try:
            finance_desk.ask_bulk_refund(
                campaign_id=campaign_id,
                digest=request.POST.get("digest", ""),
                reason=request.POST.get("reason", ""),
                by=actor_of(request),
                at=clock.now(),
            )
            messages.success(request, _("已提交，须另一位财务人员复核"))
            return redirect("finance")
        except Refusal as refusal:
            messages.error(request, refusal.text())
    context = {
        "nav": "finance",
        "campaign": found,
        "count": len(lines),
        "total_fen": sum(amount for _id, amount in lines),
        "digest": preview_digest(lines),
        "escrow_fen": books.available_of("campaign", campaign_id),
    }
    return render(request, "campaigns/bulk.html", context)


@require_POST
@staff(Role.FINANCE)
def open_dispute(request: HttpRequest) -> HttpResponse:
    """A finance officer records a chargeback that the provider's desk told of."""
    require_step_up(request)
    try:
        finance_desk.record_dispute(
            order=request.POST.get("order", ""),
            provider_no=request.POST.get("provider_no", ""),
            amount_fen=parse_yuan(request.POST.get("amount", ""), field="amount"),
            by=actor_of(request),
            at=clock.now(),
        )
        messages.success(request, _("已登记，款项已冻结或由风险准备承担"))
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return redirect("finance")


@require_POST
@staff(Role.FINANCE)
def finance_act(request: HttpRequest, kind: str, key: str, act: str) -> HttpResponse:
    """What a finance officer decides; every act with a fresh proof of identity, and on record."""
    if (kind, act) != ("switch", "stop"):
        require_step_up(request)
    try:
        finance_desk.decide(
            kind=kind, key=key, act=act, reason=request.POST.get("reason", ""), by=actor_of(request), at=clock.now()
        )
        messages.success(request, _("已办理"))
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return redirect("finance")
