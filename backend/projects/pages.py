"""Pages of ventures: the public passport, the holder's workbench, the way into a team, the moderator's desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, files
from backend.common.actors import Actor, Role
from backend.common.days import parse_day
from backend.common.errors import NotFound, Refusal
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.moderation import queries as moderation
from backend.moderation.pages import card as appeal_card
from backend.projects import queries
from backend.projects.kinds import DOCUMENTS, NEEDS, STAGES
from backend.projects.models import Passport
from backend.projects.operations import documents, passports, profile
from backend.projects.operations.documents import Fact
from backend.projects.operations.passports import Profile
from backend.projects.states import Proving, Showing


@require_GET
def project(request: HttpRequest, passport_id: UUID) -> HttpResponse:
    """A venture as everybody sees it."""
    actor = actor_of(request)
    found = queries.visible(passport_id, actor)
    is_mine = queries.is_holder(found, actor)
    context = {
        "nav": "projects",
        "passport": found,
        "stages": [(key, words, key == found.stage) for key, words in STAGES.items()],
        "proved": queries.proved(found),
        "team": queries.team(found),
        "needs": queries.open_needs(found),
        "pictures": queries.pictures(found),
        "is_mine": is_mine,
        "is_followed": queries.is_followed(found, actor),
        "may_follow": found.state == Showing.PUBLISHED and not is_mine,
        "person_id": actor.person_id,
    }
    return render(request, "projects/project.html", context)


@require_GET
def picture(request: HttpRequest, picture_id: UUID) -> HttpResponse:
    """A picture of the showcase; its content never changes under its address."""
    found = queries.picture_for(picture_id, actor_of(request))
    return files.shown(found.sha256, found.mime)


@require_POST
@signed_in
def follow(request: HttpRequest, passport_id: UUID) -> HttpResponse:
    """Follow a venture, or stop."""
    is_wanted = bool(request.POST.get("wanted"))
    return take(
        request,
        lambda by, at: profile.follow(passport_id=passport_id, is_wanted=is_wanted, by=by, at=at),
        _("已关注，有进展时告诉您") if is_wanted else _("已取消关注"),
        redirect("project", passport_id),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My ventures and what I follow; posting a name starts a passport."""
    actor = actor_of(request)
    if actor.party_id is None:
        raise NotFound
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = passports.start(name=request.POST.get("name", "")[:200], by=actor, at=clock.now())
            return redirect("project-workbench", made.pk)
        except Refusal as caught:
            refusal = caught
    context = {
        "nav": "my",
        "refusal": refusal,
        "given": request.POST.get("name", ""),
        "rows": list(queries.held_by(actor.party_id).order_by("-created_at", "-pk")[:50]),
        "followed": list(queries.followed_by(actor.party_id).order_by("-at", "-pk")[:50]),
    }
    return render(request, "projects/mine.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def workbench(request: HttpRequest, passport_id: UUID) -> HttpResponse:
    """A venture as its holder keeps it; posting saves the profile."""
    actor = actor_of(request)
    found = queries.own(passport_id, actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            version = request.POST.get("version", "")
            passports.write(
                passport_id=passport_id,
                profile=_profile(request),
                version=int(version) if version.isdigit() and len(version) < 9 else 0,
                by=actor,
                at=clock.now(),
            )
            messages.success(request, _("已保存"))
            return redirect("project-workbench", passport_id)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    return _workbench(request, found, refusal)


def _workbench(request: HttpRequest, found: Passport, refusal: Refusal | None = None, link: str = "") -> HttpResponse:
    context = {
        "nav": "my",
        "refusal": refusal,
        "passport": found,
        "form": request.POST if refusal else None,
        "writable": found.state in Showing.WRITABLE,
        "stages": STAGES.items(),
        "categories": CATEGORY_KEYS,
        "counties": COUNTIES,
        "document_kinds": DOCUMENTS.items(),
        "need_kinds": NEEDS.items(),
        "documents": queries.documents(found),
        "team": queries.team(found),
        "needs": queries.open_needs(found),
        "pictures": queries.pictures(found),
        "link": link,
        "appeal": appeal_card(request, "project", found.pk),
    }
    return render(request, "projects/workbench.html", context, status=refusal.status if refusal else 200)


def _profile(request: HttpRequest) -> Profile:
    def text(name: str, most: int) -> str:
        return request.POST.get(name, "")[:most]

    return Profile(
        name=text("name", 200),
        summary=text("summary", 400),
        story=text("story", 20_001),
        stage=text("stage", 20),
        category=text("category", 32),
        county=text("county", 6),
        founded_on=parse_day(request.POST.get("founded_on", ""), field="founded_on"),
    )


def _file(request: HttpRequest, passport_id: UUID, by: Actor, at: datetime) -> str:
    name, body = uploaded(request, most=files.MOST_BYTES)
    fact = Fact(
        kind=request.POST.get("kind", "")[:20],
        number=request.POST.get("number", "")[:80],
        issuer=request.POST.get("issuer", "")[:120],
        valid_from=parse_day(request.POST.get("valid_from", ""), field="valid_from"),
        valid_until=parse_day(request.POST.get("valid_until", ""), field="valid_until"),
    )
    documents.file_document(passport_id=passport_id, fact=fact, name=name, body=body, by=by, at=at)
    return _("凭证已提交，等待核验")


def _show(request: HttpRequest, passport_id: UUID, by: Actor, at: datetime) -> str:
    name, body = uploaded(request, most=files.MOST_BYTES)
    caption = request.POST.get("caption", "")[:200]
    profile.add_picture(passport_id=passport_id, name=name, body=body, caption=caption, by=by, at=at)
    return _("图片已上传")


def _need(request: HttpRequest, passport_id: UUID, by: Actor, at: datetime) -> str:
    kind, text = request.POST.get("kind", "")[:12], request.POST.get("text", "")[:400]
    profile.add_need(passport_id=passport_id, kind=kind, text=text, by=by, at=at)
    return _("已发布需求")


ADDS: dict[str, Callable[[HttpRequest, UUID, Actor, datetime], str]] = {
    "document": _file,
    "picture": _show,
    "need": _need,
}
DONE = {
    "submit": "已提交审核，通过后公开",
    "archive": "已归档",
    "approve": "已公开",
    "return": "已退回",
    "hide": "已下架",
    "restore": "已恢复公开",
    "seen": "已阅",
}
MODERATORS = ("approve", "return", "hide", "restore", "seen")


@require_POST
@signed_in
def act(request: HttpRequest, passport_id: UUID, act: str) -> HttpResponse:
    """What holder or moderator does with a whole passport."""
    actor = actor_of(request)
    found = queries.visible(passport_id, actor)
    is_mine = queries.is_holder(found, actor)
    back = redirect("project-workbench" if is_mine else "project-review", passport_id)
    if act in passports.STEPS:
        do, reason = passports.STEPS[act], request.POST.get("reason", "")[:300]
        return take(request, lambda by, at: do(passport_id, reason, by, at), _(DONE[act]), back)
    if not is_mine or act not in (*ADDS, "link"):
        raise NotFound
    if act == "link":
        return _team_link(request, found, actor)
    try:
        messages.success(request, ADDS[act](request, passport_id, actor, clock.now()))
    except NotFound:
        raise
    except Refusal as refusal:
        for one in refusal.reasons[:20]:
            messages.error(request, one.text())
    return back


def _team_link(request: HttpRequest, found: Passport, by: Actor) -> HttpResponse:
    """The workbench with a fresh link into the team: shown, and kept nowhere."""
    token = profile.team_link(passport_id=found.pk, by=by, at=clock.now())
    messages.success(request, _("邀请链接已生成，只发给您认识的成员"))
    return _workbench(request, found, link=f"{settings.SITE_URL.rstrip('/')}/projects/join/{token}/")


@require_POST
@signed_in
def document_act(request: HttpRequest, document_id: UUID, act: str) -> HttpResponse:
    """What holder or moderator decides about a document."""
    if act not in documents.STEPS:
        raise NotFound
    actor = actor_of(request)
    found = queries.document_for(document_id, actor)
    is_mine = queries.is_holder(found.passport, actor)
    do, reason = documents.STEPS[act], request.POST.get("reason", "")[:300]
    back = redirect("project-workbench" if is_mine else "project-review", found.passport_id)
    return take(request, lambda by, at: do(document_id, reason, by, at), _("已记录"), back)


@require_GET
@signed_in
def document(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """A document's file, to be saved and not shown: for the holder and moderators."""
    found = queries.document_for(document_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"document-{str(found.pk)[-12:]}")


@require_POST
@signed_in
def drop(request: HttpRequest, what: str, key: UUID) -> HttpResponse:
    """Take a picture off, say that a need is met, or leave a team."""
    if what not in profile.DROPS:
        raise NotFound
    actor = actor_of(request)
    passport_id = profile.DROPS[what](key, actor, clock.now())
    messages.success(request, _("已更新"))
    is_mine = actor.party_id is not None and queries.held_by(actor.party_id).filter(pk=passport_id).exists()
    return redirect("project-workbench", passport_id) if is_mine else redirect("my-projects")


@require_http_methods(["GET", "POST"])
@signed_in
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Into a team by its founder's link: see whose it is, then say who one is."""
    now = clock.now()
    found = profile.read_link(token, at=now)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            profile.join_team(
                token=token,
                shown_name=request.POST.get("shown_name", "")[:60],
                role=request.POST.get("role", "")[:60],
                by=actor_of(request),
                at=now,
            )
            messages.success(request, _("您已加入团队"))
            return redirect("my-projects") if found.state != Showing.PUBLISHED else redirect("project", found.pk)
        except Refusal as caught:
            refusal = caught
    context = {"nav": "my", "passport": found, "refusal": refusal, "given": request.POST}
    return render(request, "projects/join.html", context, status=refusal.status if refusal else 200)


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, passport_id: UUID) -> HttpResponse:
    """A passport as the moderator reads it: words, documents, what was decided before."""
    found = queries.visible(passport_id, actor_of(request))
    if found.state == Showing.DRAFT:
        raise NotFound
    rows = queries.documents(found)
    context = {
        "nav": "review",
        "passport": found,
        "findings": queries.findings(found),
        "waiting": [row for row in rows if row.state == Proving.FILED],
        "verified": [row for row in rows if row.state == Proving.VERIFIED],
        "pictures": queries.pictures(found),
        "history": moderation.history(passport_id),
    }
    return render(request, "projects/review.html", context)
