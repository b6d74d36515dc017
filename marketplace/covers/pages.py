"""Pages of covers: the picture itself, and giving it or taking it away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take, to_sign_in, uploaded
from backend.common import files
from backend.common.actors import Actor
from backend.common.errors import NotFound
from backend.listings import queries as listings
from marketplace.covers import operations
from marketplace.kinds_of_work import kind_of


@require_http_methods(["GET", "POST"])
def cover(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """The picture, for whoever may see the work; its poster gives another one."""
    work, actor = kind_of(kind), actor_of(request)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return to_sign_in(request)
        work.postings.own(subject_id, actor)
        return _changed(request, kind, subject_id)
    work.postings.visible(subject_id, actor)
    found = listings.cover_of(kind, subject_id)
    if found is None:
        raise NotFound
    return files.shown(found.cover_sha256, found.cover_mime)


def _changed(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    def do(by: Actor, _at: datetime) -> None:
        name, body = uploaded(request, most=files.MOST_BYTES)
        operations.choose(kind=kind, subject_id=subject_id, name=name, body=body, by=by)

    return take(request, do, _("封面已保存"), redirect(f"{kind_of(kind).url.format(subject_id)}edit/"))


@require_POST
@signed_in
def remove(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """Take the picture away."""
    work = kind_of(kind)
    work.postings.own(subject_id, actor_of(request))
    return take(
        request,
        lambda by, _at: operations.remove(kind=kind, subject_id=subject_id, by=by),
        _("封面已移除"),
        redirect(f"{work.url.format(subject_id)}edit/"),
    )
