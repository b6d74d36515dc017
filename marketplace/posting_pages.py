"""What the pages of every kind of posted work share: the poster's board, paying in, deciding; and the moderator's decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backend.accounts.doors import actor_of, take
from backend.common import clock, paging
from backend.common.actors import Actor
from backend.common.errors import NotFound
from backend.common.states import Machine
from backend.payments.doors import to_cashier
from backend.payments.models import PaymentIntent
from marketplace.patterns import patterns
from marketplace.postings import Postings
from marketplace.reviewing import Reviewing

MOST_REASON = 600

Step = Callable[[UUID, str, Actor, datetime], Any]
"""What somebody decides about a thing with a reason alone, by the word in the address."""


def board(request: HttpRequest, postings: Postings[Any], machine: Machine, *, kind: str, template: str) -> HttpResponse:
    """All that I posted of one kind, by state, with the ways to begin another."""
    party_id, state = actor_of(request).party_id, request.GET.get("state", "")
    if party_id is None:
        raise NotFound
    rows = postings.posted_by(party_id)
    if state in machine.states:
        rows = rows.filter(state=state)
    counts = postings.counts_of(party_id)
    context = {
        "nav": "work",
        "page": paging.page(rows, order=("-created_at", "-id"), cursor=request.GET.get("cursor", ""), size=20),
        "counts": [(key, machine.word(key), counts[key]) for key in machine.states if key in counts],
        "state": state,
        "rest": f"state={state}&" if state in machine.states else "",
        "patterns": patterns(kind).values(),
        "now": clock.now(),
    }
    return render(request, template, context)


def pay(
    request: HttpRequest, key: UUID, order: Callable[[Actor, datetime], PaymentIntent], *, back: str
) -> HttpResponse:
    """Off to the cashier with the order; back to the page where that is refused."""
    sent: list[HttpResponse] = []

    def do(by: Actor, at: datetime) -> None:
        sent.append(to_cashier(request, order(by, at), at=at))

    reply = take(request, do, _("正在前往支付"), redirect(back, key))
    return sent[0] if sent else reply


def step(
    request: HttpRequest, key: UUID, act: str, steps: Mapping[str, Step], *, back: str, edit: str = "", done: str = ""
) -> HttpResponse:
    """What a poster decides about the whole thing; a copy is a draft, and leads into its editor."""
    if act not in steps:
        raise NotFound
    if act == "copy":
        return redirect(edit, steps[act](key, "", actor_of(request), clock.now()).pk)
    reason = request.POST.get("reason", "")[:MOST_REASON]
    return take(request, lambda by, at: steps[act](key, reason, by, at), done or _("已记录"), redirect(back, key))


def review_step(request: HttpRequest, reviewing: Reviewing, key: UUID, act: str, *, back: str) -> HttpResponse:
    """Approve, return, freeze, thaw; what was waiting leads back to the queue."""
    signed, reason = request.POST.getlist("checklist")[:30], request.POST.get("reason", "")[:MOST_REASON]
    return take(
        request,
        lambda by, at: reviewing.decide(act, subject_id=key, checklist=signed, reason=reason, by=by, at=at),
        _("已记录"),
        redirect("review-queue") if act in ("approve", "return") else redirect(back, key),
    )
