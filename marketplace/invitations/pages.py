"""Pages of invitations: coming in by an address, what I was let in to see, and a new address."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.common import clock
from backend.common.errors import NotFound
from marketplace.invitations import operations, queries
from marketplace.kinds_of_work import kind_of


@require_GET
@signed_in
def come_in(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Whoever was sent this address may see the work."""
    work = kind_of(kind)
    found = operations.come_in(work.postings, kind, code, by=actor_of(request), at=clock.now())
    return redirect(work.url.format(found.pk))


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """The work of every kind that I was let in to see."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    rows, next_cursor = queries.invited_to(party_id, cursor=request.GET.get("cursor", ""))
    return render(request, "invitations/mine.html", {"nav": "work", "rows": rows, "next_cursor": next_cursor})


@require_POST
@signed_in
def renew(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """A new address; the old one opens nothing any more."""
    work = kind_of(kind)
    operations.own(work.postings, subject_id, by=actor_of(request))
    return take(
        request,
        lambda by, _at: operations.renew(work.postings, subject_id, by=by),
        _("邀请链接已更换"),
        redirect(work.url.format(subject_id)),
    )
