"""Pages of disputes: one for both sides and the deciders, each with what they may do next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen, parse_yuan
from backend.disputes import queries
from backend.disputes.models import Case, Evidence
from backend.disputes.operations import cases, rulings
from backend.disputes.operations.cases import side_of
from backend.disputes.states import Deciding
from backend.disputes.subjects import SUBJECTS


@require_GET
@signed_in
def my_cases(request: HttpRequest) -> HttpResponse:
    """My disputes, on either side, newest first."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    page = paging.page(
        queries.mine(party_id), order=("-filed_at", "-id"), cursor=request.GET.get("cursor", ""), size=20
    )
    return render(request, "disputes/mine.html", {"nav": "my", "page": page, "me": party_id})


@require_GET
@staff(Role.MODERATOR, Role.AUDITOR)
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a decider, oldest first."""
    page = paging.page(queries.waiting(), order=("filed_at", "id"), cursor=request.GET.get("cursor", ""), size=50)
    return render(request, "disputes/queue.html", {"nav": "review", "page": page})


@require_GET
@signed_in
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One dispute: both words, the evidence, the offers, the rulings, and what happens next."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(case_id, actor)
    side = side_of(found, actor)
    subject = SUBJECTS[found.subject_kind]
    is_time = found.evidence_until is None or now < found.evidence_until
    context: dict[str, Any] = {
        "nav": "my" if side else "review",
        "case": found,
        "side": side,
        "back": subject.claimant_url(found) if side == Role.BACKER else subject.respondent_url(found) if side else "",
        "evidence": list(Evidence.objects.filter(case=found).order_by("at", "id")),
        "rulings": list(found.rulings.order_by("no")),
        "is_talking": found.state in Deciding.TALKING,
        "may_bring": side is not None and found.state in Deciding.TALKING and is_time,
        "may_accept": side is not None and found.offer_by is not None and found.offer_by != actor.party_id,
        "may_decide": Role.MODERATOR in actor.roles and side is None,
        "is_evidence_over": not is_time,
        "percent": _percent(found),
        "may_redo": Role.MODERATOR in actor.roles and side is None and rulings.may_redo(found),
        "now": now,
    }
    return render(request, "disputes/case.html", context)


def _percent(found: Case) -> dict[str, int]:
    """How much of the stake is wanted, offered and given, in whole percent."""
    sums = {"wanted": found.wanted_fen, "offer": found.offer_fen, "given": found.given_fen}
    return {key: round(100 * fen / found.stake_fen) for key, fen in sums.items() if fen is not None}


@require_GET
@signed_in
def evidence(request: HttpRequest, case_id: UUID, evidence_id: UUID) -> HttpResponse:
    """A file, to be saved and not shown: nothing of it runs here."""
    found = queries.evidence_for(case_id, evidence_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"evidence-{str(found.pk)[-12:]}")


def _bring(request: HttpRequest, case_id: UUID, by: Actor, at: datetime) -> None:
    name, body = uploaded(request, most=files.MOST_BYTES)
    note = request.POST.get("note", "")
    cases.bring_evidence(case_id=case_id, name=name, body=body, note=note, by=by, at=at)


def _split(request: HttpRequest, case_id: UUID) -> dict[str, Fen]:
    """What a decider gives each side: the claimant's part is typed, the rest is the respondent's; or days to do it again."""
    stake, days = Case.objects.values_list("stake_fen", flat=True).get(pk=case_id), request.POST.get("redo_days", "")
    if days.strip():
        return {"to_claimant_fen": 0, "to_respondent_fen": stake, "redo_days": _days(days.strip())}
    given = _yuan(request, "to_claimant")
    return {"to_claimant_fen": given, "to_respondent_fen": stake - given}


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Invalid("请填写天数", "A number of days", field="redo_days")
    return int(text)


def _yuan(request: HttpRequest, name: str) -> Fen:
    return parse_yuan(request.POST.get(name, "").strip(), field=name)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:5_000]


Act = Callable[[HttpRequest, UUID, Actor, datetime], object]

ACTS: dict[str, tuple[Act, str]] = {
    "evidence": (_bring, "证据已提交，双方可见"),
    "offer": (
        lambda request, key, by, at: cases.offer(case_id=key, to_claimant_fen=_yuan(request, "amount"), by=by, at=at),
        "方案已提出，等待对方答复",
    ),
    "accept": (
        lambda request, key, by, at: cases.accept(case_id=key, expected_fen=_yuan(request, "amount"), by=by, at=at),
        "已和解，按方案执行",
    ),
    "withdraw": (lambda request, key, by, at: cases.withdraw(case_id=key, by=by, at=at), "投诉已撤回"),
    "appeal": (
        lambda request, key, by, at: rulings.appeal(case_id=key, reason=_text(request, "reason"), by=by, at=at),
        "申诉已提交，由另一位审核员复核",
    ),
    "take-up": (lambda request, key, by, at: cases.take_up(case_id=key, by=by, at=at), "已受理，双方开始举证"),
    "dismiss": (
        lambda request, key, by, at: cases.dismiss(case_id=key, reason=_text(request, "reason"), by=by, at=at),
        "已决定不予受理",
    ),
    "reopen": (
        lambda request, key, by, at: cases.reopen_evidence(case_id=key, reason=_text(request, "reason"), by=by, at=at),
        "已重新开放举证",
    ),
    "rule": (
        lambda request, key, by, at: rulings.rule(
            case_id=key, **_split(request, key), text=_text(request, "reason"), by=by, at=at
        ),
        "已裁定，申诉期满后执行",
    ),
    "decide-appeal": (
        lambda request, key, by, at: rulings.decide_appeal(
            case_id=key, **_split(request, key), text=_text(request, "reason"), by=by, at=at
        ),
        "已作出最终裁定并执行",
    ),
}


@require_POST
@signed_in
def case_act(request: HttpRequest, case_id: UUID, act: str) -> HttpResponse:
    """What a side or a decider does."""
    queries.visible(case_id, actor_of(request))
    if act not in ACTS:
        raise NotFound
    do, done = ACTS[act]
    return take(request, lambda by, at: do(request, case_id, by, at), _(done), redirect("case", case_id))
