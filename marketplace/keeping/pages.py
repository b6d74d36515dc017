"""Pages of keeping: my favourites, keeping an eye on something, keeping a search."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.common.errors import NotFound
from marketplace.keeping import operations, queries
from marketplace.kinds_of_work import kind_of


@require_GET
@signed_in
def favourites(request: HttpRequest) -> HttpResponse:
    """The work that I keep an eye on, of every kind, and the searches that I kept."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    rows, next_cursor = queries.favourites(party_id, cursor=request.GET.get("cursor", ""))
    searches = [(one, kind_of(one.kind)) for one in queries.searches(party_id)]
    context = {"nav": "work", "rows": rows, "next_cursor": next_cursor, "searches": searches}
    return render(request, "keeping/favourites.html", context)


@require_POST
@signed_in
def favour(request: HttpRequest, kind: str, subject_id: UUID) -> HttpResponse:
    """Keep an eye on a piece of work, or no longer."""
    back = redirect(kind_of(kind).url.format(subject_id))
    if request.POST.get("on") == "1":
        return take(
            request,
            lambda by, at: operations.favour(kind=kind, subject_id=subject_id, by=by, at=at),
            _("已收藏"),
            back,
        )
    return take(
        request,
        lambda by, _at: operations.let_go(kind=kind, subject_id=subject_id, by=by),
        _("已取消收藏"),
        _back(request, back),
    )


def _back(request: HttpRequest, otherwise: HttpResponseRedirect) -> HttpResponseRedirect:
    """To my favourites where the button stood there: what was let go may be there for me no longer."""
    came = urlsplit(request.headers.get("referer", ""))
    ours = url_has_allowed_host_and_scheme(came.geturl(), {request.get_host()}, require_https=request.is_secure())
    return redirect("favourites") if ours and came.path == "/work/favourites/" else otherwise


@require_POST
@signed_in
def save_search(request: HttpRequest, kind: str) -> HttpResponse:
    """Keep a search of a hall."""
    data, hall = request.POST, kind_of(kind).hall
    return take(
        request,
        lambda by, at: operations.save_search(
            kind=kind, name=data.get("name", ""), query=data.get("query", "")[:1_000], by=by, at=at
        ),
        _("筛选已保存"),
        redirect(hall),
    )


@require_POST
@signed_in
def drop_search(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """Let a kept search go."""
    return take(
        request,
        lambda by, _at: operations.drop_search(search_id=search_id, by=by),
        _("已删除"),
        redirect("favourites"),
    )
