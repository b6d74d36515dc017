"""Pages of price cards: what can be ordered near a place, somebody's card with its order, one's own card."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, to_sign_in
from backend.common import clock, rules
from backend.common.actors import Role
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.fen import parse_yuan, wire_yuan
from marketplace.errands import forms, queries
from marketplace.errands.kinds import KINDS, UNITS
from marketplace.errands.models import Service
from marketplace.errands.operations import services
from marketplace.errands.operations.services import ServiceTerms, Wanted
from marketplace.tasks.forms import whole

KEPT = ("latitude", "longitude", "address", "from", "until", "note", "quantity")


@require_GET
def near(request: HttpRequest) -> HttpResponse:
    """What can be ordered to a place: the reader's own as a runner, or one in the address."""
    now, runner = clock.now(), queries.runner_for(actor_of(request))
    place = forms.maybe_place(request.GET) or (runner.place if runner else None)
    kinds = [kind for kind in request.GET.getlist("kind")[:10] if kind in KINDS]
    context = {
        "nav": "work",
        "place": place,
        "latitude": f"{place[0]:.6f}" if place else "",
        "longitude": f"{place[1]:.6f}" if place else "",
        "rows": queries.services_near(place, at=now, kinds=kinds) if place else [],
        "kinds": KINDS.items(),
        "chosen": kinds,
    }
    return render(request, "errands/services.html", context)


@require_http_methods(["GET", "POST"])
def card(request: HttpRequest, runner_id: UUID) -> HttpResponse:
    """Somebody's price card; an order from it leads to the cashier."""
    runner, actor, now = queries.provider(runner_id), actor_of(request), clock.now()
    refusal: Refusal | None = None
    if request.method == "POST":
        if not request.user.is_authenticated:
            return to_sign_in(request)
        try:
            made = services.order(
                service_id=_chosen(request.POST), wanted=_wanted(request.POST), by=actor, at=now
            )  # fmt: skip
            return take(request, lambda _by, _at: None, _("已下单，请托管报酬"), redirect("errand", made.pk))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    source = request.POST if request.method == "POST" else request.GET
    context = {
        "nav": "work",
        "runner": runner,
        "rows": queries.card_of(runner, at=now),
        "chosen": source.get("service", ""),
        "form": {name: source.get(name, "") for name in KEPT},
        "is_mine": actor.party_id == runner.party_id,
        "is_moderator": Role.MODERATOR in actor.roles,
        "hours": rules.value("errands.direct_hours", at=now),
        "refusal": refusal,
        "now": now,
    }
    return render(request, "errands/card.html", context, status=refusal.status if refusal else 200)


def _chosen(data: QueryDict) -> UUID:
    try:
        return UUID(data.get("service", ""))
    except ValueError as error:
        raise Invalid("请选择服务", "Choose a service", field="service") from error


def _wanted(data: QueryDict) -> Wanted:
    price = data.get(f"price-{_chosen(data)}", "")
    return Wanted(
        quantity=whole(data, "quantity"),
        price_fen=int(price) if price.isascii() and price.isdigit() and len(price) < 12 else 0,
        place=forms.place_of(data),
        address=data.get("address", "")[:200],
        from_at=forms.moment(data, "from"),
        until_at=forms.moment(data, "until"),
        note=data.get("note", "")[:400],
    )


@require_http_methods(["GET", "POST"])
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My price card: what I do for how much."""
    actor, now = actor_of(request), clock.now()
    runner = queries.runner_for(actor)
    if runner is None:
        return redirect("errand-runner")
    refusal: Refusal | None = None
    rows = list(queries.lines_of(runner))
    line = next((one for one in rows if str(one.pk) == (request.POST or request.GET).get("line")), None)
    if request.method == "POST":
        try:
            terms = _terms(request.POST)
            if line is not None:
                services.rewrite(service_id=line.pk, terms=terms, by=actor, at=now)
            else:
                services.add(terms=terms, by=actor, at=now)
            return take(request, lambda _by, _at: None, _("已保存"), redirect("errand-card-mine"))
        except Refusal as caught:
            refusal = caught
    context = {
        "nav": "work",
        "runner": runner,
        "rows": rows,
        "line": line,
        "on_card": {one.pk for one in queries.card_of(runner, at=now)},
        "hidden": list(runner.services.exclude(hidden_why="").order_by("-ended_at")[:5]),
        "kinds": KINDS.items(),
        "units": UNITS.items(),
        "form": _form(request.POST if refusal else None, line),
        "refusal": refusal,
        "now": now,
    }
    return render(request, "errands/card_mine.html", context, status=refusal.status if refusal else 200)


def _form(said: QueryDict | None, line: Service | None) -> dict[str, object]:
    """What the editor shows: what was said and refused, else the line that is changed, else nothing."""
    names = ("title", "text", "kind", "unit", "least_n")
    if said is not None:
        return {name: said.get(name, "") for name in (*names, "price")}
    if line is None:
        return {"least_n": 1}
    return {name: getattr(line, name) for name in names} | {"price": wire_yuan(line.price_fen)}


def _terms(data: QueryDict) -> ServiceTerms:
    return ServiceTerms(
        kind=data.get("kind", ""),
        title=data.get("title", "")[:100],
        text=data.get("text", "")[:400],
        unit=data.get("unit", ""),
        price_fen=parse_yuan(data.get("price", "").strip(), field="price"),
        least_n=whole(data, "least_n"),
    )


@require_POST
@signed_in
def remove(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Take a line from my card."""
    return take(
        request,
        lambda by, at: services.remove(service_id=service_id, by=by, at=at),
        _("已下架"),
        redirect("errand-card-mine"),
    )


@require_POST
@staff(Role.MODERATOR)
def hide(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """A moderator takes a line from somebody's card."""
    found, reason = queries.service(service_id), request.POST.get("reason", "")[:600]
    return take(
        request,
        lambda by, at: services.hide(service_id=service_id, reason=reason, by=by, at=at),
        _("已记录"),
        redirect("errand-card", found.runner_id),
    )
