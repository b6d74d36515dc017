"""Pages of profiles: what others see of somebody, one's own to write, and the work that fits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, files
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.engagements import queries as engagements
from marketplace.engagements.models import CLIENT, WORKER
from marketplace.profiles import queries
from marketplace.profiles.models import MOST_PIECES, Profile
from marketplace.profiles.operations import profiles
from marketplace.profiles.operations.profiles import Terms
from marketplace.tasks.forms import whole


@require_GET
def party(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """What somebody shows, what others say of them, and how they keep their contracts; nothing of who they are beyond the shown name."""
    now, actor = clock.now(), actor_of(request)
    context = {
        "nav": "work",
        "party": queries.shown_party(party_id),
        "profile": queries.profile_of(party_id),
        "pieces": queries.pieces_of(party_id, actor),
        "standing": engagements.reputation(party_id),
        "as_client": engagements.record_of(party_id, CLIENT, at=now),
        "as_worker": engagements.record_of(party_id, WORKER, at=now),
        "is_me": actor.party_id == party_id,
        "is_moderator": Role.MODERATOR in actor.roles,
        "done": engagements.completed_by([party_id]).get(party_id, 0),
    }
    return render(request, "profiles/party.html", context)


@require_GET
def picture(request: HttpRequest, piece_id: UUID) -> HttpResponse:
    """The picture of a piece."""
    found = queries.piece(piece_id, actor_of(request))
    return files.shown(found.sha256, found.mime)


def _terms_of(data: QueryDict) -> Terms:
    skills = data.get("skills", "").replace("，", ",").replace("、", ",").split(",")
    return Terms(
        headline=data.get("headline", "")[:200],
        text=data.get("text", "")[:6_000],
        skills=[one for one in skills if one.strip()],
        categories=data.getlist("categories")[:20],
        counties=data.getlist("counties")[:20],
        takes_work=data.get("takes_work") == "1",
    )


@require_http_methods(["GET", "POST"])
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My profile: what I can do, for whom and where; and what I show."""
    actor = actor_of(request)
    if actor.party_id is None:
        raise NotFound
    found = queries.profile_of(actor.party_id) or Profile(party_id=actor.party_id)
    refusal: Refusal | None = None
    terms: Terms | None = None
    if request.method == "POST":
        try:
            terms = _terms_of(request.POST)
            profiles.write(terms=terms, version=whole(request.POST, "version"), by=actor, at=clock.now())
            return take(request, lambda _by, _at: None, _("已保存"), redirect("profile-mine"))
        except Refusal as caught:
            refusal = caught
    said = terms or found
    context = {
        "nav": "work",
        "profile": found,
        "refusal": refusal,
        "form": {
            "headline": said.headline,
            "text": said.text,
            "skills": "、".join(said.skills),
            "categories": said.categories,
            "counties": said.counties,
            "takes_work": said.takes_work,
        },
        "pieces": queries.pieces_of(actor.party_id, actor),
        "most": MOST_PIECES,
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
        "party_id": actor.party_id,
    }
    return render(request, "profiles/mine.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def add(request: HttpRequest) -> HttpResponse:
    """Show a piece of my work."""
    title, text = request.POST.get("title", "")[:200], request.POST.get("words", "")[:600]

    def do(by: Actor, at: datetime) -> None:
        name, body = uploaded(request, most=files.MOST_BYTES)
        profiles.add_piece(title=title, text=text, name=name, body=body, by=by, at=at)

    return take(request, do, _("作品已添加"), redirect(f"{reverse('profile-mine')}#pieces"))


@require_POST
@signed_in
def remove(request: HttpRequest, piece_id: UUID) -> HttpResponse:
    """Show a piece no more."""
    return take(
        request,
        lambda by, _at: profiles.remove_piece(piece_id=piece_id, by=by),
        _("作品已移除"),
        redirect(f"{reverse('profile-mine')}#pieces"),
    )


@require_POST
@staff(Role.MODERATOR)
def moderate(request: HttpRequest, piece_id: UUID, act: str) -> HttpResponse:
    """A moderator takes a piece from view, or shows it again."""
    found = queries.piece(piece_id, actor_of(request))
    if act not in ("hide", "unhide"):
        raise NotFound
    reason = request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: profiles.moderate(piece_id=piece_id, hide=act == "hide", reason=reason, by=by, at=at),
        _("已记录"),
        redirect("work-party", found.profile_id),
    )


@require_GET
@signed_in
def suggested(request: HttpRequest) -> HttpResponse:
    """Open work that fits what I said of myself, and why each is shown."""
    actor = actor_of(request)
    if actor.party_id is None:
        raise NotFound
    found = queries.profile_of(actor.party_id)
    rows = queries.suggested(found) if found is not None else []
    has_said = found is not None and bool(found.skills or found.categories)
    context = {"nav": "work", "rows": rows, "has_said": has_said, "now": clock.now()}
    return render(request, "profiles/suggested.html", context)
