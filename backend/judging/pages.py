"""Pages of judging: the judge's desk, joining a panel, objections and their decision, proofs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.judging import queries
from backend.judging.models import AGAINST, TIE_RULES, Proof
from backend.judging.operations import calls, objections, panel, proofs
from backend.judging.operations.shared import criteria_of
from backend.judging.states import Calling, Objecting, Sitting

Step = Callable[[UUID, str, Actor, datetime], object]

CALL_STEPS: dict[str, tuple[Step, str]] = {
    "declare": (lambda key, why, by, at: panel.declare(call_id=key, declaration=why, by=by, at=at), "已声明"),
    "recuse": (lambda key, why, by, at: panel.recuse(call_id=key, reason=why, by=by, at=at), "已回避，您的评分不再计入"),
    "sit": (lambda key, _why, by, at: panel.sit_oneself(call_id=key, by=by, at=at), "您已加入评委"),
    "tally": (lambda key, _why, by, at: calls.tally(call_id=key, by=by, at=at), "评分结果已公示"),
    "renew-code": (lambda key, _why, by, _at: panel.renew_code(call_id=key, by=by), "评委邀请链接已更换"),
}  # fmt: skip
"""What is done to a call, by the word in the address, and what is said then."""

WORK_STEPS: dict[str, Step] = {
    "exclude": lambda key, why, by, at: calls.exclude(application_id=key, reason=why, by=by, at=at),
    "shortlist": lambda key, _why, by, at: calls.shortlist(application_id=key, on=True, by=by, at=at),
    "drop": lambda key, _why, by, at: calls.shortlist(application_id=key, on=False, by=by, at=at),
}
"""What an owner decides about one work."""


@require_GET
@signed_in
def seats(request: HttpRequest) -> HttpResponse:
    """The panels that I sit on."""
    rows = queries.seats_of(actor_of(request).person_id)
    page = paging.page(rows, order=("-invited_at", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    return render(request, "judging/seats.html", {"nav": "work", "page": page})


@require_http_methods(["GET", "POST"])
@signed_in
def join(request: HttpRequest, code: str) -> HttpResponse:
    """The judges' address: what it is about, and one button to take the seat."""
    call = queries.by_code(code)
    if request.method == "POST":
        return take(
            request,
            lambda by, at: panel.come_in(code=code, by=by, at=at),
            _("您已加入评委，请先声明有无利益冲突"),
            redirect("judging-desk", call.pk),
        )
    seat = queries.seat_of(call, actor_of(request))
    if seat is not None:
        return redirect("judging-desk", call.pk)
    return render(request, "judging/join.html", {"nav": "work", "call": call, "criteria": criteria_of(call)})


@require_GET
@signed_in
def desk(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Where judges score, and the owner sees how far they are; works without names while scores are blind."""
    call, actor = queries.one(call_id), actor_of(request)
    seat = queries.seat_of(call, actor)
    is_mine = actor.party_id == call.owner_id
    if seat is None and not is_mine and not actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        raise NotFound
    may = queries.may_judge(call, actor)
    context = {
        "nav": "work",
        "call": call,
        "seat": seat,
        "is_mine": is_mine,
        "criteria": criteria_of(call),
        "tie_rule": TIE_RULES[call.tie_rule],
        "rows": queries.rows(call, actor) if may else [],
        "may_score": seat is not None and seat.state == Sitting.DECLARED and call.state == Calling.JUDGING,
        "panel": queries.panel(call) if is_mine else [],
        "lacking": calls.sheet(call, clock.now()) if is_mine and call.state == Calling.JUDGING else None,
        "judge_url": f"{settings.SITE_URL}/judging/join/{call.judge_code}/" if is_mine else "",
        "now": clock.now(),
    }
    return render(request, "judging/desk.html", context)


@require_POST
@signed_in
def call_step(request: HttpRequest, call_id: UUID, act: str) -> HttpResponse:
    """Declare, leave, sit, publish, or change the judges' address."""
    queries.one(call_id)
    if act not in CALL_STEPS:
        raise NotFound
    do, done = CALL_STEPS[act]
    reason = request.POST.get("reason", "")[:600]
    return take(request, lambda by, at: do(call_id, reason, by, at), _(done), redirect("judging-desk", call_id))


@require_POST
@signed_in
def remove(request: HttpRequest, call_id: UUID, judge_id: UUID) -> HttpResponse:
    """Take somebody off the panel before judging begins."""
    return take(
        request,
        lambda by, at: panel.remove(judge_id=judge_id, by=by, at=at),
        _("已移出评委"),
        redirect("judging-desk", call_id),
    )


def _marks(request: HttpRequest) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, text in request.POST.items():
        if name.startswith("mark-"):
            found[name.removeprefix("mark-")] = _mark(str(text))
    return found


def _mark(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Invalid("每项标准打 0–100 的整数分", "A whole number from 0 to 100 for each criterion", field="marks")
    return int(text)


@require_POST
@signed_in
def score(request: HttpRequest, call_id: UUID, application_id: UUID) -> HttpResponse:
    """What I give one work."""
    note = request.POST.get("note", "")[:1_000]
    return take(
        request,
        lambda by, at: panel.score(application_id=application_id, marks=_marks(request), note=note, by=by, at=at),
        _("评分已保存"),
        redirect(f"/judging/{call_id}/#w-{application_id}"),
    )


@require_POST
@signed_in
def work_step(request: HttpRequest, call_id: UUID, application_id: UUID, act: str) -> HttpResponse:
    """Shortlist, drop, or exclude a work."""
    if act not in WORK_STEPS:
        raise NotFound
    reason = request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: WORK_STEPS[act](application_id, reason, by, at),
        _("已记录"),
        redirect(f"/judging/{call_id}/#w-{application_id}"),
    )


# --- objections -----------------------------------------------------------------------------------------------


@require_POST
@signed_in
def object_to(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Object to a result; with a file of evidence where there is one."""
    aim, grounds = request.POST.get("aim", AGAINST), request.POST.get("grounds", "")[:2_000]
    made: list[UUID] = []

    def do(by: Actor, at: datetime) -> None:
        one = objections.raise_objection(application_id=application_id, aim=aim, grounds=grounds, by=by, at=at)
        made.append(one.pk)

    back = redirect(queries.url_of(application_id))
    reply = take(request, do, _("异议已提出，对方答辩后由平台裁定"), back)
    return redirect("objection", made[0]) if made else reply


@require_GET
@staff(Role.MODERATOR)
def objection_queue(request: HttpRequest) -> HttpResponse:
    """What waits for a decider, the oldest first."""
    page = paging.page(
        queries.objections_waiting(), order=("raised_at", "id"), cursor=request.GET.get("cursor", ""), size=20
    )
    return render(request, "judging/objections.html", {"nav": "review", "page": page})


@require_GET
@signed_in
def objection(request: HttpRequest, objection_id: UUID) -> HttpResponse:
    """One objection: what was said, the evidence, the answer, the decision; and what I may do."""
    actor = actor_of(request)
    found = queries.objection_for(objection_id, actor)
    hears = objections.hears(found)
    is_open = found.state in Objecting.OPEN
    context = {
        "nav": "work",
        "objection": found,
        "files": list(found.files.order_by("at", "pk")[:20]),
        "may_answer": found.state == Objecting.RAISED and actor.party_id == hears,
        "may_add": is_open and actor.party_id in (found.by_id, hears),
        "may_withdraw": is_open and actor.party_id == found.by_id,
        "may_decide": found.state in Objecting.HEARD and Role.MODERATOR in actor.roles,
        "likenesses": list(found.application.likenesses.select_related("other__call").order_by("-percent", "pk")[:20])
        if Role.MODERATOR in actor.roles
        else [],
    }
    return render(request, "judging/objection.html", context)


@require_POST
@signed_in
def objection_step(request: HttpRequest, objection_id: UUID, act: str) -> HttpResponse:
    """Answer, take back, uphold or dismiss."""
    actor = actor_of(request)
    queries.objection_for(objection_id, actor)
    if act not in objections.STEPS:
        raise NotFound
    words = request.POST.get("text", "")[:3_000]
    return take(
        request,
        lambda by, at: objections.STEPS[act](objection_id, words, by, at),
        _("已记录"),
        redirect("objection", objection_id),
    )


@require_POST
@signed_in
def evidence(request: HttpRequest, objection_id: UUID) -> HttpResponse:
    """Add a file of evidence."""
    queries.objection_for(objection_id, actor_of(request))

    def add(by: Actor, at: datetime) -> None:
        name, body = uploaded(request, most=files.MOST_BYTES)
        objections.attach(objection_id=objection_id, name=name, body=body, by=by, at=at)

    return take(request, add, _("证据已提交"), redirect("objection", objection_id))


@require_GET
@signed_in
def objection_file(request: HttpRequest, objection_id: UUID, file_id: UUID) -> HttpResponse:
    """A file of evidence."""
    found = queries.objection_file(objection_id, file_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"evidence-{str(found.pk)[-12:]}")


# --- proofs ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@signed_in
def my_proofs(request: HttpRequest) -> HttpResponse:
    """My proofs, and a new one: of a file, which is hashed and not kept, or of a hash."""
    if request.method == "POST":

        def do(by: Actor, at: datetime) -> None:
            sha256 = request.POST.get("sha256", "").strip().lower()
            if request.FILES:
                _name, body = uploaded(request, most=files.MOST_BYTES)
                sha256 = hashlib.sha256(body).hexdigest()
            proofs.deposit(title=request.POST.get("title", "")[:200], sha256=sha256, by=by, at=at)

        return take(request, do, _("已存证"), redirect("proofs"))
    rows = queries.proofs_of(actor_of(request).party_id)
    page = paging.page(rows, order=("-no", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    return render(request, "judging/proofs.html", {"nav": "work", "page": page})


def proof_body(found: Proof) -> dict[str, object]:
    """A proof as it is downloaded: everything that its link is made of."""
    return {
        "no": found.no,
        "sha256": found.sha256,
        "at": found.at.isoformat(),
        "before": found.before,
        "link": found.link,
        "link_is": "sha256(before|no|sha256|at)",
        "check": f"{settings.SITE_URL}/proofs/{found.pk}/",
    }


@require_GET
def proof(request: HttpRequest, proof_id: UUID) -> HttpResponse:
    """One proof, for whoever has its address: number, time and hash, and nothing of whose or what it is."""
    found = queries.proof(proof_id)
    is_whole = proofs.link_of(found.before, found.no, found.sha256, found.at) == found.link
    is_mine = actor_of(request).party_id == found.party_id
    return render(
        request, "judging/proof.html", {"nav": "work", "proof": found, "is_whole": is_whole, "is_mine": is_mine}
    )


@require_GET
def proof_file(request: HttpRequest, proof_id: UUID) -> HttpResponse:
    """A proof to keep."""
    found = queries.proof(proof_id)
    reply = HttpResponse(json.dumps(proof_body(found), indent=1), content_type="application/json")
    reply["Content-Disposition"] = f'attachment; filename="proof-{found.no}.json"'
    return reply
