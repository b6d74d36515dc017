"""Pages of micro-tasks for everybody and for workers: the hall, a job, what I have in hand, what I answered, pleas."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.accounts.models import Party
from backend.common import clock, files, paging, rules
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.moderation.pages import card as appeal_card
from marketplace import escrows, halls
from marketplace.microtasks import queries
from marketplace.microtasks.errors import SheetInHand
from marketplace.microtasks.forms import answers_of
from marketplace.microtasks.models import FORMS, Job, Participant
from marketplace.microtasks.operations import answers, leases, pleas
from marketplace.microtasks.operations.shared import is_affiliated
from marketplace.microtasks.states import ANSWER, JOB, Given, Pleading, Posted, Taking
from marketplace.tax import withholding


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All public jobs, with facets whose every choice is in the address."""
    return halls.hall(request, kind="microtask", machine=JOB, template="microtasks/hall.html")


@require_GET
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job: what is asked, what an answer pays, how it is judged, how far it is; and my part in it."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(job_id, actor)
    is_mine = actor.party_id is not None and actor.party_id == found.owner_id
    part = queries.part_of(job_id, actor)
    context = {
        "nav": "work",
        "job": found,
        "form": FORMS[found.form],
        "progress": queries.progress(found),
        "samples": queries.samples(found),
        "is_mine": is_mine,
        "is_moderator": Role.MODERATOR in actor.roles,
        "part": part,
        "sheet": queries.sheet_in_hand(actor),
        "may_take": found.gives_items(now)
        and not is_mine
        and not (part and part.barred_at)
        and not is_affiliated(found, actor),
        "takes": _left(found, actor, part, now),
        "gold_first": rules.value("microtasks.gold_first", at=now),
        "plea_days": rules.value("microtasks.plea_days", at=now),
        "pleas_n": found.pleas.filter(state=Pleading.RAISED).count() if is_mine else 0,
        "appeal": appeal_card(request, "microtask", found.pk) if is_mine and found.state == Posted.FROZEN else "",
        "now": now,
    }
    return render(request, "microtasks/job.html", context)


def _left(found: Job, actor: Actor, part: Participant | None, at: datetime) -> tuple[int, int, int, int, int] | None:
    """For a hundred answers: how many, their price, the fee, the tax withheld from this reader, and what is left, in fen."""
    payee = Party.objects.filter(pk=actor.party_id).first() if actor.party_id else None
    if payee is None or found.state != Posted.OPEN:
        return None
    n = max(100, part.answered_n if part else 0)
    fen = n * found.price_fen
    fee = escrows.fee_of(fen, at=at)
    tax = withholding.foresee(payee=payee, paid_fen=fen, project_id=found.pk, at=at).tax_fen
    return n, fen, fee, tax, fen - fee - tax


@require_GET
def picture(request: HttpRequest, job_id: UUID, picture_id: UUID) -> HttpResponse:
    """A picture of an item."""
    found = queries.picture_of(job_id, picture_id, actor_of(request))
    return files.shown(found.sha256, found.mime)


@require_POST
@signed_in
def begin(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Take the next sheet, or go on with the one in hand."""
    actor = actor_of(request)
    queries.visible(job_id, actor)
    try:
        made = leases.take(job_id=job_id, by=actor, at=clock.now())
    except SheetInHand as refusal:
        messages.warning(request, refusal.text())
        return redirect("microtask-sheet", refusal.facts["sheet_id"])
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
        return redirect("microtask", job_id)
    return redirect("microtask-sheet", made.pk)


@require_http_methods(["GET", "POST"])
@signed_in
def sheet(request: HttpRequest, sheet_id: UUID) -> HttpResponse:
    """What I have in hand, with its time; posting hands answers in, and right or wrong on gold is told at once."""
    actor, now = actor_of(request), clock.now()
    found = queries.own_sheet(sheet_id, actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            values, skips = answers_of(request.POST)
            answers.hand_in(sheet_id=sheet_id, values=values, skips=skips, by=actor, at=now)
            return redirect("microtask-sheet", sheet_id)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
        found = queries.own_sheet(sheet_id, actor)
    rows = queries.answers_on(found)
    in_hand = [row for row in rows if row.state == Given.LEASED]
    context = {
        "nav": "work",
        "sheet": found,
        "job": found.participant.job,
        "part": found.participant,
        "rows": [(row, request.POST.get(f"a-{row.item_id}", "")) for row in in_hand],
        "noted": [row for row in in_hand if row.item.note and row.note_read_at is None],
        "seconds": max(0, int((found.until - now).total_seconds())),
        "done": [row for row in rows if row.state in Given.WRITTEN],
        "missed": [row for row in rows if row.is_right is False],
        "is_live": found.state == Taking.LIVE and now < found.until,
        "extensions_left": rules.value("microtasks.extensions_most", at=now) - found.extensions_n,
        "refusal": refusal,
        "now": now,
    }
    return render(request, "microtasks/sheet.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def sheet_step(request: HttpRequest, sheet_id: UUID, act: str) -> HttpResponse:
    """Take more time, or give back what is not answered."""
    found = queries.own_sheet(sheet_id, actor_of(request))
    if act == "extend":
        return take(
            request,
            lambda by, at: leases.extend(sheet_id=sheet_id, by=by, at=at),
            _("时间已延长"),
            redirect("microtask-sheet", sheet_id),
        )
    if act == "drop":
        return take(
            request,
            lambda by, at: leases.drop(sheet_id=sheet_id, by=by, at=at),
            _("未答的题目已放回"),
            redirect("microtask", found.participant.job_id),
        )
    raise NotFound


@require_POST
@signed_in
def answer_step(request: HttpRequest, answer_id: UUID, act: str) -> HttpResponse:
    """Open why an item was sent back, do a rejected answer again, or contest it."""
    actor = actor_of(request)
    grounds = request.POST.get("grounds", "")[:1_000]
    if act == "note":
        found = answers.read_note(answer_id=answer_id, by=actor, at=clock.now())
        return redirect("microtask-sheet", found.sheet_id)
    job_id = queries.job_of_answer(answer_id, actor)
    if act == "redo":
        try:
            made = leases.redo(answer_id=answer_id, by=actor, at=clock.now())
        except NotFound:
            raise
        except Refusal as refusal:
            messages.error(request, refusal.text())
            return redirect("microtask-answers", job_id)
        return redirect("microtask-sheet", made.pk)
    if act == "plea":
        return take(
            request,
            lambda by, at: pleas.plead(answer_id=answer_id, grounds=grounds, by=by, at=at),
            _("申诉已提交，发布方须在期限内答复"),
            redirect("microtask-answers", job_id),
        )
    raise NotFound


@require_GET
@signed_in
def my_answers(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """What I answered in a job, how each answer stands, and what I can still do about it."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(job_id, actor)
    part = queries.part_of(job_id, actor)
    if part is None:
        raise NotFound
    counts = queries.counts_for(part)
    state = request.GET.get("state", "")
    rows = queries.own_answers(part)
    context = {
        "nav": "work",
        "job": found,
        "part": part,
        "counts": [(key, ANSWER.word(key), counts[key]) for key in Given.WRITTEN if key in counts],
        "state": state,
        "rest": f"state={state}&" if state in Given.WRITTEN else "",
        "page": paging.page(
            rows.filter(state=state) if state in Given.WRITTEN else rows,
            order=("-id",),
            cursor=request.GET.get("cursor", ""),
            size=20,
        ),
        "plea_since": now - rules.days("microtasks.plea_days", at=now),
        "may_plead": found.state in (Posted.OPEN, Posted.CHECKING, Posted.FROZEN),
        "may_redo": found.gives_items(now),
        "now": now,
    }  # fmt: skip
    return render(request, "microtasks/answers.html", context)


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """The jobs I work on, and what I have in hand."""
    actor = actor_of(request)
    page = paging.page(
        queries.parts_of(actor), order=("-joined_at", "-id"), cursor=request.GET.get("cursor", ""), size=20
    )
    context = {"nav": "work", "page": page, "sheet": queries.sheet_in_hand(actor), "now": clock.now()}
    return render(request, "microtasks/mine.html", context)


@require_GET
@signed_in
def plea(request: HttpRequest, plea_id: UUID) -> HttpResponse:
    """One plea, for its worker, the poster, and the moderator who decides it."""
    actor = actor_of(request)
    found = queries.plea_for(plea_id, actor)
    context = {
        "nav": "work",
        "plea": found,
        "item": found.answer.item,
        "is_poster": actor.party_id == found.job.owner_id,
        "is_worker": actor.person_id == found.answer.person_id,
        "is_moderator": Role.MODERATOR in actor.roles,
        "now": clock.now(),
    }
    return render(request, "microtasks/plea.html", context)


@require_POST
@signed_in
def plea_step(request: HttpRequest, plea_id: UUID, act: str) -> HttpResponse:
    """The poster answers, the worker goes on or lets go, the moderator decides."""
    queries.plea_for(plea_id, actor_of(request))
    words = request.POST.get("words", "")[:1_000]
    back = redirect("microtask-plea", plea_id)
    if act in ("for", "against"):
        return take(
            request,
            lambda by, at: pleas.find(plea_id=plea_id, for_worker=act == "for", reason=words, by=by, at=at),
            _("已裁定"),
            back,
        )
    if act not in pleas.STEPS:
        raise NotFound
    return take(request, lambda by, at: pleas.STEPS[act](plea_id, words, by, at), _("已记录"), back)
