"""Pages of posters: the board, the editor with its stops and what prices bring, paying in; and the moderator's review."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.common import clock, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.common.rules import SHANGHAI
from backend.common.workbooks import book, download
from backend.listings.facets import COUNTIES
from backend.moderation import queries as moderation
from backend.moderation import screening
from backend.moderation.pages import card as appeal_card
from marketplace import posting_pages
from marketplace.errands import forms, maps, queries, stops_file
from marketplace.errands.kinds import KINDS
from marketplace.errands.models import MODE_WORDS, MODES, Errand, Outlook
from marketplace.errands.operations import course, drafts, foresight, money, reviews
from marketplace.errands.operations.shared import ERRANDS
from marketplace.errands.states import ERRAND, Posted
from marketplace.tasks.forms import whole

FIELDS = ("title", "summary", "brief", "kind", "county", "mode", "photos_least", "visibility")
FACTS = {
    "price": ("报酬", "its pay"),
    "rivals_3km": ("3 公里内的其他任务", "other errands within 3 km"),
    "quota_3km": ("3 公里内会员的余量", "room of members within 3 km"),
}
"""What the advice about prices weighs, as people read it."""

MOST_ROWS = 60
SLIGHT = 0.05
"""Effects on the log odds below this are shown as none."""


@require_http_methods(["GET", "POST"])
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All errands that I post, by state; posting starts a new draft."""
    if request.method == "POST":
        made = drafts.start(by=actor_of(request), at=clock.now(), like=request.POST.get("like", ""))
        return redirect("errand-edit", made.pk)
    return posting_pages.board(request, ERRANDS, ERRAND, kind="errand", template="errands/board.html")


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, errand_id: UUID) -> HttpResponse:
    """The editor of a draft; saving and submitting are one form, so that nothing unsaved is submitted."""
    actor, now = actor_of(request), clock.now()
    errand = queries.own(errand_id, actor)
    if errand.state not in Posted.EDITABLE:
        return redirect("errand", errand_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            terms, version = forms.terms_of(request.POST), whole(request.POST, "version")
            drafts.write(errand_id=errand_id, terms=terms, version=version, by=actor, at=now)
            if request.POST.get("act") == "submit":
                drafts.submit(errand_id=errand_id, by=actor, at=now)
                return redirect("errand", errand_id)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("errand-edit", errand_id))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
            errand.refresh_from_db()
    form = {name: getattr(errand, name) for name in FIELDS}
    if refusal:
        form |= {name: request.POST.get(name, "") for name in form if name in request.POST}
    tomorrow = (now + timedelta(days=1)).astimezone(SHANGHAI)
    context = {
        "nav": "work",
        "errand": errand,
        "form": form,
        "refusal": refusal,
        "kinds": KINDS.items(),
        "modes": MODES.items(),
        "counties": COUNTIES,
        "page": paging.page(
            queries.stops_of(errand), order=("rank", "id"), cursor=request.GET.get("cursor", ""), size=20
        ),
        "map": _map(errand),
        **_outlook(errand),
        "from_at": tomorrow.strftime("%Y-%m-%dT09:00"),
        "until_at": (tomorrow + timedelta(days=6)).strftime("%Y-%m-%dT18:00"),
        "returned": moderation.last_return(errand.pk) if errand.state == Posted.RETURNED else None,
        "appeal": appeal_card(request, "errand", errand.pk) if errand.state == Posted.RETURNED else "",
        "now": now,
    }  # fmt: skip
    return render(request, "errands/edit.html", context, status=refusal.status if refusal else 200)


def _outlook(errand: Errand) -> dict[str, object]:
    """What a draft's prices bring, with words for the reasons and a sign for which way each weighs."""
    found = Outlook.objects.filter(errand=errand).first()
    chosen = found.target_percent if found else 90
    rows = found.rows[:MOST_ROWS] if found else []
    return {
        "outlook": found,
        "rows": [(row, [(FACTS[one["fact"]], _sign(one["effect"])) for one in row["reasons"]]) for row in rows],
        "targets": [(tens, tens * 10, tens * 10 == chosen) for tens in (6, 7, 8, 9)],
    }


def _sign(effect: float) -> str:
    return "↑" if effect > SLIGHT else "↓" if effect < -SLIGHT else "·"


def _map(errand: Errand) -> maps.Map | None:
    """The stops of a draft; with a forecast, those that it thinks unlikely stand out."""
    outlook = Outlook.objects.filter(errand=errand, version=errand.version).exclude(made_at=None).first()
    chances = {row["stop_id"]: row["in_ten"] for row in outlook.rows} if outlook else {}
    stops = queries.stops_of(errand)[: maps.MOST_DOTS]
    return maps.draw(
        [(stop.place, f"chance{chances.get(str(stop.pk), 10) // 4}", stop.key) for stop in stops]
    )  # fmt: skip


@require_POST
@signed_in
def draft_step(request: HttpRequest, errand_id: UUID, act: str) -> HttpResponse:
    """Load stops from a file, add or take out one, ask what prices bring, take over the suggested ones."""
    queries.own(errand_id, actor_of(request))
    data = request.POST

    def do(by: Actor, at: datetime) -> object:
        match act:
            case "load":
                _name, body = uploaded(request, most=stops_file.MOST_BYTES)
                start, end = forms.moment(data, "from"), forms.moment(data, "until")
                return drafts.load(errand_id=errand_id, body=body, from_at=start, until_at=end, by=by, at=at)
            case "add":
                return drafts.add_stop(errand_id=errand_id, row=forms.stop_of(data), by=by, at=at)
            case "forecast":
                return foresight.ask(
                    errand_id=errand_id, target_percent=whole(data, "target"), by=by, at=at
                )  # fmt: skip
            case _:
                return foresight.apply(errand_id=errand_id, by=by, at=at)

    if act not in ("load", "add", "forecast", "apply"):
        raise NotFound
    said = _("预测已开始，几秒后可见") if act == "forecast" else _("已保存")
    return take(request, do, said, redirect("errand-edit", errand_id))


@require_POST
@signed_in
def remove_stop(request: HttpRequest, errand_id: UUID, stop_id: UUID) -> HttpResponse:
    """Take a stop out of a draft, or away from an open errand."""
    errand = queries.own(errand_id, actor_of(request))
    if errand.state in Posted.EDITABLE:
        return take(
            request,
            lambda by, at: drafts.remove_stop(errand_id=errand_id, stop_id=stop_id, by=by, at=at),
            _("已删除"),
            redirect("errand-edit", errand_id),
        )
    reason = request.POST.get("reason", "")[:300]
    return take(
        request,
        lambda by, at: course.drop_stop(stop_id=queries.stop_in(errand_id, stop_id), reason=reason, by=by, at=at),
        _("点位已撤下"),
        redirect("errand", errand_id),
    )


@require_GET
@signed_in
def forecast(request: HttpRequest, errand_id: UUID) -> HttpResponse:
    """The part of the editor that says what prices bring; it asks again by itself while that is reckoned."""
    errand = queries.own(errand_id, actor_of(request))
    return render(request, "errands/forecast.html", {"errand": errand} | _outlook(errand))


@require_POST
@signed_in
def pay(request: HttpRequest, errand_id: UUID) -> HttpResponse:
    """Off to the cashier with the pay for every stop."""
    queries.own(errand_id, actor_of(request))
    return posting_pages.pay(
        request, errand_id, lambda by, at: money.order(errand_id=errand_id, by=by, at=at), back="errand"
    )


@require_POST
@signed_in
def step(request: HttpRequest, errand_id: UUID, act: str) -> HttpResponse:
    """What a poster decides about a whole errand."""
    queries.own(errand_id, actor_of(request))
    return posting_pages.step(request, errand_id, act, course.STEPS, back="errand", edit="errand-edit")


@require_GET
@signed_in
def export(request: HttpRequest, errand_id: UUID) -> HttpResponse:
    """Every stop with how it stands, as a workbook; runners by their masked names."""
    errand = queries.own(errand_id, actor_of(request))
    heads = [_("编号"), _("地址"), _("纬度"), _("经度"), _("报酬（元）"), _("最早"), _("最晚"), _("状态"), _("接单人"), _("提交时间"), _("距点位（米）"), _("说明")]  # fmt: skip
    return download(book(_("点位"), heads, queries.export(errand)), f"errand-{str(errand.pk)[-12:]}")


# --- the moderator -------------------------------------------------------------------------------------------


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, errand_id: UUID) -> HttpResponse:
    """One errand as the moderator reads it: everything, what to look at twice, the checklist."""
    errand = queries.visible(errand_id, actor_of(request))
    stops = list(queries.stops_of(errand).order_by("rank")[:12])
    context = {
        "nav": "review",
        "errand": errand,
        "kind": KINDS[errand.kind],
        "mode": MODE_WORDS[errand.mode],
        "stops": stops,
        "map": _map(errand),
        "checklist": reviews.REVIEWING.checklist.items(),
        "findings": list(screening.contacts("brief", f"{errand.title}\n{errand.summary}\n{errand.brief}")),
        "history": moderation.history(errand_id),
        "appeal": moderation.appeal_of(errand_id),
    }
    return render(request, "errands/review.html", context)


@require_POST
@staff(Role.MODERATOR)
def review_step(request: HttpRequest, errand_id: UUID, act: str) -> HttpResponse:
    """Approve, return, freeze, thaw."""
    queries.visible(errand_id, actor_of(request))
    return posting_pages.review_step(request, reviews.REVIEWING, errand_id, act, back="errand-review")
