"""Pages of posters: the board, the editor, changed terms, bids side by side; and the moderator's review."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, files
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.common.fen import wire_yuan
from backend.common.workbooks import book, download
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import queries as moderation
from backend.moderation import screening
from backend.moderation.pages import card as appeal_card
from marketplace import posting_pages
from marketplace.engagements.terms import RIGHTS
from marketplace.tasks import queries
from marketplace.tasks.forms import terms_now, terms_of, whole
from marketplace.tasks.models import Task
from marketplace.tasks.operations import awards, drafts, reviews
from marketplace.tasks.operations import terms as amending
from marketplace.tasks.operations.shared import TASKS
from marketplace.tasks.states import TASK, Posting

FIELDS = ("title", "summary", "brief", "category", "county", "visibility", "rights")


@require_http_methods(["GET", "POST"])
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All tasks that I posted, by state; posting starts a new draft."""
    if request.method == "POST":
        made = drafts.start(by=actor_of(request), at=clock.now(), like=request.POST.get("like", ""))
        return redirect("task-edit", made.pk)
    return posting_pages.board(request, TASKS, TASK, kind="task", template="tasks/board.html")


def _form(task: Task) -> dict[str, object]:
    terms = terms_now(task)
    return {name: getattr(terms, name) for name in FIELDS} | {
        "skills": "、".join(terms.skills),
        "budget_fen": terms.budget_fen,
        "bid_days": terms.bid_days,
        "work_days": terms.work_days,
        "accept_days": terms.accept_days,
    }


def _typed(request: HttpRequest, task: Task) -> dict[str, object]:
    """What was typed, where it could not be saved; nobody types a brief twice."""
    names = (*FIELDS, "skills", "budget", "bid_days", "work_days", "accept_days", "reason")
    return _form(task) | {name: request.POST.get(name, "") for name in names if name in request.POST}


def _stages(request: HttpRequest, task: Task, refusal: Refusal | None) -> list[tuple[str, str]]:
    """The stages as they stand or as they were typed, and some empty lines after them."""
    rows = [(title, str(percent)) for title, percent in task.plan]
    if refusal is not None:
        typed = zip(request.POST.getlist("stage_title"), request.POST.getlist("stage_percent"), strict=False)
        rows = [row for row in typed if any(row)][:10]
    return [*rows, *[("", "")] * (min(10, len(rows) + 2) - len(rows))]


def _editor(request: HttpRequest, task: Task, refusal: Refusal | None, *, amends: bool) -> HttpResponse:
    context = {
        "nav": "work",
        "task": task,
        "refusal": refusal,
        "form": _typed(request, task) if refusal else _form(task),
        "stages": _stages(request, task, refusal),
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
        "rights": RIGHTS.items(),
        "files": list(task.files.order_by("name", "pk")[: drafts.MOST_FILES]),
        "returned": moderation.last_return(task.pk) if task.state == Posting.RETURNED else None,
        "appeal": appeal_card(request, "task", task.pk) if task.state == Posting.RETURNED else "",
        "amends": amends,
    }
    return render(request, "tasks/edit.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The editor of a draft; saving and submitting are one form, so that nothing unsaved is submitted."""
    actor = actor_of(request)
    task = queries.own(task_id, actor)
    if task.state not in Posting.EDITABLE:
        return redirect("task", task_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            drafts.write(
                task_id=task_id,
                terms=terms_of(request.POST),
                version=whole(request.POST, "version"),
                by=actor,
                at=clock.now(),
            )
            if request.POST.get("act") == "submit":
                drafts.submit(task_id=task_id, by=actor, at=clock.now())
                return redirect("task", task_id)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("task-edit", task_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
            task.refresh_from_db()
    return _editor(request, task, refusal, amends=False)


@require_http_methods(["GET", "POST"])
@signed_in
def amend(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Change the terms of a published task; every bidder is asked again."""
    actor = actor_of(request)
    task = queries.own(task_id, actor)
    if not task.takes_bids(clock.now()):
        return redirect("task", task_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            amending.amend(
                task_id=task_id,
                terms=terms_of(request.POST),
                reason=request.POST.get("reason", "")[:600],
                version=whole(request.POST, "version"),
                by=actor,
                at=clock.now(),
            )
            return take(request, lambda _by, _at: None, _("条款已变更，应标方须重新确认"), redirect("task", task_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    return _editor(request, task, refusal, amends=True)


@require_POST
@signed_in
def attach(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Add a file to the brief."""
    queries.own(task_id, actor_of(request))

    def add(by: Actor, at: datetime) -> None:
        name, body = uploaded(request, most=files.MOST_BYTES)
        drafts.attach(task_id=task_id, name=name, body=body, by=by, at=at)

    return take(request, add, _("附件已添加"), redirect("task-edit", task_id))


@require_POST
@signed_in
def detach(request: HttpRequest, task_id: UUID, file_id: UUID) -> HttpResponse:
    """Take a file out of the brief."""
    queries.own(task_id, actor_of(request))
    return take(
        request, lambda by, _at: drafts.detach(file_id=file_id, by=by), _("附件已移除"), redirect("task-edit", task_id)
    )


@require_GET
@signed_in
def compare(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The opened bids side by side: price, time, words, and what others say of the bidder."""
    task = queries.own(task_id, actor_of(request))
    context = {
        "nav": "work",
        "task": task,
        "rows": queries.compared(task),
        "is_choosing": task.state == Posting.SELECTING,
        "lapsed": task.bids.filter(state__in=("lapsed", "unreadable")).count(),
    }
    return render(request, "tasks/compare.html", context)


@require_GET
@signed_in
def export(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The opened bids as a workbook."""
    task = queries.own(task_id, actor_of(request))
    rows = [
        [
            row.bid.bidder.masked_name,
            wire_yuan(row.bid.amount_fen or 0),
            str(row.bid.days or ""),
            row.bid.state_word,
            row.bid.text,
        ]
        for row in queries.compared(task)
    ]
    content = book(_("应标"), [_("应标方"), _("报价（元）"), _("工期（天）"), _("状态"), _("方案")], rows)
    return download(content, f"bids-{str(task.pk)[-12:]}")


@require_POST
@signed_in
def bid_step(request: HttpRequest, task_id: UUID, bid_id: UUID, act: str) -> HttpResponse:
    """Shortlist, drop, or choose a bid."""
    queries.own(task_id, actor_of(request))
    if act not in awards.BID_STEPS:
        raise NotFound
    do, reason = awards.BID_STEPS[act], request.POST.get("reason", "")[:600]
    done = _("已选定，协议已发给承接方确认") if act == "award" else _("已记录")
    return take(request, lambda by, at: do(bid_id, reason, by, at), done, redirect("task-compare", task_id))


STEPS: dict[str, posting_pages.Step] = awards.STEPS | {
    "withdraw": lambda key, _why, by, at: drafts.withdraw(task_id=key, by=by, at=at),
    "copy": lambda key, _why, by, at: drafts.copy(task_id=key, by=by, at=at),
}
DONE = {
    "withdraw": "已撤回",
    "cancel": "任务已取消，应标方已收到通知",
    "choose-none": "已流标，应标方已收到通知",
}


@require_POST
@signed_in
def step(request: HttpRequest, task_id: UUID, act: str) -> HttpResponse:
    """What a poster decides about a whole task."""
    queries.own(task_id, actor_of(request))
    done = _(DONE.get(act, "已记录"))
    return posting_pages.step(request, task_id, act, STEPS, back="task", edit="task-edit", done=done)


# --- the moderator -------------------------------------------------------------------------------------------


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """One task as the moderator reads it: everything, what to look at twice, the checklist."""
    task = queries.visible(task_id, actor_of(request))
    context = {
        "nav": "review",
        "task": task,
        "files": list(task.files.order_by("name", "pk")[: drafts.MOST_FILES]),
        "checklist": reviews.REVIEWING.lines_for(task).items(),
        "findings": list(screening.contacts("brief", f"{task.title}\n{task.summary}\n{task.brief}")),
        "alike": _alike(task),
        "history": moderation.history(task_id),
        "appeal": moderation.appeal_of(task_id),
    }
    return render(request, "tasks/review.html", context)


def _alike(task: Task) -> list[tuple[Task, int]]:
    """Other published tasks that say nearly the same."""
    others = list(
        Task.objects.exclude(pk=task.pk).exclude(state__in=Posting.EDITABLE).order_by("-created_at", "-pk")[:200]
    )
    by_key = {str(other.pk): other for other in others}
    found = screening.alike(task.brief, [(key, other.brief) for key, other in by_key.items()])
    return [(by_key[key], percent) for key, percent in found][:10]


@require_POST
@staff(Role.MODERATOR)
def review_step(request: HttpRequest, task_id: UUID, act: str) -> HttpResponse:
    """Approve, return, freeze, thaw."""
    queries.visible(task_id, actor_of(request))
    return posting_pages.review_step(request, reviews.REVIEWING, task_id, act, back="task-review")
