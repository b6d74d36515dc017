"""Pages of tasks for everybody and for bidders: the hall, a task, questions, the bid under seal, what I keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from marketplace import halls
from marketplace.engagements import queries as engagements
from marketplace.engagements.models import CLIENT
from marketplace.tasks import diffs, queries
from marketplace.tasks.forms import proposal_of, whole
from marketplace.tasks.models import Task
from marketplace.tasks.operations import awards, bids, drafts, inquiries
from marketplace.tasks.operations.shared import is_affiliated
from marketplace.tasks.states import TASK, Bidding, Posting

ORDERS = (("newest", "最新发布", "Newest"), ("closing", "即将开标", "Closing soon"))


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All public tasks."""
    return halls.hall(request, kind="task", machine=TASK, template="tasks/hall.html", orders=ORDERS)


@require_GET
def task(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """One task: what is wanted, by when, for how much, what was asked; and what I may do."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(task_id, actor)
    own = queries.bid_of(found, actor.party_id)
    is_mine = actor.party_id is not None and actor.party_id == found.owner_id
    contract = _contract_of(found)
    context = {
        "nav": "work",
        "task": found,
        "files": list(found.files.order_by("name", "pk")[: drafts.MOST_FILES]),
        "inquiries": queries.inquiries(found),
        "versions": list(found.versions.order_by("-no")[:20]),
        "changes": diffs.changes_since(found, own.terms_no)
        if own is not None and own.state == Bidding.UNCONFIRMED
        else [],
        "spread": queries.spread(found),
        "bid": own,
        "is_mine": is_mine,
        "may_bid": not is_mine and found.takes_bids(now) and not is_affiliated(found, actor),
        "may_ask": not is_mine and inquiries.takes_questions(found, now),
        "contract": contract if contract and actor.party_id in (contract.client_id, contract.worker_id) else None,
        "standing": engagements.reputation(found.owner_id),
        "record": engagements.record_of(found.owner_id, CLIENT, at=now),
        "is_moderator": Role.MODERATOR in actor.roles,
        "states": Posting,
        "now": now,
    }
    return render(request, "tasks/task.html", context)


def _contract_of(found: Task) -> Any:
    chosen = found.bids.filter(state__in=(Bidding.AWARDED, Bidding.CONTRACTED)).first()
    return engagements.of_subject(awards.KIND, chosen.pk) if chosen else None


@require_GET
def file(request: HttpRequest, task_id: UUID, file_id: UUID) -> HttpResponse:
    """A file of the brief, to be saved and not shown."""
    found = queries.file_of(task_id, file_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"task-{str(found.pk)[-12:]}")


@require_http_methods(["GET", "POST"])
@signed_in
def bid(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The bid: written, sealed, and shown once more as the receipt that only its bidder ever gets."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(task_id, actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            receipt = bids.seal(
                task_id=task_id,
                proposal=proposal_of(request.POST),
                terms_no=whole(request.POST, "terms_no"),
                by=actor,
                at=now,
            )
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
        else:
            context = {"nav": "work", "task": found, "bid": receipt.bid, "plain": receipt.plain}
            return render(request, "tasks/receipt.html", context)
    context = {
        "nav": "work",
        "task": found,
        "bid": queries.bid_of(found, actor.party_id),
        "refusal": refusal,
        "form": {name: request.POST.get(name, "") for name in ("amount", "days", "text")},
        "is_open": found.takes_bids(now),
    }
    return render(request, "tasks/bid.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def bid_act(request: HttpRequest, task_id: UUID, act: str) -> HttpResponse:
    """The bidder confirms on changed terms, or takes the bid back."""
    queries.visible(task_id, actor_of(request))

    def do(by: Actor, at: datetime) -> object:
        if act == "withdraw":
            return bids.withdraw(task_id=task_id, by=by, at=at)
        return bids.confirm(task_id=task_id, terms_no=whole(request.POST, "terms_no"), by=by, at=at)

    if act not in ("withdraw", "confirm"):
        raise NotFound
    done = _("应标已撤回，没有人看过内容") if act == "withdraw" else _("已按新条款确认")
    return take(request, do, done, redirect("task", task_id))


@require_POST
@signed_in
def ask(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Ask for everybody to read."""
    queries.visible(task_id, actor_of(request))
    text = request.POST.get("text", "")[:1_000]
    return take(
        request,
        lambda by, at: inquiries.ask(task_id=task_id, text=text, by=by, at=at),
        _("问题已提交，答复对所有人公开"),
        redirect("task", task_id),
    )


@require_POST
@signed_in
def answer(request: HttpRequest, task_id: UUID, inquiry_id: UUID) -> HttpResponse:
    """The poster answers for everybody to read."""
    queries.own(task_id, actor_of(request))
    text = request.POST.get("text", "")[:2_000]
    return take(
        request,
        lambda by, at: inquiries.answer(inquiry_id=inquiry_id, text=text, by=by, at=at),
        _("已答复，所有人可见"),
        redirect("task", task_id),
    )


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """A worker's side: what waits for me and until when, my bids."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    page = paging.page(
        queries.bids_of(party_id), order=("-made_at", "-id"), cursor=request.GET.get("cursor", ""), size=20
    )
    context = {
        "nav": "work",
        "waiting": engagements.waiting(party_id),
        "page": page,
        "earned": engagements.earned(party_id),
        "now": clock.now(),
    }
    return render(request, "tasks/mine.html", context)
