"""Pages of calendar and diary: what everyone reads, and where the maker writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backend.accounts.doors import actor_of, chosen_key, signed_in, take, uploaded
from backend.common import clock, files, paging
from backend.common.actors import Actor
from backend.common.days import parse_day
from backend.common.errors import Invalid, NotFound
from backend.common.rules import SHANGHAI
from crowdfunding.campaigns.queries import of_maker, visible
from crowdfunding.campaigns.states import State
from crowdfunding.diary import operations, queries
from crowdfunding.diary.operations import Note


@require_GET
def diary(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The whole diary under its calendar; the maker also finds the forms here."""
    actor = actor_of(request)
    found = visible(campaign_id, actor.party_id)
    rows = queries.entries(campaign_id)
    steps = queries.steps(campaign_id)
    mine = found.owner_id is not None and found.owner_id == actor.party_id
    context = {
        "nav": "console" if mine else "browse",
        "campaign": found,
        "page": paging.page(rows, order=("-day", "-id"), cursor=request.GET.get("cursor", ""), size=20),
        "steps": steps,
        "open_steps": [step for step in steps if step.done_on is None],
        "today": clock.now().astimezone(SHANGHAI).date(),
        "mine": mine and found.state not in State.ENDED,
        "is_public": found.state in State.PUBLIC,
    }
    return render(request, "diary/diary.html", context)


@require_GET
def photo(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The photo of a day; its content never changes under its address."""
    found = queries.photo_for(entry_id, actor_of(request).party_id)
    return files.shown(found.sha256, found.mime)


def _day(text: str, field: str) -> date:
    day = parse_day(text, field=field)
    if day is None:
        raise Invalid("请填写日期", "Enter a date", field=field)
    return day


def _add_step(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> None:
    day = _day(request.POST.get("planned_on", ""), "planned_on")
    operations.add_step(
        campaign_id=campaign_id, title=request.POST.get("title", "")[:200], planned_on=day, by=by, at=at
    )


def _write(request: HttpRequest, campaign_id: UUID, by: Actor, at: datetime) -> None:
    chosen = uploaded(request, most=files.MOST_BYTES) if request.FILES.get("file") else None
    note = Note(
        day=_day(request.POST.get("day", ""), "day"),
        text=request.POST.get("text", "")[:2_000],
        step_id=chosen_key(request.POST.get("step", "")),
        photo=chosen,
    )
    operations.write(campaign_id=campaign_id, note=note, by=by, at=at)


ACTS: dict[str, Callable[[HttpRequest, UUID, Actor, datetime], None]] = {"step": _add_step, "write": _write}


@require_POST
@signed_in
def add(request: HttpRequest, campaign_id: UUID, act: str) -> HttpResponse:
    """The maker adds a step or a day."""
    of_maker(campaign_id, actor_of(request).party_id)
    if act not in ACTS:
        raise NotFound
    back = redirect("diary", campaign_id)
    return take(request, lambda by, at: ACTS[act](request, campaign_id, by, at), _("已保存"), back)


@require_POST
@signed_in
def change_step(request: HttpRequest, campaign_id: UUID, step_id: UUID, act: str) -> HttpResponse:
    """The maker moves a step to another day, or takes one off that nobody has seen."""
    of_maker(campaign_id, actor_of(request).party_id)

    def move(by: Actor, at: datetime) -> None:
        day, reason = _day(request.POST.get("planned_on", ""), "planned_on"), request.POST.get("reason", "")[:400]
        operations.move_step(step_id=step_id, planned_on=day, reason=reason, by=by, at=at)

    acts = {"move": move, "remove": lambda by, at: operations.remove_step(step_id=step_id, by=by)}
    if act not in acts:
        raise NotFound
    return take(request, acts[act], _("已保存"), redirect("diary", campaign_id))


@require_POST
@signed_in
def withdraw(request: HttpRequest, campaign_id: UUID, entry_id: UUID) -> HttpResponse:
    """The maker takes a day back."""
    of_maker(campaign_id, actor_of(request).party_id)
    back = redirect("diary", campaign_id)
    return take(request, lambda by, at: operations.withdraw(entry_id=entry_id, by=by, at=at), _("已撤回"), back)
