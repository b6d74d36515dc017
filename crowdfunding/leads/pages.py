"""Pages of led campaigns: the deal inbox, the candidacy, the dossier with everybody's decisions."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import NotFound, Refusal
from backend.common.fen import parse_yuan
from crowdfunding.campaigns import queries as campaigns
from crowdfunding.campaigns.operations.shared import is_affiliated
from crowdfunding.leads import cards, queries
from crowdfunding.leads.models import REWARDS
from crowdfunding.leads.operations import candidacies, follows, reports, rounds
from crowdfunding.leads.operations.candidacies import Dossier
from crowdfunding.leads.states import Leading, Reporting

FIELDS = ("stake", "reward_kind", "reward", "terms", "diligence", "conflicts", "is_related")


@require_GET
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """The deal inbox: campaigns that look for a lead, and what I lead."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    now = clock.now()
    page = paging.page(queries.seeking(), order=("state_at", "id"), cursor=request.GET.get("cursor", ""), size=20)
    mine = list(queries.led_by(party_id).order_by("-created_at", "-pk")[:50])
    context = {
        "nav": "my",
        "page": page,
        "rows": [(led, candidacies.stake_range(led.campaign, at=now)[0]) for led in page.rows],
        "mine": mine,
        "record": queries.record(party_id),
        "now": now,
    }
    return render(request, "leads/inbox.html", context)


def _dossier(data: QueryDict) -> Dossier:
    return Dossier(
        stake_fen=parse_yuan(data.get("stake", "").strip(), field="stake"),
        reward_kind=data.get("reward_kind", ""),
        reward=data.get("reward", "")[:400],
        terms=data.get("terms", "")[:4_000],
        diligence=data.get("diligence", "")[:40_000],
        conflicts=data.get("conflicts", "")[:4_000],
        is_related=bool(data.get("is_related")),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Offer to lead: stake, due diligence, terms, conflicts."""
    found = campaigns.public().filter(pk=campaign_id, is_led=True).first()
    if found is None:
        raise NotFound
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            dossier = _dossier(request.POST)
            lead = candidacies.propose(campaign_id=campaign_id, dossier=dossier, by=actor_of(request), at=clock.now())
            messages.success(request, _("申请已提交，等待发起人答复"))
            return redirect("lead", lead.pk)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    least, most = candidacies.stake_range(found, at=clock.now())
    context = {
        "nav": "my",
        "campaign": found,
        "least_fen": least,
        "most_fen": most,
        "rewards": [key for key, _word in REWARDS],
        "refusal": refusal,
        "form": {name: request.POST.get(name, "") for name in FIELDS},
    }
    return render(request, "leads/propose.html", context, status=refusal.status if refusal else 200)


@require_GET
def lead(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """One lead: stake, terms, due diligence, conflicts, record, reports, and what I may decide."""
    actor = actor_of(request)
    found = queries.visible(lead_id, actor)
    now, campaign = clock.now(), found.campaign
    is_mine = actor.party_id is not None and actor.party_id == found.party_id
    waiting = found.state in (Leading.PROPOSED, Leading.AGREED, Leading.CHECKED)
    filed = found.reports.exclude(state=Reporting.VOID).order_by("-no")[:50]
    context = {
        "nav": "my" if is_mine else "browse",
        "lead": found,
        "campaign": campaign,
        "card": cards.shown(campaign, [found])[0],
        "is_mine": is_mine,
        "is_maker": actor.party_id is not None and actor.party_id == campaign.owner_id,
        "may_check": Role.MODERATOR in actor.roles
        and not is_affiliated(campaign, actor)
        and actor.person_id != found.party_id,
        "until": rounds.candidate_until(found, at=now) if waiting else None,
        "reports": list(filed),
        "now": now,
    }
    return render(request, "leads/lead.html", context)


DONE = {
    "agree": "已同意，等待平台审核",
    "decline": "已谢绝",
    "check": "已通过",
    "refuse": "已退回",
    "withdraw": "已退出，领投款项将原路退回",
    "remove": "已撤换，跟投人将收到通知",
}


@require_POST
@signed_in
def act(request: HttpRequest, lead_id: UUID, act: str) -> HttpResponse:
    """What maker, moderator or lead decides about a lead."""
    if act not in candidacies.STEPS:
        raise NotFound
    queries.visible(lead_id, actor_of(request))
    do, reason = candidacies.STEPS[act], request.POST.get("reason", "")[:300]
    return take(request, lambda by, at: do(lead_id, reason, by, at), _(DONE[act]), redirect("lead", lead_id))


@require_POST
@signed_in
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """A lead files a report."""
    found = reports.own(report_id, actor_of(request))
    body = request.POST.get("body", "")[:20_000]
    return take(
        request,
        lambda by, at: reports.file(report_id=report_id, body=body, by=by, at=at),
        _("报告已提交，跟投人会收到通知"),
        redirect("lead", found.lead_id),
    )


@require_POST
@signed_in
def choose(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker decides whether backers follow a lead."""
    is_led = request.POST.get("is_led") == "1"
    return take(
        request,
        lambda by, at: candidacies.choose_led(campaign_id=campaign_id, is_led=is_led, by=by, at=at),
        _("已保存"),
        redirect("console-campaign", campaign_id),
    )


@require_POST
@signed_in
def confirm(request: HttpRequest, pledge_id: UUID, lead_id: UUID) -> HttpResponse:
    """A follower stays, under another lead."""
    return take(
        request,
        lambda by, at: follows.confirm(pledge_id=pledge_id, lead_id=lead_id, by=by, at=at),
        _("已确认继续支持"),
        redirect("pledge", pledge_id),
    )
