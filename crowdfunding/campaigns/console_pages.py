"""The maker's console: my campaigns, editor, money, backers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, chosen_key, signed_in
from backend.common import clock, paging, rules
from backend.common.actors import Actor
from backend.common.days import parse_day
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.fen import Fen, parse_yuan, show_yuan
from backend.common.rules import SHANGHAI
from backend.common.workbooks import book, download
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.moderation import queries as moderation
from backend.moderation.pages import card as appeal_card
from backend.payments import queries as payments
from backend.payments.doors import to_cashier
from backend.payments.models import PaymentIntent
from backend.payments.operations import debts, payouts
from backend.projects import queries as projects
from crowdfunding.campaigns import goal_coach, panels, queries
from crowdfunding.campaigns.models import RIGHT_CLASSES, Batch, Campaign, Deposit, Pledge, Stretch, Tier
from crowdfunding.campaigns.operations import (
    batches,
    delivery,
    deposits,
    drafts,
    extensions,
    late,
    outside,
    pledges,
    reviews,
    stretches,
    talk,
)
from crowdfunding.campaigns.operations.drafts import EDITABLE, Terms, TierTerms
from crowdfunding.campaigns.pages import next_step
from crowdfunding.campaigns.states import PLEDGE, PledgeState, State


def _own(request: HttpRequest, campaign_id: UUID) -> tuple[Campaign, Actor]:
    actor = actor_of(request)
    found = queries.owned_by(actor.party_id).filter(pk=campaign_id).first() if actor.party_id else None
    if found is None:
        raise NotFound
    return found, actor


@require_http_methods(["GET", "POST"])
@signed_in
def console(request: HttpRequest) -> HttpResponse:
    """My campaigns; posting starts a new draft."""
    actor = actor_of(request)
    if actor.party_id is None:
        raise NotFound
    if request.method == "POST":
        passport_id = chosen_key(request.POST.get("passport", ""))
        made = drafts.start(owner_id=actor.party_id, by=actor, at=clock.now(), passport_id=passport_id)
        return redirect("console-edit", made.pk)
    page = paging.page(
        queries.owned_by(actor.party_id), order=("-created_at", "-id"), cursor=request.GET.get("cursor", "")
    )
    context = {"nav": "console", "page": page, "now": clock.now(), "paged": "cursor" in request.GET}
    context["passports"] = projects.usable(actor.party_id)
    return render(request, "campaigns/console.html", context)


@require_GET
@signed_in
def campaign(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """One campaign of mine: how it stands, what is next, what I can do."""
    found, actor = _own(request, campaign_id)
    escrow, now = ledger.escrow_of("campaign", found.pk), clock.now()
    context = {
        "nav": "console",
        "campaign": found,
        "tiers": list(found.tiers.select_related("batch").order_by("position", "pk")),
        "batches": queries.batches_of(found.pk),
        "now": now,
        "promise": next_step(found),
        "returned": moderation.last_return(found.pk) if found.state == State.RETURNED else None,
        "editable": found.state in EDITABLE,
        "escrow_fen": books.balance(escrow),
        "held_fen": books.held(escrow),
        "days": [(f"{day:%m-%d}", fen) for day, fen in queries.daily_raised(found.pk)],
        "obstacles": delivery.tail_obstacles(found, now) if found.state == State.DELIVERED else [],
        "questions": list(queries.questions_of(found.pk).filter(answered_at=None).order_by("-at", "-id")[:20]),
        "actor": actor,
        "panels": [panel(request, found) for panel in panels.CONSOLE],
        "appeal": appeal_card(request, "campaign", found.pk) if found.state in DECIDED else "",
        "stretches": queries.stretch_steps(found),
        "deposit": getattr(found, "deposit", None),
        "deposit_fen": deposits.due_fen(found, now) if found.state == State.APPROVED else 0,
        "may_open_late": late.may_open(found, now),
        "is_open_late": found.is_open_late(now),
        "late": queries.late_pledges(found),
        "late_latest": late.latest_day(found, now),
        "may_stretch": found.state in (*EDITABLE, State.APPROVED, State.PREHEAT, State.LIVE),
    }
    return render(request, "campaigns/console_campaign.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The editor: saves by itself, shows what is missing, never overwrites unseen changes."""
    found, actor = _own(request, campaign_id)
    if found.state not in EDITABLE:
        return redirect("console-campaign", campaign_id)
    wants_json = "application/json" in request.headers.get("Accept", "")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            terms = _terms(request.POST, found)
            version = int(request.POST.get("version") or 0)
            found = drafts.write(campaign_id=campaign_id, terms=terms, version=version, by=actor, at=clock.now())
            if wants_json:
                return JsonResponse({"version": found.version})
            if request.POST.get("then") == "preview":
                return redirect("console-preview", campaign_id)
            messages.success(request, _("已保存"))
            return redirect("console-edit", campaign_id)
        except Refusal as caught:
            refusal = caught
            if wants_json:
                return JsonResponse({"code": caught.code, "text": caught.text()}, status=caught.status)
    context = {
        "nav": "console",
        "campaign": found,
        "tiers": list(found.tiers.order_by("position", "pk")),
        "batches": queries.batches_of(found.pk),
        "refusal": refusal,
        "categories": CATEGORY_KEYS,
        "right_classes": [key for key, _word in RIGHT_CLASSES],
        "county_codes": COUNTIES,
        "coach": goal_coach.advise(goal_fen=found.goal_fen, category=found.category),
        "posted": request.POST if refusal else None,
        "passports": projects.usable(found.owner_id) if found.owner_id else [],
        "files": _files(found, clock.now()),
        "panels": [panel(request, found) for panel in panels.EDITOR],
    }
    return render(request, "campaigns/edit.html", context, status=refusal.status if refusal else 200)


def _files(found: Campaign, at: datetime) -> list[tuple[str, str]]:
    """Each document that the category asks for, and how it stands: proved, filed or missing."""
    proved = projects.kinds_proved(found.passport_id, on=at.astimezone(SHANGHAI).date())
    filed = projects.kinds_filed(found.passport_id)
    return [
        (kind, "proved" if kind in proved else "filed" if kind in filed else "missing")
        for kind in drafts.files_needed(found, at)
    ]


def _terms(data: Any, found: Campaign) -> Terms:
    return Terms(
        title=data.get("title", "")[:200],
        summary=data.get("summary", "")[:400],
        story=data.get("story", ""),
        risks=data.get("risks", ""),
        category=data.get("category", ""),
        county=data.get("county", "")[:6],
        rule=data.get("rule", ""),
        goal_fen=parse_yuan(data.get("goal", "").strip(), field="goal"),
        days=_number(data.get("days", ""), "days") or 0,
        promised_on=parse_day(data.get("promised_on", ""), field="promised_on"),
        optimum_fen=parse_yuan(data["optimum"].strip(), field="optimum") if data.get("optimum", "").strip() else None,
    )


def _number(text: str, field: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid("须为整数", "It must be a whole number", field=field)
    return int(text)


def _fen(text: str, field: str) -> Fen:
    return parse_yuan(text.strip() or "0", field=field)


@require_GET
@signed_in
def preview(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The draft as backers will see it; only for its maker."""
    found, _actor = _own(request, campaign_id)
    context = {"campaign": found, "now": clock.now(), "preview": True, "updates": [], "questions": [], "promise": ""}
    return render(request, "campaigns/campaign.html", context)


@require_GET
@signed_in
def coach(request: HttpRequest) -> HttpResponse:
    """The goal coach's advice for a goal, as a part of the editor."""
    try:
        goal = parse_yuan(request.GET.get("goal", ""))
    except Invalid:
        goal = 0
    advice = goal_coach.advise(goal_fen=goal, category=request.GET.get("category", "")[:32]) if goal else None
    return render(request, "campaigns/coach.html", {"coach": advice})


@require_POST
@signed_in
def add_tier(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Offer a reward."""
    _found, actor = _own(request, campaign_id)
    data = request.POST
    try:
        terms = TierTerms(
            title=data.get("title", "")[:200],
            description=data.get("description", ""),
            price_fen=_fen(data.get("price", ""), "price"),
            shipping_fen=_fen(data.get("shipping", ""), "shipping"),
            stock=_number(data.get("stock", ""), "stock"),
            per_person=_number(data.get("per_person", ""), "per_person"),
            right_class=data.get("right_class", ""),
            deliver_on=parse_day(data.get("deliver_on", ""), field="deliver_on"),
            batch_id=chosen_key(data.get("batch", "")),
            batch_units=_number(data.get("batch_units", ""), "batch_units") or 0,
        )
        drafts.add_tier(campaign_id=campaign_id, terms=terms, by=actor, at=clock.now())
        messages.success(request, _("回报已添加"))
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return redirect("console-edit" if _found.state in EDITABLE else "console-campaign", campaign_id)


@require_POST
@signed_in
def add_stretch(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Promise something beyond the goal."""
    _found, actor = _own(request, campaign_id)
    data = request.POST
    try:
        stretches.add_stretch(
            campaign_id=campaign_id,
            at_fen=_fen(data.get("at", ""), "at"),
            promise=data.get("promise", "")[:400],
            cost=data.get("cost", "")[:400],
            is_physical=bool(data.get("is_physical")),
            by=actor,
            at=clock.now(),
        )
        messages.success(request, _("追加目标已公布"))
    except Refusal as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason.text())
    return redirect("console-campaign", campaign_id)


@require_POST
@signed_in
def remove_stretch(request: HttpRequest, stretch_id: UUID) -> HttpResponse:
    """Take a promise back before the review."""
    found = Stretch.objects.filter(pk=stretch_id).first()
    if found is None:
        raise NotFound
    try:
        stretches.remove_stretch(stretch_id=stretch_id, by=actor_of(request))
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return redirect("console-campaign", found.campaign_id)


@require_POST
@signed_in
def remove_tier(request: HttpRequest, tier_id: UUID) -> HttpResponse:
    """Take a reward back."""
    tier = Tier.objects.select_related("campaign").filter(pk=tier_id).first()
    if tier is None:
        raise NotFound
    drafts.remove_tier(tier_id=tier_id, by=actor_of(request))
    return redirect("console-edit" if tier.campaign.state in EDITABLE else "console-campaign", tier.campaign_id)


@require_GET
@signed_in
def backers(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Who backs my campaign, names masked, refund requests first."""
    found, _actor = _own(request, campaign_id)
    base = queries.backers_of(campaign_id)
    asked = list(base.filter(state=PledgeState.ASKED).order_by("state_at", "pk")[:50])
    state = request.GET.get("state", "")
    page = paging.page(
        _backed(base, state), order=("-created_at", "-id"), cursor=request.GET.get("cursor", ""), size=50
    )
    days = rules.value("campaigns.asked_days", at=clock.now())
    context = {
        "nav": "console",
        "campaign": found,
        "asked": asked,
        "said": list(queries.outside_said_about(campaign_id)),
        "waits": queries.outside_of([made.pk for made in page.rows]),
        "may_say": [made.pk for made in page.rows if outside.may_say(made, found)],
        "page": page,
        "days": days,
        "paged": "cursor" in request.GET,
        "state": state if state in SHOWN_STATES else "",
        "states": [(one, PLEDGE.word(one), one == state) for one in SHOWN_STATES],
    }
    return render(request, "campaigns/backers.html", context)


SHOWN_STATES = (*PledgeState.COUNTED, PledgeState.CANCELLED, PledgeState.REFUNDED, PledgeState.SETTLED)


def _backed(found: QuerySet[Pledge], state: str) -> QuerySet[Pledge]:
    """Pledges that were paid, all of them or those in one state."""
    return found.filter(state=state) if state in SHOWN_STATES else found.filter(state__in=SHOWN_STATES)


@require_GET
@signed_in
def backers_sheet(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The same list as a workbook, names masked as on the page; at most twenty thousand rows."""
    found, _actor = _own(request, campaign_id)
    rows = _backed(queries.backers_of(campaign_id), request.GET.get("state", "")).order_by("-created_at", "-pk")
    head = [_("支持者"), _("回报"), _("份数"), _("金额"), _("状态"), _("时间")]
    lines = (
        (
            _("匿名") if made.is_anonymous or made.backer is None else made.backer.masked_name,
            made.tier.title if made.tier else "",
            str(made.quantity),
            show_yuan(made.total_fen),
            made.state_word,
            made.created_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        )
        for made in rows[:MOST_ROWS].iterator(chunk_size=2_000)
    )
    return download(book(_("支持者"), head, lines), f"backers-{found.pk}")


MOST_ROWS = 20_000
DECIDED = (State.REVIEW, State.RETURNED, State.SUSPENDED)
"""Where a moderator's decision, or the answer to an appeal against it, stands."""


@require_http_methods(["GET", "POST"])
@signed_in
def money(request: HttpRequest) -> HttpResponse:
    """What I am owed, what was paid, every movement."""
    actor = actor_of(request)
    if actor.party_id is None or "money" not in actor.scopes:
        raise NotFound
    account = ledger.payable_to(actor.party_id)
    if request.method == "POST":
        try:
            debts.settle(party_id=actor.party_id, at=clock.now())
            payouts.request_payout(
                party_id=actor.party_id,
                amount_fen=books.available(account),
                title=_("项目款"),
                by=actor,
                at=clock.now(),
            )
            messages.success(request, _("已提交，两位财务人员审批后付款"))
        except Refusal as refusal:
            messages.error(request, refusal.text())
        return redirect("console-money")
    page = paging.page(books.statement(account), order=("-seq",), cursor=request.GET.get("cursor", ""), size=30)
    context = {
        "nav": "console",
        "balance_fen": books.balance(account),
        "owed_fen": debts.owed_by(actor.party_id),
        "debts": list(payments.open_debts(actor.party_id)),
        "available_fen": books.available(account),
        "account": payments.payout_account(actor.party_id),
        "payouts": list(payments.payouts_of(actor.party_id)[:20]),
        "page": page,
        "account_id": account.id,
        "now": clock.now(),
    }
    return render(request, "campaigns/money.html", context)


@require_POST
@signed_in
def repay(request: HttpRequest) -> HttpResponse:
    """Whoever owes goes to the cashier; one order is paid once however often this is pressed."""
    return _pay(request, lambda by, at: debts.order(by=by, at=at), redirect("console-money"))


@require_POST
@signed_in
def pay_deposit(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """A maker goes to the cashier to put in the deposit; it is paid once however often this is pressed."""
    _found, _actor = _own(request, campaign_id)
    back = redirect("console-campaign", campaign_id)
    return _pay(request, lambda by, at: deposits.order(campaign_id=campaign_id, by=by, at=at), back)


def _pay(request: HttpRequest, order: Callable[[Actor, datetime], PaymentIntent], back: HttpResponse) -> HttpResponse:
    now = clock.now()
    try:
        return to_cashier(request, order(actor_of(request), now), at=now)
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
        return back


@require_GET
@signed_in
def deposit(request: HttpRequest, deposit_id: UUID) -> HttpResponse:
    """Where the cashier sends a maker back to: the campaign of the deposit."""
    found = Deposit.objects.filter(pk=deposit_id).first()
    if found is None:
        raise NotFound
    _own(request, found.campaign_id)
    return redirect("console-campaign", found.campaign_id)


def _submit(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    drafts.submit(campaign_id=campaign_id, by=by, at=at)
    return _("已提交审核，通常在三个工作日内完成")


def _belong(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    drafts.belong(campaign_id=campaign_id, passport_id=chosen_key(request.POST.get("passport", "")), by=by, at=at)
    return _("已关联项目档案")


def _launch(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    opens = request.POST.get("opens_at", "")
    try:
        starts = datetime.fromisoformat(opens).replace(tzinfo=rules.SHANGHAI) if opens else None
    except ValueError as error:
        raise Invalid("时间无效", "The time is not valid", field="opens_at") from error
    drafts.launch(campaign_id=campaign_id, opens_at=starts, by=by, at=at)
    return _("已发布")


def _withdraw(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    drafts.withdraw(campaign_id=campaign_id, by=by, at=at)
    return _("已撤回")


def _cancel(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    reviews.cancel(campaign_id=campaign_id, reason=request.POST.get("reason", ""), by=by, at=at)
    return _("已取消，支持者将全额退款")


def _extend(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    days = _number(request.POST.get("days", ""), "days") or 0
    extensions.extend(campaign_id=campaign_id, days=days, reason=request.POST.get("reason", ""), by=by, at=at)
    return _("已延期，支持者将收到重新确认的请求")


def _ship(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    delivery.start_shipping(campaign_id=campaign_id, by=by, at=at)
    return _("已开始发货，支持者可以确认收货了")


def _update(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    talk.post_update(
        campaign_id=campaign_id, title=request.POST.get("title", ""), body=request.POST.get("body", ""), by=by, at=at
    )
    return _("进展已发布")


def _ask_to_cancel(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    delivery.ask_to_cancel(campaign_id=campaign_id, ruling=request.POST.get("reason", ""), by=by, at=at)
    return _("取消申请已提交，等待审核人员确认")


def _answer_refund(agree: bool) -> Callable[[HttpRequest, UUID, Actor, datetime], str]:
    def act(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
        wanted = request.POST.get("pledge", "")
        pledge = queries.backers_of(campaign_id).filter(pk=wanted).first() if len(wanted) == 36 else None
        if pledge is None:
            raise NotFound
        pledges.answer_refund(pledge_id=pledge.pk, agree=agree, reason=request.POST.get("reason", ""), by=by, at=at)
        return _("已同意，等待财务人员复核后原路退回") if agree else _("已答复")

    return act


def _add_batch(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    data = request.POST
    batches.add(
        campaign_id=campaign_id,
        name=data.get("name", "")[:200],
        unit=data.get("unit", "")[:40],
        total=_number(data.get("total", ""), "total") or 0,
        harvested_on=parse_day(data.get("harvested_on", ""), field="harvested_on"),
        by=by,
        at=at,
    )
    return _("批次已添加")


def _resize_batch(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    key = chosen_key(request.POST.get("batch", ""))
    if key is None or not Batch.objects.filter(pk=key, campaign_id=campaign_id).exists():
        raise NotFound
    batches.resize(batch_id=key, total=_number(request.POST.get("total", ""), "total") or 0, by=by)
    return _("数量已调整")


def _open_late(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    day = parse_day(request.POST.get("last_day", ""), field="last_day")
    if day is None:
        raise Invalid("请填写日期", "Enter a date", field="last_day")
    late.open_until(campaign_id=campaign_id, last_day=day, by=by, at=at)
    return _("后续支持已开放")


def _close_late(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> str:
    late.close(campaign_id=campaign_id, by=by, at=at)
    return _("已停止后续支持，已有的支持不变")


ACTS: dict[str, Callable[[HttpRequest, UUID, Actor, datetime], str]] = {
    "submit": _submit,
    "launch": _launch,
    "passport": _belong,
    "withdraw": _withdraw,
    "cancel": _cancel,
    "extend": _extend,
    "ship": _ship,
    "update": _update,
    "ask-to-cancel": _ask_to_cancel,
    "batch": _add_batch,
    "batch-total": _resize_batch,
    "open-late": _open_late,
    "close-late": _close_late,
    "agree": _answer_refund(agree=True),
    "decline": _answer_refund(agree=False),
}


@require_POST
@signed_in
def act(request: HttpRequest, campaign_id: UUID, act: str) -> HttpResponse:
    """What a maker does with a campaign."""
    _found, actor = _own(request, campaign_id)
    if act not in ACTS:
        raise NotFound
    try:
        messages.success(request, ACTS[act](request, campaign_id, actor, clock.now()))
    except NotFound:
        raise
    except Refusal as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason.text())
    if act in ("agree", "decline"):
        return redirect("console-backers", campaign_id)
    if act == "passport" or act in ("batch", "batch-total") and _found.state in EDITABLE:
        return redirect("console-edit", campaign_id)
    return redirect("console-campaign", campaign_id)
