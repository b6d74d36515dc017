"""Pages of knowledge: the hall, an entry with its versions and what differs, writing a change, reviewing one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take
from backend.common import clock, paging, richtext
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import screening
from marketplace import halls
from marketplace.knowledge import queries
from marketplace.knowledge.diffs import diff
from marketplace.knowledge.licences import LICENCES
from marketplace.knowledge.models import Article, Change, Version
from marketplace.knowledge.operations import changes, course, verdicts
from marketplace.knowledge.operations.changes import Terms
from marketplace.knowledge.states import ENTRY, Changing, Shelved
from marketplace.tasks.forms import whole

FIELDS = ("title", "summary", "text", "note", "licence")
NEW_FIELDS = ("category", "county")


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All published entries, with facets whose every choice is in the address."""
    more = {"may_review": queries.may_review(actor_of(request), at=clock.now())}
    orders = (("newest", "最近更新", "Latest change"),)
    return halls.hall(request, kind="article", machine=ENTRY, template="knowledge/hall.html", orders=orders, more=more)


@require_GET
def article(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """An entry as it is now."""
    actor = actor_of(request)
    found = queries.visible(article_id, actor)
    return _version_page(request, found, queries.version_of(found, found.current_no))


@require_GET
def version(request: HttpRequest, article_id: UUID, no: int) -> HttpResponse:
    """An entry as it was."""
    found = queries.visible(article_id, actor_of(request))
    return _version_page(request, found, queries.version_of(found, no))


def _version_page(request: HttpRequest, found: Article, shown: Version) -> HttpResponse:
    actor = actor_of(request)
    context = {
        "nav": "work",
        "article": found,
        "version": shown,
        "licence": LICENCES[found.licence],
        "credited": queries.credited(found),
        "mine": queries.open_change(found, actor),
        "gaps": queries.open_gaps(found),
        "may_change": found.state == Shelved.PUBLISHED and shown.no == found.current_no,
        "is_moderator": Role.MODERATOR in actor.roles,
    }
    return render(request, "knowledge/article.html", context)


@require_GET
def history(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """All versions of an entry, the latest first."""
    found = queries.visible(article_id, actor_of(request))
    page = paging.page(queries.versions_of(found), order=("-no", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    return render(request, "knowledge/history.html", {"nav": "work", "article": found, "page": page})


@require_GET
def difference(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """What differs between two versions of an entry."""
    found = queries.visible(article_id, actor_of(request))
    to = whole(request.GET, "to") if request.GET.get("to") else found.current_no
    since = whole(request.GET, "from") if request.GET.get("from") else max(1, to - 1)
    old, new = queries.version_of(found, since), queries.version_of(found, to)
    context = {"nav": "work", "article": found, "old": old, "new": new, "parts": _parts(old, new)}
    return render(request, "knowledge/diff.html", context)


def _parts(old: Version | None, new: Version | Change) -> list[tuple[str, object]]:
    """By field what differs, those left out that do not."""
    words = ((_("标题"), "title"), (_("一句话说明"), "summary"), (_("正文"), "text"))
    found = [(word, diff(getattr(old, name) if old else "", getattr(new, name))) for word, name in words]
    return [(word, lines) for word, lines in found if lines]


@require_GET
def download(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """An entry as Markdown, with its licence and whose words it is."""
    found = queries.visible(article_id, actor_of(request))
    shown, licence = queries.version_of(found, found.current_no), LICENCES[found.licence]
    names = "、".join(queries.credited(found))
    text = f"# {shown.title}\n\n{shown.text}\n\n---\n\n{names} · {licence.name} · {licence.url} · v{shown.no}\n"
    reply = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    reply.headers["Content-Disposition"] = f'attachment; filename="knowledge-{str(found.pk)[-12:]}.md"'
    return reply


@require_POST
@staff(Role.MODERATOR)
def moderate(request: HttpRequest, article_id: UUID, act: str) -> HttpResponse:
    """A moderator hides an entry, or shows it again."""
    queries.visible(article_id, actor_of(request))
    if act not in ("hide", "unhide"):
        raise NotFound
    reason = request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: course.moderate(article_id=article_id, event=act, reason=reason, by=by, at=at),
        _("已记录"),
        redirect("article", article_id),
    )


# --- authors -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My changes, with how each stands; posting begins a new entry."""
    actor = actor_of(request)
    if actor.party_id is None:
        raise NotFound
    if request.method == "POST":
        return redirect("change-edit", changes.start(by=actor, at=clock.now()).pk)
    page = paging.page(
        queries.changes_of(actor.party_id),
        order=("-made_at", "-id"),
        cursor=request.GET.get("cursor", ""),
        size=20,
    )
    context = {"nav": "work", "page": page, "may_review": queries.may_review(actor, at=clock.now())}
    return render(request, "knowledge/mine.html", context)


@require_POST
@signed_in
def propose(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """Begin a change to an entry."""
    queries.visible(article_id, actor_of(request))
    made: list[Change] = []

    def do(by: Actor, at: datetime) -> None:
        made.append(changes.propose(article_id=article_id, by=by, at=at))

    reply = take(request, do, _("请修改后提交评审"), redirect("article", article_id))
    return redirect("change-edit", made[0].pk) if made else reply


def terms_of(data: QueryDict) -> Terms:
    """The editor's fields."""
    return Terms(
        **{name: data.get(name, "") for name in ("title", "summary", "note", "licence", "category", "county")},
        text=data.get("text", "")[:60_000].replace("\r\n", "\n"),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """The editor of a change; saving and handing in are one form, so that nothing unsaved is handed in."""
    actor = actor_of(request)
    found = queries.own(change_id, actor)
    if found.state not in Changing.EDITABLE:
        return redirect("change", change_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            terms, shown = terms_of(request.POST), whole(request.POST, "version")
            changes.write(change_id=change_id, terms=terms, version=shown, by=actor, at=clock.now())
            if request.POST.get("act") == "submit":
                changes.submit(change_id=change_id, by=actor, at=clock.now())
                return redirect("change", change_id)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("change-edit", change_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
            found.refresh_from_db()
    form = {name: getattr(found, name) for name in FIELDS} | {name: getattr(found.article, name) for name in NEW_FIELDS}
    if refusal:
        form |= {name: request.POST.get(name, "") for name in (*FIELDS, *NEW_FIELDS) if name in request.POST}
    entry = found.article
    context = {
        "nav": "work",
        "change": found,
        "article": entry,
        "is_new": entry.state == Shelved.BLANK,
        "is_outdated": found.base_no != entry.current_no,
        "refusal": refusal,
        "form": form,
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
        "licences": [(key, LICENCES[key]) for key in (LICENCES[entry.licence].accepts if entry.licence else LICENCES)],
        "entry_licence": LICENCES[entry.licence].name if entry.licence else "",
    }
    return render(request, "knowledge/edit.html", context, status=refusal.status if refusal else 200)


@require_GET
@signed_in
def change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One change: what it changes, how it stands, and what whoever reads it may do."""
    actor = actor_of(request)
    found = queries.readable(change_id, actor)
    entry, is_mine = found.article, actor.party_id == found.author_id
    base = queries.base_of(found)
    latest = (
        Version.objects.filter(article=entry, no=entry.current_no).first()
        if found.base_no != entry.current_no
        else None
    )
    is_waiting = found.state in Changing.WAITING
    context = {
        "nav": "work",
        "change": found,
        "article": entry,
        "parts": _parts(base, found),
        "moved_on": _parts(base, latest) if latest is not None and found.state in Changing.OPEN else [],
        "is_outdated": latest is not None and found.state in Changing.OPEN,
        "licence": LICENCES.get(found.licence),
        "preview": richtext.render(found.text),
        "is_mine": is_mine,
        "may_take": found.state == Changing.REVIEW and not is_mine and queries.may_review(actor, at=clock.now()),
        "is_in_hand": found.state == Changing.REVIEWING and found.reviewer_id == actor.person_id,
        "findings": list(screening.contacts("text", found.text)) if is_waiting and not is_mine else [],
        "now": clock.now(),
    }
    return render(request, "knowledge/change.html", context)


@require_POST
@signed_in
def change_step(request: HttpRequest, change_id: UUID, act: str) -> HttpResponse:
    """What an author or a reviewer does with a change."""
    actor = actor_of(request)
    queries.readable(change_id, actor)
    comment = request.POST.get("comment", "")[:2_000]
    if act in changes.STEPS:
        return take(
            request, lambda by, at: changes.STEPS[act](change_id, by, at), _("已记录"), redirect("change", change_id)
        )
    if act not in verdicts.STEPS:
        raise NotFound
    back = redirect("change", change_id) if act in ("take", "publish") else redirect("knowledge-reviews")
    return take(request, lambda by, at: verdicts.STEPS[act](change_id, comment, by, at), _("已记录"), back)


# --- reviewers -----------------------------------------------------------------------------------------------


@require_GET
@signed_in
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits for a reviewer, the oldest first; mine in hand on top; and what it takes to be one."""
    actor, now = actor_of(request), clock.now()
    refusal: Refusal | None = None
    try:
        verdicts.require_standing(actor, at=now)
    except Refusal as caught:
        refusal = caught
    page = None
    if refusal is None:
        page = paging.page(
            queries.waiting(actor), order=("state_at", "id"), cursor=request.GET.get("cursor", ""), size=20
        )
    context = {"nav": "work", "refusal": refusal, "page": page, "in_hand": queries.in_hand(actor), "now": now}
    return render(request, "knowledge/reviews.html", context)
