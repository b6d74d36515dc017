"""Pages of posters: the board, the editor with its items and pictures, paying in, checking; and the moderator's review."""

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
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.fen import wire_yuan
from backend.common.workbooks import book, download
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import queries as moderation
from backend.moderation import screening
from backend.moderation.pages import card as appeal_card
from marketplace import posting_pages
from marketplace.microtasks import loading, queries
from marketplace.microtasks.forms import NUMBERS, terms_of
from marketplace.microtasks.models import FORMS, Job
from marketplace.microtasks.operations import checks, course, drafts, money, reviews
from marketplace.microtasks.operations.shared import JOBS
from marketplace.microtasks.states import ITEM, JOB, Asking, Posted
from marketplace.tasks.forms import whole

FIELDS = ("title", "summary", "brief", "category", "county", "question", "form", "visibility", *NUMBERS)
MOST_AT_ONCE = 50


@require_http_methods(["GET", "POST"])
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All jobs that I post, by state; posting starts a new draft."""
    if request.method == "POST":
        made = drafts.start(by=actor_of(request), at=clock.now(), like=request.POST.get("like", ""))
        return redirect("microtask-edit", made.pk)
    return posting_pages.board(request, JOBS, JOB, kind="microtask", template="microtasks/board.html")


def _form(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in FIELDS} | {
        "skills": "、".join(job.skills),
        "options": "\n".join(job.options),
        "price": wire_yuan(job.price_fen).removesuffix(".00"),
    }


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The editor of a draft; saving and submitting are one form, so that nothing unsaved is submitted."""
    actor = actor_of(request)
    job = queries.own(job_id, actor)
    if job.state not in Posted.EDITABLE:
        return redirect("microtask", job_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            terms, version = terms_of(request.POST), whole(request.POST, "version")
            drafts.write(job_id=job_id, terms=terms, version=version, by=actor, at=clock.now())
            if request.POST.get("act") == "submit":
                drafts.submit(job_id=job_id, by=actor, at=clock.now())
                return redirect("microtask", job_id)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("microtask-edit", job_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
            job.refresh_from_db()
    form = _form(job)
    if refusal:
        form |= {name: request.POST.get(name, "") for name in form if name in request.POST}
    context = {
        "nav": "work",
        "job": job,
        "refusal": refusal,
        "form": form,
        "forms": FORMS.items(),
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
        "items": list(job.items.select_related("picture").order_by("rank")[:5]),
        "lost": list(job.items.exclude(picture_name="").filter(picture=None).order_by("rank")[:5]),
        "pictures_n": job.pictures.count(),
        "returned": moderation.last_return(job.pk) if job.state == Posted.RETURNED else None,
        "appeal": appeal_card(request, "microtask", job.pk) if job.state == Posted.RETURNED else "",
    }
    return render(request, "microtasks/edit.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def load(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Take the items of a file."""
    queries.own(job_id, actor_of(request))

    def do(by: Actor, at: datetime) -> None:
        _name, body = uploaded(request, most=loading.MOST_BYTES)
        drafts.load(job_id=job_id, body=body, by=by, at=at)

    return take(request, do, _("题目已导入"), redirect("microtask-edit", job_id))


@require_POST
@signed_in
def add_pictures(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Keep pictures, several at once."""
    queries.own(job_id, actor_of(request))

    def do(by: Actor, at: datetime) -> None:
        chosen = request.FILES.getlist("file")
        if not 1 <= len(chosen) <= MOST_AT_ONCE:
            raise Invalid(f"每次 1 至 {MOST_AT_ONCE} 张图片", f"1 to {MOST_AT_ONCE} pictures at once", field="file")
        pictures = [(file.name or "", file.read(files.MOST_BYTES + 1)) for file in chosen]
        drafts.add_pictures(job_id=job_id, pictures=pictures, by=by, at=at)

    return take(request, do, _("图片已上传"), redirect("microtask-edit", job_id))


@require_POST
@signed_in
def pay(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Off to the cashier with the pay for every answer."""
    queries.own(job_id, actor_of(request))
    return posting_pages.pay(request, job_id, lambda by, at: money.order(job_id=job_id, by=by, at=at), back="microtask")


@require_POST
@signed_in
def step(request: HttpRequest, job_id: UUID, act: str) -> HttpResponse:
    """What a poster decides about a whole job."""
    queries.own(job_id, actor_of(request))
    return posting_pages.step(request, job_id, act, course.STEPS, back="microtask", edit="microtask-edit")


@require_GET
@signed_in
def items(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """A job's items with their answers side by side: what agrees, what differs, what to decide or send back."""
    job = queries.own(job_id, actor_of(request))
    state = request.GET.get("state", "")
    page = paging.page(
        queries.items_of(job, state), order=("rank", "id"), cursor=request.GET.get("cursor", ""), size=20
    )
    rows = list(page.rows)
    given, numbers = queries.given_to(rows), queries.aliases(job)
    choices = [
        ("", _("全部")),
        *((key, ITEM.word(key)) for key in (Asking.DISPUTED, Asking.AGREED, Asking.DECIDED, Asking.OPEN)),
        ("gold", _("校验题")),
    ]
    context = {
        "nav": "work",
        "job": job,
        "page": page,
        "rows": [
            (item, [(answer, numbers.get(answer.participant_id, 0)) for answer in given[item.pk]]) for item in rows
        ],
        "choices": choices,
        "state": state,
        "rest": f"state={state}&" if state else "",
        "may_check": job.state in (Posted.OPEN, Posted.CHECKING),
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "microtasks/items.html", context)


@require_POST
@signed_in
def item_step(request: HttpRequest, job_id: UUID, item_id: UUID) -> HttpResponse:
    """Decide an item on which answers differ."""
    queries.own(job_id, actor_of(request))
    value = request.POST.get("value", "")[:1_000]
    return take(
        request,
        lambda by, at: checks.decide(job_id=job_id, item_id=item_id, value=value, by=by, at=at),
        _("已裁定"),
        redirect("microtask-items", job_id),
    )


@require_POST
@signed_in
def reject(request: HttpRequest, job_id: UUID, answer_id: UUID) -> HttpResponse:
    """Send an answer back with a reason."""
    queries.own(job_id, actor_of(request))
    reason = request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: checks.reject(job_id=job_id, answer_id=answer_id, reason=reason, by=by, at=at),
        _("已退回，作答者可重做或申诉"),
        redirect("microtask-items", job_id),
    )


@require_GET
@signed_in
def pleas_page(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """A job's pleas, newest first."""
    job = queries.own(job_id, actor_of(request))
    page = paging.page(queries.pleas_for(job), order=("-made_at", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    return render(request, "microtasks/pleas.html", {"nav": "work", "job": job, "page": page, "now": clock.now()})


@require_GET
@signed_in
def export(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Items, results and every answer as a workbook; workers by number, without names."""
    job = queries.own(job_id, actor_of(request))
    heads = [_("编号"), _("内容"), _("图片"), _("校验题"), _("结果"), _("一致度（%）"), _("工人"), _("答案"), _("状态"), _("提交时间"), _("理由")]  # fmt: skip
    return download(book(_("答案"), heads, queries.export(job)), f"microtask-{str(job.pk)[-12:]}")


# --- the moderator -------------------------------------------------------------------------------------------


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job as the moderator reads it: everything, what to look at twice, the checklist."""
    job = queries.visible(job_id, actor_of(request))
    sample = list(job.items.select_related("picture").order_by("is_gold", "rank")[:10])
    golds = list(job.items.filter(is_gold=True).select_related("picture").order_by("rank")[:10])
    context = {
        "nav": "review",
        "job": job,
        "form": FORMS[job.form],
        "items": sample,
        "golds": golds,
        "checklist": reviews.REVIEWING.checklist.items(),
        "findings": list(screening.contacts("brief", f"{job.title}\n{job.summary}\n{job.question}\n{job.brief}")),
        "history": moderation.history(job_id),
        "appeal": moderation.appeal_of(job_id),
    }
    return render(request, "microtasks/review.html", context)


@require_POST
@staff(Role.MODERATOR)
def review_step(request: HttpRequest, job_id: UUID, act: str) -> HttpResponse:
    """Approve, return, freeze, thaw."""
    queries.visible(job_id, actor_of(request))
    return posting_pages.review_step(request, reviews.REVIEWING, job_id, act, back="microtask-review")
