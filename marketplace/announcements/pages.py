"""Pages of announcements: what was announced about a work, and for its poster the form."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take
from backend.common import clock, paging, rules
from backend.common.actors import Role
from backend.common.errors import NotFound
from marketplace.announcements import operations, queries
from marketplace.kinds_of_work import kind_of


@require_GET
def announcements(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """What was announced about a work, the latest first."""
    actor, now = actor_of(request), clock.now()
    found = queries.subject(kind, subject_id, actor)
    page = paging.page(
        queries.of_subject(kind, subject_id, actor),
        order=("-at", "-id"),
        cursor=request.GET.get("cursor", ""),
        size=20,
    )
    context = {
        "nav": "work",
        "found": found,
        "kind": kind,
        "url": kind_of(kind).url.format(subject_id),
        "page": page,
        "is_mine": actor.party_id is not None and actor.party_id == found.owner_id,
        "is_moderator": Role.MODERATOR in actor.roles,
        "most": rules.value("announcements.a_day", at=now),
    }
    return render(request, "announcements/announcements.html", context)


@require_POST
@signed_in
def announce(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """Say something to everybody who takes part."""
    kind_of(kind).postings.own(subject_id, actor_of(request))
    text = request.POST.get("text", "")[:2_000]
    return take(
        request,
        lambda by, at: operations.announce(kind=kind, subject_id=subject_id, text=text, by=by, at=at),
        _("公告已发布，参与者都会收到通知"),
        redirect("announcements", kind, subject_id),
    )


@require_POST
@staff(Role.MODERATOR)
def moderate(request: HttpRequest, announcement_id: UUID, act: str) -> HttpResponse:
    """A moderator takes an announcement from view, or shows it again."""
    found = queries.one(announcement_id)
    if act not in ("hide", "unhide"):
        raise NotFound
    reason = request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: operations.moderate(
            announcement_id=announcement_id, hide=act == "hide", reason=reason, by=by, at=at
        ),
        _("已记录"),
        redirect("announcements", found.kind, found.subject_id),
    )
