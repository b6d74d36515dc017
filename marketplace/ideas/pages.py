"""Pages of solicitations: the hall, one with its ideas, proposing, endorsing, answering, and the moderator's review."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take
from backend.common import clock, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import queries as moderation
from backend.moderation import screening
from backend.moderation.pages import card as appeal_card
from marketplace import halls, posting_pages
from marketplace.ideas import queries
from marketplace.ideas.models import LEVELS, Solicitation
from marketplace.ideas.operations import course, drafts, ideas, reviews
from marketplace.ideas.operations.drafts import Terms
from marketplace.ideas.operations.shared import SOLICITATIONS
from marketplace.ideas.states import SOLICITATION, Asking, Proposed
from marketplace.invitations.models import PUBLIC
from marketplace.tasks.forms import whole

FIELDS = ("title", "summary", "brief", "category", "county", "level", "open_days", "visibility")


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All public solicitations, with facets whose every choice is in the address."""
    return halls.hall(request, kind="solicitation", machine=SOLICITATION, template="ideas/hall.html")


@require_GET
def solicitation(request: HttpRequest, solicitation_id: UUID) -> HttpResponse:
    """One solicitation: what is asked, its ideas, most endorsed first, and what came of it."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(solicitation_id, actor)
    order = request.GET.get("order", "endorsed")
    page = paging.page(
        queries.ideas_of(found, actor),
        order=queries.ORDERS.get(order, queries.ORDERS["endorsed"]),
        cursor=request.GET.get("cursor", ""),
        size=20,
    )
    is_mine = actor.party_id is not None and actor.party_id == found.owner_id
    context = {
        "nav": "work",
        "found": found,
        "page": page,
        "order": order if order in queries.ORDERS else "endorsed",
        "rest": f"order={order}&" if order in queries.ORDERS else "",
        "orders": (("endorsed", _("支持最多")), ("newest", _("最新提出"))),
        "endorsed": queries.endorsed_by(actor, page.rows),
        "is_mine": is_mine,
        "is_open": found.takes_ideas(now),
        "is_moderator": Role.MODERATOR in actor.roles,
        "appeal": appeal_card(request, "solicitation", found.pk) if is_mine and found.state == Asking.FROZEN else "",
        "most": max([idea.endorsements_n for idea in page.rows], default=0),
        "now": now,
    }
    return render(request, "ideas/solicitation.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: HttpRequest, solicitation_id: UUID) -> HttpResponse:
    """A new idea."""
    actor = actor_of(request)
    found = queries.visible(solicitation_id, actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = ideas.propose(
                solicitation_id=solicitation_id,
                title=request.POST.get("title", "")[:200],
                text=request.POST.get("text", "")[:10_000],
                by=actor,
                at=clock.now(),
            )
            return redirect("idea", made.pk)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    context = {"nav": "work", "found": found, "refusal": refusal, "form": request.POST}
    return render(request, "ideas/propose.html", context, status=refusal.status if refusal else 200)


@require_GET
def idea(request: HttpRequest, idea_id: UUID) -> HttpResponse:
    """One idea, with the poster's answer."""
    actor, now = actor_of(request), clock.now()
    found = queries.idea(idea_id, actor)
    is_mine = actor.party_id is not None and actor.party_id == found.author_id
    context = {
        "nav": "work",
        "idea": found,
        "found": found.solicitation,
        "is_mine": is_mine,
        "is_poster": actor.party_id is not None and actor.party_id == found.solicitation.owner_id,
        "is_moderator": Role.MODERATOR in actor.roles,
        "is_endorsed": found.pk in queries.endorsed_by(actor, [found]),
        "may_endorse": found.state == Proposed.SHOWN
        and found.solicitation.takes_ideas(now)
        and not is_mine
        and actor.person_id != found.person_id,
        "now": now,
    }
    return render(request, "ideas/idea.html", context)


@require_POST
@signed_in
def idea_step(request: HttpRequest, idea_id: UUID, act: str) -> HttpResponse:
    """Endorse, take that back, withdraw one's own, answer; the moderator hides and shows again."""
    actor = actor_of(request)
    queries.idea(idea_id, actor)
    words = request.POST.get("words", "")[:1_000]
    back = redirect("idea", idea_id)
    if act in ("hide", "unhide"):
        return take(
            request,
            lambda by, at: ideas.moderate(idea_id=idea_id, event=act, reason=words, by=by, at=at),
            _("已记录"),
            back,
        )
    if act not in ideas.STEPS:
        raise NotFound
    return take(request, lambda by, at: ideas.STEPS[act](idea_id, words, by, at), _("已记录"), back)


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My ideas, with their answers."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    page = paging.page(queries.mine(party_id), order=("-made_at", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    return render(request, "ideas/mine.html", {"nav": "work", "page": page, "now": clock.now()})


# --- the poster ----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All solicitations that I post; posting starts a new draft."""
    if request.method == "POST":
        made = drafts.start(by=actor_of(request), at=clock.now(), like=request.POST.get("like", ""))
        return redirect("solicitation-edit", made.pk)
    return posting_pages.board(request, SOLICITATIONS, SOLICITATION, kind="solicitation", template="ideas/board.html")


def terms_of(data: QueryDict) -> Terms:
    """The editor's fields."""
    names = ("title", "category", "county", "level")
    return Terms(
        **{name: data.get(name, "") for name in names},
        summary=data.get("summary", ""),
        brief=data.get("brief", "")[:30_000],
        open_days=whole(data, "open_days"),
        visibility=data.get("visibility", PUBLIC),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, solicitation_id: UUID) -> HttpResponse:
    """The editor of a draft; saving and submitting are one form, so that nothing unsaved is submitted."""
    actor = actor_of(request)
    found = queries.own(solicitation_id, actor)
    if found.state not in Asking.EDITABLE:
        return redirect("solicitation", solicitation_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            terms, version = terms_of(request.POST), whole(request.POST, "version")
            drafts.write(solicitation_id=solicitation_id, terms=terms, version=version, by=actor, at=clock.now())
            if request.POST.get("act") == "submit":
                drafts.submit(solicitation_id=solicitation_id, by=actor, at=clock.now())
                return redirect("solicitation", solicitation_id)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("solicitation-edit", solicitation_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
            found.refresh_from_db()
    form = {name: getattr(found, name) for name in FIELDS}
    if refusal:
        form |= {name: request.POST.get(name, "") for name in FIELDS if name in request.POST}
    context = {
        "nav": "work",
        "found": found,
        "refusal": refusal,
        "form": form,
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
        "levels": LEVELS,
        "returned": moderation.last_return(found.pk) if found.state == Asking.RETURNED else None,
        "appeal": appeal_card(request, "solicitation", found.pk) if found.state == Asking.RETURNED else "",
    }
    return render(request, "ideas/edit.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def step(request: HttpRequest, solicitation_id: UUID, act: str) -> HttpResponse:
    """The poster withdraws, or says what came of it."""
    queries.own(solicitation_id, actor_of(request))
    text = request.POST.get("text", "")[:10_000]

    def do(by: Actor, at: datetime) -> Solicitation:
        if act == "conclude":
            return course.conclude(solicitation_id=solicitation_id, text=text, by=by, at=at)
        return drafts.withdraw(solicitation_id=solicitation_id, by=by, at=at)

    if act not in ("conclude", "withdraw"):
        raise NotFound
    return take(request, do, _("已记录"), redirect("solicitation", solicitation_id))


# --- the moderator -------------------------------------------------------------------------------------------


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, solicitation_id: UUID) -> HttpResponse:
    """One solicitation as the moderator reads it, with the checklist."""
    found = queries.visible(solicitation_id, actor_of(request))
    context = {
        "nav": "review",
        "found": found,
        "checklist": reviews.REVIEWING.checklist.items(),
        "findings": list(screening.contacts("brief", f"{found.title}\n{found.summary}\n{found.brief}")),
        "history": moderation.history(solicitation_id),
        "appeal": moderation.appeal_of(solicitation_id),
    }
    return render(request, "ideas/review.html", context)


@require_POST
@staff(Role.MODERATOR)
def review_step(request: HttpRequest, solicitation_id: UUID, act: str) -> HttpResponse:
    """Approve, return, freeze, thaw."""
    queries.visible(solicitation_id, actor_of(request))
    return posting_pages.review_step(request, reviews.REVIEWING, solicitation_id, act, back="solicitation-review")
