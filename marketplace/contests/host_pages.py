"""Pages of hosts: the board, the editor, paying the prize in, more time; and the moderator's review."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.common.workbooks import book, download
from backend.judging import queries as judging
from backend.judging.models import TIE_RULES
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import queries as moderation
from backend.moderation import screening
from backend.moderation.pages import card as appeal_card
from marketplace import posting_pages
from marketplace.contests import queries
from marketplace.contests.forms import prizes_text, terms_of, yuan_text
from marketplace.contests.models import GALLERIES, MODES, Contest
from marketplace.contests.operations import course, drafts, money, reviews
from marketplace.contests.operations.shared import CONTESTS
from marketplace.contests.states import CONTEST, Running
from marketplace.engagements.terms import RIGHTS
from marketplace.tasks.forms import whole

FIELDS = (
    "title", "summary", "brief", "category", "county", "mode", "tie_rule", "rights", "gallery", "entry_limit", "entry_days",
    "judge_days", "publicity_days", "finalists", "final_days", "secrecy_years", "secret", "visibility",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All contests that I host, by state; posting starts a new draft."""
    if request.method == "POST":
        made = drafts.start(by=actor_of(request), at=clock.now(), like=request.POST.get("like", ""))
        return redirect("contest-edit", made.pk)
    return posting_pages.board(request, CONTESTS, CONTEST, kind="contest", template="contests/board.html")


def _form(contest: Contest) -> dict[str, object]:
    return {name: getattr(contest, name) for name in FIELDS} | {
        "skills": "、".join(contest.skills),
        "prizes": prizes_text(contest),
        "grant": yuan_text(contest.grant_fen),
        "is_blind": contest.is_blind,
    }


def _typed(request: HttpRequest, contest: Contest) -> dict[str, object]:
    """What was typed, where it could not be saved; nobody types a brief twice."""
    names = (*FIELDS, "skills", "prizes", "grant")
    found = _form(contest) | {name: request.POST.get(name, "") for name in names if name in request.POST}
    return found | {"is_blind": request.POST.get("is_blind") == "1"}


def _criteria(request: HttpRequest, contest: Contest, refusal: Refusal | None) -> list[tuple[str, str]]:
    rows = [(str(one["title"]), str(one["weight"])) for one in contest.criteria]
    if refusal is not None:
        typed = zip(request.POST.getlist("criterion_title"), request.POST.getlist("criterion_weight"), strict=False)
        rows = [row for row in typed if any(row)][: drafts.MOST_CRITERIA]
    return [*rows, *[("", "")] * (min(drafts.MOST_CRITERIA, len(rows) + 2) - len(rows))]


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """The editor of a draft; saving and submitting are one form, so that nothing unsaved is submitted."""
    actor = actor_of(request)
    contest = queries.own(contest_id, actor)
    if contest.state not in Running.EDITABLE:
        return redirect("contest", contest_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            drafts.write(
                contest_id=contest_id,
                terms=terms_of(request.POST),
                version=whole(request.POST, "version"),
                by=actor,
                at=clock.now(),
            )
            if request.POST.get("act") == "submit":
                drafts.submit(contest_id=contest_id, by=actor, at=clock.now())
                return redirect("contest", contest_id)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("contest-edit", contest_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
            contest.refresh_from_db()
    context = {
        "nav": "work",
        "contest": contest,
        "refusal": refusal,
        "form": _typed(request, contest) if refusal else _form(contest),
        "criteria": _criteria(request, contest, refusal),
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
        "modes": MODES.items(),
        "tie_rules": TIE_RULES.items(),
        "galleries": GALLERIES.items(),
        "rights": RIGHTS.items(),
        "files": list(contest.files.order_by("name", "pk")[: drafts.MOST_FILES]),
        "returned": moderation.last_return(contest.pk) if contest.state == Running.RETURNED else None,
        "appeal": appeal_card(request, "contest", contest.pk) if contest.state == Running.RETURNED else "",
    }
    return render(request, "contests/edit.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def attach(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """Add a file to the brief."""
    queries.own(contest_id, actor_of(request))
    is_secret = request.POST.get("is_secret") == "1"

    def add(by: Actor, at: datetime) -> None:
        name, body = uploaded(request, most=files.MOST_BYTES)
        drafts.attach(contest_id=contest_id, name=name, body=body, is_secret=is_secret, by=by, at=at)

    return take(request, add, _("附件已添加"), redirect("contest-edit", contest_id))


@require_POST
@signed_in
def detach(request: HttpRequest, contest_id: UUID, file_id: UUID) -> HttpResponse:
    """Take a file out of the brief."""
    queries.own(contest_id, actor_of(request))
    return take(
        request,
        lambda by, _at: drafts.detach(file_id=file_id, by=by),
        _("附件已移除"),
        redirect("contest-edit", contest_id),
    )


@require_POST
@signed_in
def pay(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """Off to the cashier with the prize."""
    queries.own(contest_id, actor_of(request))
    return posting_pages.pay(
        request, contest_id, lambda by, at: money.order(contest_id=contest_id, by=by, at=at), back="contest"
    )


@require_POST
@signed_in
def extend(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """Give entrants more time."""
    queries.own(contest_id, actor_of(request))
    reason = request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: course.extend(
            contest_id=contest_id, days=whole(request.POST, "days"), reason=reason, by=by, at=at
        ),
        _("征集时间已延长，参赛者已收到通知"),
        redirect("contest", contest_id),
    )


@require_POST
@signed_in
def step(request: HttpRequest, contest_id: UUID, act: str) -> HttpResponse:
    """What a host decides about a whole contest."""
    queries.own(contest_id, actor_of(request))
    return posting_pages.step(request, contest_id, act, course.STEPS, back="contest", edit="contest-edit")


@require_GET
@signed_in
def pledges(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """Who promised to keep the secret, and who was shown what of it."""
    contest = queries.own(contest_id, actor_of(request))
    asked = request.GET
    signed = paging.page(queries.pledges_of(contest), order=("-at", "-id"), cursor=asked.get("cursor", ""), size=20)
    reads = paging.page(queries.reads_of(contest), order=("-at", "-id"), cursor=asked.get("reads", ""), size=20)
    return render(
        request, "contests/pledges.html", {"nav": "work", "contest": contest, "signed": signed, "reads": reads}
    )


@require_GET
@signed_in
def export(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """The result as a workbook: place, number, maker, score, what each judge gave."""
    contest = queries.own(contest_id, actor_of(request))
    call = queries.call_of(contest)
    rows = [
        [
            str(row.application.place or ""),
            str(row.application.no),
            row.maker,
            row.score,
            row.application.state_word,
            " / ".join(f"{total:.2f}" for total in row.totals),
        ]
        for row in (judging.result(call) if call else [])
    ]
    heads = [_("名次"), _("编号"), _("参赛者"), _("得分"), _("状态"), _("各评委得分")]
    return download(book(_("评审结果"), heads, rows), f"contest-{str(contest.pk)[-12:]}")


# --- the moderator -------------------------------------------------------------------------------------------


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """One contest as the moderator reads it: everything, what to look at twice, the checklist."""
    contest = queries.visible(contest_id, actor_of(request))
    context = {
        "nav": "review",
        "contest": contest,
        "mode": MODES[contest.mode],
        "tie_rule": TIE_RULES.get(contest.tie_rule),
        "files": list(contest.files.filter(is_secret=False).order_by("name", "pk")[: drafts.MOST_FILES]),
        "checklist": reviews.REVIEWING.checklist.items(),
        "findings": list(
            screening.contacts("brief", f"{contest.title}\n{contest.summary}\n{contest.brief}\n{contest.secret}")
        ),
        "history": moderation.history(contest_id),
        "appeal": moderation.appeal_of(contest_id),
    }
    return render(request, "contests/review.html", context)


@require_POST
@staff(Role.MODERATOR)
def review_step(request: HttpRequest, contest_id: UUID, act: str) -> HttpResponse:
    """Approve, return, freeze, thaw."""
    queries.visible(contest_id, actor_of(request))
    return posting_pages.review_step(request, reviews.REVIEWING, contest_id, act, back="contest-review")
