"""Pages of short harvests: the clause in the editor, the maker's word, and the moderator's check."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, take, uploaded
from backend.accounts.queries import people_behind
from backend.common import files
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from crowdfunding.campaigns.queries import of_maker
from crowdfunding.harvest import queries
from crowdfunding.harvest.operations import clauses, shortfalls
from crowdfunding.harvest.operations.shortfalls import Word
from crowdfunding.harvest.states import Falling


def _percent(text: str, field: str) -> int:
    text = text.strip().removesuffix("%").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Invalid("请填写百分数", "Enter a percentage", field=field)
    return int(text)


@require_POST
@signed_in
def clause(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker agrees on the clause, or takes it out."""
    of_maker(campaign_id, actor_of(request).party_id)
    data = request.POST

    def agree(by: Actor, at: datetime) -> None:
        if data.get("act") == "drop":
            clauses.drop(campaign_id=campaign_id, by=by)
            return
        least = _percent(data.get("least_percent", ""), "least_percent")
        clauses.agree(campaign_id=campaign_id, least_percent=least, basis=data.get("basis", "")[:400], by=by, at=at)

    return take(request, agree, _("已保存"), redirect("console-edit", campaign_id))


@require_POST
@signed_in
def declare(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker says how much came in."""
    of_maker(campaign_id, actor_of(request).party_id)
    data = request.POST

    def say(by: Actor, at: datetime) -> None:
        proof = uploaded(request, most=files.MOST_BYTES) if request.FILES.get("file") else None
        word = Word(_percent(data.get("percent", ""), "percent"), data.get("account", "")[:8_000], proof)
        shortfalls.declare(campaign_id=campaign_id, word=word, by=by, at=at)

    back = redirect("console-campaign", campaign_id)
    return take(request, say, _("已提交，由平台核实；支持者已收到通知"), back)


@require_GET
@signed_in
def shortfall(request: HttpRequest, shortfall_id: UUID) -> HttpResponse:
    """What the maker says, what it would mean for backers and escrow, and the decision."""
    actor = actor_of(request)
    found = queries.visible(shortfall_id, actor)
    may_review = Role.MODERATOR in actor.roles and actor.person_id not in people_behind(found.campaign.owner_id)
    context = {
        "nav": "review" if may_review else "console",
        "said": found,
        "campaign": found.campaign,
        "clause": queries.clause_of(found.campaign),
        "figures": queries.figures(found),
        "held_fen": books.available(ledger.escrow_of("campaign", found.campaign_id)),
        "may_review": may_review and found.state == Falling.DECLARED,
        "is_mine": actor.party_id == found.campaign.owner_id,
    }
    return render(request, "harvest/shortfall.html", context)


@require_GET
@signed_in
def proof(request: HttpRequest, shortfall_id: UUID) -> HttpResponse:
    """The maker's file, to be saved."""
    found = queries.visible(shortfall_id, actor_of(request))
    if not found.sha256:
        raise NotFound
    return files.attachment(found.sha256, found.mime, "harvest")


DONE = {"confirm": "已核实", "refuse": "已记录为不予核实", "withdraw": "已撤回"}


@require_POST
@signed_in
def act(request: HttpRequest, shortfall_id: UUID, act: str) -> HttpResponse:
    """What maker or moderator decides about it."""
    if act not in shortfalls.STEPS:
        raise NotFound
    queries.visible(shortfall_id, actor_of(request))
    do, reason = shortfalls.STEPS[act], request.POST.get("reason", "")[:600]
    back = redirect("shortfall", shortfall_id)
    return take(request, lambda by, at: do(shortfall_id, reason, by, at), _(DONE[act]), back)
