"""Pages of appeals: filing one, and the moderator's answer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take
from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.moderation import appeals, queries


def card(request: HttpRequest, kind: str, subject_id: UUID) -> str:
    """On the owner's page of a thing: the appeal about it, or the form for one; empty where neither is."""
    appeal = queries.appeal_of(subject_id)
    may_file = appeals.may_appeal(kind, subject_id, at=clock.now())
    if appeal is None and not may_file:
        return ""
    context = {"appeal": appeal, "may_file": may_file, "kind": kind, "subject_id": subject_id}
    return render_to_string("moderation/card.html", context, request)


@require_POST
@signed_in
def file_appeal(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """The owner appeals."""
    if kind not in appeals.SUBJECTS:
        raise NotFound
    text = request.POST.get("text", "")[:3_000]
    return take(
        request,
        lambda by, at: appeals.file_appeal(kind=kind, subject_id=subject_id, text=text, by=by, at=at),
        _("申诉已提交，由另一位审核员答复"),
        redirect(appeals.SUBJECTS[kind].url.format(subject_id)),
    )


@require_GET
@staff(Role.MODERATOR)
def appeal(request: HttpRequest, appeal_id: UUID) -> HttpResponse:
    """An appeal as the moderator reads it: the decision, what is said against it, and the matter itself."""
    found = queries.appeal_for(appeal_id, actor_of(request))
    url = appeals.SUBJECTS[found.kind].staff_url.format(found.subject_id)
    is_own = found.against.person_id == actor_of(request).person_id
    return render(request, "moderation/appeal.html", {"nav": "review", "appeal": found, "url": url, "is_own": is_own})


@require_POST
@signed_in
def act(request: HttpRequest, appeal_id: UUID, act: str) -> HttpResponse:
    """What moderator or appellant decides about an appeal."""
    if act not in appeals.STEPS:
        raise NotFound
    actor = actor_of(request)
    found = queries.appeal_for(appeal_id, actor)
    is_own = actor.party_id == found.appellant_id
    back = redirect(appeals.SUBJECTS[found.kind].url.format(found.subject_id)) if is_own else redirect("review-queue")
    do, reason = appeals.STEPS[act], request.POST.get("reason", "")[:2_000]
    return take(request, lambda by, at: do(appeal_id, reason, by, at), _("已记录"), back)
