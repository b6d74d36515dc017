"""Pages of fulfilment: the backer's address, the maker's desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take, uploaded
from backend.common import clock, paging
from backend.common.actors import Actor
from backend.common.errors import NotFound, Refusal
from backend.common.workbooks import download
from crowdfunding.campaigns import queries as campaigns
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.fulfilment import addresses, cards, queries, questions, sheets
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.operations import parcels, shipments, surveys
from crowdfunding.fulfilment.states import PARCEL, Parceling

FILTERS = (Parceling.LOCKED, Parceling.SHIPPED, Parceling.LOST, Parceling.ARRIVED, Parceling.MISSED, Parceling.ASKED)


def _address(request: HttpRequest) -> addresses.Address:
    data = request.POST
    return addresses.read(*(data.get(name, "")[:200] for name in ("recipient", "phone", "region", "street")))


@require_http_methods(["GET", "POST"])
@signed_in
def address(request: HttpRequest, pledge_id: UUID) -> HttpResponse:
    """Say where a reward goes; after the lock, ask for a change."""
    actor = actor_of(request)
    pledge = own_pledge(pledge_id, actor)
    parcel = Parcel.objects.filter(pledge=pledge).first()
    if parcel is None:
        raise NotFound
    survey = Survey.objects.get(campaign_id=parcel.campaign_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _take(request, pledge_id, parcel, survey, actor)
            return redirect("pledge", pledge_id)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    context = {
        "nav": "my",
        "pledge": pledge,
        "parcel": parcel,
        "survey": survey,
        "refusal": refusal,
        "form": _form(request, parcel),
        "questions": [
            (f"answer-{number}", question, _answered(request, parcel, number, question["text"]))
            for number, question in enumerate(survey.questions)
        ],
        "is_change": parcel.state == Parceling.LOCKED,
        "now": clock.now(),
    }
    return render(request, "fulfilment/address.html", context, status=refusal.status if refusal else 200)


def _take(request: HttpRequest, pledge_id: UUID, parcel: Parcel, survey: Survey, by: Actor) -> None:
    at = clock.now()
    if parcel.state == Parceling.LOCKED:
        parcels.ask_change(pledge_id=pledge_id, address=_address(request), by=by, at=at)
        messages.success(request, _("更改请求已提交，发货前由发起人决定"))
        return
    answers = {
        question["text"]: request.POST.get(f"answer-{number}", "") for number, question in enumerate(survey.questions)
    }
    parcels.fill(pledge_id=pledge_id, address=_address(request), answers=answers, by=by, at=at)
    messages.success(request, _("收货信息已保存，锁定前可随时修改"))


def _form(request: HttpRequest, parcel: Parcel) -> dict[str, str]:
    if request.method == "POST":
        return {name: request.POST.get(name, "") for name in ("recipient", "phone", "region", "street")}
    if not parcel.address_sealed:
        return {}
    known = addresses.unseal(parcel.address_sealed, place=parcel.place)
    return {"recipient": known.name, "phone": known.phone, "region": known.region, "street": known.street}


def _answered(request: HttpRequest, parcel: Parcel, number: int, text: str) -> str:
    return request.POST.get(f"answer-{number}", "") or str(parcel.answers.get(text, ""))


@require_POST
@signed_in
def lost(request: HttpRequest, pledge_id: UUID) -> HttpResponse:
    """The parcel did not come."""
    return take(
        request,
        lambda by, at: parcels.report_lost(pledge_id=pledge_id, by=by, at=at),
        _("已报告丢失，发起人须在 14 天内补发或退款，逾期自动退款"),
        redirect("pledge", pledge_id),
    )


def _own(request: HttpRequest, campaign_id: UUID) -> tuple[Campaign, Survey]:
    actor = actor_of(request)
    found = campaigns.owned_by(actor.party_id).filter(pk=campaign_id).first() if actor.party_id else None
    survey = Survey.objects.filter(campaign_id=campaign_id).first() if found else None
    if found is None or survey is None or "campaigns" not in actor.scopes:
        raise NotFound
    return found, survey


@require_GET
@signed_in
def desk(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker's desk: survey, lock, packing list, tracking numbers, losses, every parcel."""
    found, survey = _own(request, campaign_id)
    state = request.GET.get("state", "")
    rows = queries.parcels_of(campaign_id)
    rows = rows.filter(state=state) if state in FILTERS else rows
    context: dict[str, Any] = {
        "nav": "console",
        "campaign": found,
        "survey": survey,
        "questions": questions.show(survey.questions),
        "shares": cards.shares(found),
        "lost": list(queries.parcels_of(campaign_id).filter(state=Parceling.LOST).order_by("state_at", "pk")[:50]),
        "wishes": [_wish(one) for one in queries.wishes_of(campaign_id)],
        "page": paging.page(rows, order=("no",), cursor=request.GET.get("cursor", ""), size=50),
        "state": state,
        "states": [(one, PARCEL.word(one), one == state) for one in FILTERS],
        "paged": "cursor" in request.GET,
        "now": clock.now(),
    }
    return render(request, "fulfilment/desk.html", context)


def _wish(parcel: Parcel) -> tuple[Parcel, str]:
    return parcel, addresses.unseal(parcel.wish_sealed, place=f"{parcel.place}:wish").masked


@require_POST
@signed_in
def survey(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker writes the questions."""
    _own(request, campaign_id)
    text = request.POST.get("questions", "")[:4_000]
    return take(
        request,
        lambda by, at: surveys.write_questions(campaign_id=campaign_id, text=text, by=by),
        _("问卷已保存"),
        redirect("fulfilment", campaign_id),
    )


@require_POST
@signed_in
def announce(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker announces the lock."""
    _own(request, campaign_id)
    return take(
        request,
        lambda by, at: surveys.announce_lock(campaign_id=campaign_id, by=by, at=at),
        _("已通知支持者，48 小时后锁定地址"),
        redirect("fulfilment", campaign_id),
    )


@require_POST
@signed_in
def packing(request: HttpRequest, campaign_id: UUID, form: str) -> HttpResponse:
    """The packing list as a workbook, or labels to print; who took it out is on record."""
    found, _survey = _own(request, campaign_id)
    if form not in ("list", "labels"):
        raise NotFound
    try:
        rows = shipments.packing_list(campaign_id=campaign_id, purpose=form, by=actor_of(request), at=clock.now())
    except Refusal as refusal:
        messages.error(request, refusal.text())
        return redirect("fulfilment", campaign_id)
    if form == "labels":
        return render(request, "fulfilment/labels.html", {"rows": rows, "campaign": found})
    return download(sheets.packing_book(rows), f"packing-{campaign_id}")


@require_POST
@signed_in
def ship(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker brings back tracking numbers, a whole file or nothing of it."""
    _own(request, campaign_id)

    def read(by: Actor, at: datetime) -> None:
        rows = sheets.read_batch(*uploaded(request, most=sheets.MOST_BYTES))
        sent = shipments.import_shipments(campaign_id=campaign_id, rows=rows, by=by, at=at)
        messages.success(request, _("已发出 %(n)s 个包裹") % {"n": sent})

    try:
        read(actor_of(request), clock.now())
    except NotFound:
        raise
    except Refusal as refusal:
        for reason in refusal.reasons[:20]:
            messages.error(request, reason.text())
    return redirect("fulfilment", campaign_id)


PARCEL_ACTS: dict[str, tuple[Callable[[UUID, Actor, datetime], object], str]] = {
    "send-again": (lambda key, by, at: parcels.send_again(parcel_id=key, by=by, at=at), "已转为待补发"),
    "refund": (lambda key, by, at: parcels.refund_lost(parcel_id=key, by=by, at=at), "已退款，款项原路退回"),
    "take-change": (
        lambda key, by, at: parcels.answer_change(parcel_id=key, agree=True, by=by, at=at),
        "地址已更改",
    ),
    "keep": (lambda key, by, at: parcels.answer_change(parcel_id=key, agree=False, by=by, at=at), "已保留原地址"),
}


@require_POST
@signed_in
def parcel_act(request: HttpRequest, campaign_id: UUID, parcel_id: UUID, act: str) -> HttpResponse:
    """What a maker decides about one parcel."""
    _own(request, campaign_id)
    if act not in PARCEL_ACTS or not Parcel.objects.filter(pk=parcel_id, campaign_id=campaign_id).exists():
        raise NotFound
    do, done = PARCEL_ACTS[act]
    return take(request, lambda by, at: do(parcel_id, by, at), _(done), redirect("fulfilment", campaign_id))
