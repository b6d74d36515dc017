"""Pages of match pots: the list, a sponsor's offer, one pot with its figures and decisions."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.accounts.queries import people_behind
from backend.common import clock, paging, rules
from backend.common.actors import Role
from backend.common.days import parse_day
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.fen import parse_yuan
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.payments.doors import to_cashier
from crowdfunding.pots import queries
from crowdfunding.pots.operations import pots as operations
from crowdfunding.pots.operations.pots import Plan
from crowdfunding.pots.states import Pooling

FIELDS = ("title", "purpose", "amount", "ratio", "per_project", "per_person", "opens_on", "ends_on")


@require_GET
def pots(request: HttpRequest) -> HttpResponse:
    """Whose money goes with pledges now, and went before; a sponsor's own first."""
    party_id = actor_of(request).party_id
    page = paging.page(queries.public(), order=("-opens_at", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    figures = queries.figures_of(page.rows)
    context = {
        "nav": "browse",
        "page": page,
        "rows": [(pot, figures[pot.pk]) for pot in page.rows],
        "mine": list(queries.of_sponsor(party_id)[:20]) if party_id is not None else [],
    }
    return render(request, "pots/pots.html", context)


def _plan(data: QueryDict) -> Plan:
    ratio = data.get("ratio", "").strip()
    if not (ratio.isascii() and ratio.isdigit() and len(ratio) < 6):
        raise Invalid("请填写配捐比例（百分数）", "Enter the ratio in percent", field="ratio")
    return Plan(
        title=data.get("title", "")[:120],
        purpose=data.get("purpose", "")[:4_000],
        amount_fen=parse_yuan(data.get("amount", "").strip(), field="amount"),
        ratio_bp=int(ratio) * 100,
        per_project_fen=parse_yuan(data.get("per_project", "").strip(), field="per_project"),
        per_person_fen=parse_yuan(data.get("per_person", "").strip(), field="per_person"),
        categories=tuple(data.getlist("categories")[:20]),
        counties=tuple(data.getlist("counties")[:20]),
        opens_at=_midnight(data.get("opens_on", ""), "opens_on"),
        closes_at=_midnight(data.get("ends_on", ""), "ends_on") + timedelta(days=1),
    )


def _midnight(text: str, field: str) -> datetime:
    """The beginning of a day in Shanghai."""
    day = parse_day(text, field=field)
    if day is None:
        raise Invalid("请填写日期", "Enter a date", field=field)
    return datetime.combine(day, time(), rules.SHANGHAI)


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: HttpRequest) -> HttpResponse:
    """A sponsor's offer: how much, at what ratio, for whom, until when."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = operations.propose(plan=_plan(request.POST), by=actor_of(request), at=clock.now())
            messages.success(request, _("方案已提交，等待平台审核"))
            return redirect("pot", made.pk)
        except Refusal as caught:
            refusal = caught
    now = clock.now()
    context = {
        "nav": "my",
        "refusal": refusal,
        "form": {name: request.POST.get(name, "") for name in FIELDS},
        "chosen": {*request.POST.getlist("categories"), *request.POST.getlist("counties")},
        "categories": CATEGORY_KEYS,
        "counties": COUNTIES,
        "most_percent": rules.value("pots.ratio_most_bp", at=now) // 100,
        "least_fen": rules.value("pots.amount_least_fen", at=now),
    }
    return render(request, "pots/propose.html", context, status=refusal.status if refusal else 200)


@require_GET
def pot(request: HttpRequest, pot_id: UUID) -> HttpResponse:
    """One pot: its terms, where its money is, what it went with, what happens next, and what I may decide."""
    actor = actor_of(request)
    found = queries.visible(pot_id, actor)
    is_mine = operations.is_sponsor(found, actor)
    may_review = Role.MODERATOR in actor.roles and actor.person_id not in people_behind(found.sponsor_id)
    context = {
        "nav": "my" if is_mine else "browse",
        "pot": found,
        "figures": queries.figures(found),
        "projects": queries.projects(found),
        "is_mine": is_mine,
        "may_review": may_review,
        "may_stop": (is_mine or may_review) and found.state in (Pooling.FUNDED, Pooling.OPEN, Pooling.EXHAUSTED),
    }
    return render(request, "pots/pot.html", context)


@require_POST
@signed_in
def pay(request: HttpRequest, pot_id: UUID) -> HttpResponse:
    """The sponsor goes to the cashier; one order is paid once however often this is pressed."""
    actor, now = actor_of(request), clock.now()
    queries.visible(pot_id, actor)
    try:
        intent = operations.order(pot_id=pot_id, by=actor, at=now)
        return to_cashier(request, intent, at=now)
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
        return redirect("pot", pot_id)


DONE = {
    "approve": "已通过，等待出资方注资",
    "decline": "已退回",
    "withdraw": "已撤回",
    "stop": "已停止配捐，已配部分不变",
}


@require_POST
@signed_in
def act(request: HttpRequest, pot_id: UUID, act: str) -> HttpResponse:
    """What sponsor or moderator decides about a pot."""
    if act not in operations.STEPS:
        raise NotFound
    queries.visible(pot_id, actor_of(request))
    do, reason = operations.STEPS[act], request.POST.get("reason", "")[:300]
    return take(request, lambda by, at: do(pot_id, reason, by, at), _(DONE[act]), redirect("pot", pot_id))
