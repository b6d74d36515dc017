"""Pages of on-site errands for everybody and for runners: the hall, nearby, an errand, a stop, my stops, my settings."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take, uploaded
from backend.accounts.models import Party
from backend.common import clock, encryption, files, paging, rules
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.moderation.pages import card as appeal_card
from marketplace import escrows, halls
from marketplace.errands import forms, geography, maps, queries
from marketplace.errands.kinds import KINDS, LICENCES, needs_licence
from marketplace.errands.models import MODE_WORDS, Runner, Stop
from marketplace.errands.operations import dispatch, hands, runners, work
from marketplace.errands.operations.shared import is_affiliated
from marketplace.errands.states import ERRAND, STOP, At, Licensed, Posted
from marketplace.tasks.forms import whole
from marketplace.tax import withholding

ORDERS = (("newest", "最新发布", "Newest"), ("closing", "即将截止", "Closing soon"))
REACHES_KM = (1, 3, 5, 10, 20, 50)


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All public errands, with facets whose every choice is in the address."""
    return halls.hall(request, kind="errand", machine=ERRAND, template="errands/hall.html", orders=ORDERS)


@require_GET
def nearby(request: HttpRequest) -> HttpResponse:
    """The free stops nearest to a place: the reader's own, or one in the address."""
    now, runner = clock.now(), queries.runner_for(actor_of(request))
    place = forms.maybe_place(request.GET) or (runner.place if runner else None)
    text = request.GET.get("km", "")
    reach = int(text) if text.isdecimal() and int(text) in REACHES_KM else (runner.reach_km if runner else 5)
    kinds = [kind for kind in request.GET.getlist("kind")[:10] if kind in KINDS]
    rows = queries.nearby(place, reach * 1_000, at=now, kinds=kinds) if place else []
    context = {
        "nav": "work",
        "place": place,
        "latitude": f"{place[0]:.6f}" if place else "",
        "longitude": f"{place[1]:.6f}" if place else "",
        "reach": reach,
        "reaches": REACHES_KM,
        "kinds": KINDS.items(),
        "chosen": kinds,
        "rows": rows,
        "runner": runner,
        "map": maps.draw(
            ([(place, "here", _("您的位置"))] if place else [])
            + [(geography.about(*stop.place), "ready", f"{stop.errand.title} {away} m") for away, stop in rows]
        ),
        "now": now,
    }
    return render(request, "errands/nearby.html", context)


@require_GET
def errand(request: HttpRequest, errand_id: UUID) -> HttpResponse:
    """One errand: what is to be done where and for how much; to its poster, how each stop stands."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(errand_id, actor)
    is_mine = actor.party_id is not None and actor.party_id == found.owner_id
    state = request.GET.get("state", "")
    counts = queries.progress(found)
    page = paging.page(
        queries.stops_of(found, state if state in STOP.states else ""),
        order=("rank", "id"),
        cursor=request.GET.get("cursor", ""),
        size=30,
    )  # fmt: skip
    sights = [queries.seen(stop, actor) for stop in page.rows]
    drawn = list(queries.stops_of(found)[: maps.MOST_DOTS])
    context = {
        "nav": "work",
        "errand": found,
        "kind": KINDS[found.kind],
        "mode": MODE_WORDS[found.mode],
        "licence": LICENCES[found.kind] if needs_licence(found.kind, at=now) else None,
        "is_mine": is_mine,
        "is_moderator": Role.MODERATOR in actor.roles,
        "page": page,
        "sights": sights,
        "counts": [(key, STOP.word(key), counts[key]) for key in STOP.states if key in counts],
        "submitted_n": counts.get(At.SUBMITTED, 0),
        "may_cancel": not set(counts) - {At.READY, At.UNDONE},
        "state": state,
        "rest": f"state={state}&" if state in STOP.states else "",
        "map": maps.draw([(queries.seen(stop, actor).place, stop.state, stop.key) for stop in drawn]),
        "may_run": found.state == Posted.OPEN
        and found.service_id is None
        and not is_mine
        and not is_affiliated(found, actor),
        "accept_days": rules.value("errands.accept_days", at=now),
        "appeal": appeal_card(request, "errand", found.pk) if is_mine and found.state == Posted.FROZEN else "",
        "now": now,
    }
    return render(request, "errands/errand.html", context)


@require_GET
def stop(request: HttpRequest, stop_id: UUID) -> HttpResponse:
    """One stop: for a runner what it brings and why they may or may not take it; for who holds it, handing in."""
    actor, now = actor_of(request), clock.now()
    sight = queries.sight(stop_id, actor)
    found, runner = sight.stop, queries.runner_for(actor)
    context = {
        "nav": "work",
        "sight": sight,
        "stop": found,
        "errand": found.errand,
        "kind": KINDS[found.errand.kind],
        "runner": runner,
        "away": queries.way_between(runner, sight),
        "obstacles": _obstacles(found, runner, actor, now),
        "takes": _left(found, actor, now),
        "photos": list(found.photos.order_by("added_at")) if sight.is_inside else [],
        "may_decide": Role.MODERATOR in actor.roles and found.state == At.CONTESTED,
        "is_window": found.from_at <= now <= found.until_at,
        "history": queries.moves_of(found) if sight.is_inside else [],
        "now": now,
    }
    return render(request, "errands/stop.html", context)


def _obstacles(found: Stop, runner: Runner | None, actor: Actor, now: datetime) -> list[str] | None:
    """Why this reader may not take a free stop; None where it is not for them to take."""
    if runner is None or found.errand.state != Posted.OPEN or not found.is_free(now):
        return None
    return [reason.text() for reason in hands.obstacles(found.errand, found, runner, actor, now)]


def _left(found: Stop, actor: Actor, at: datetime) -> tuple[int, int, int] | None:
    """The fee, the tax withheld from this reader, and what is left of a stop's pay, in fen."""
    payee = Party.objects.filter(pk=actor.party_id).first() if actor.party_id else None
    if payee is None or found.state not in At.LIVE:
        return None
    fee = escrows.fee_of(found.price_fen, at=at)
    tax = withholding.foresee(payee=payee, paid_fen=found.price_fen, project_id=found.errand_id, at=at).tax_fen
    return fee, tax, found.price_fen - fee - tax


@require_POST
@signed_in
def stop_step(request: HttpRequest, stop_id: UUID, act: str) -> HttpResponse:
    """Book, give up, add a photo, hand in; accept, refuse, drop; contest; decide."""
    queries.sight(stop_id, actor_of(request))
    said_as = {"contest": "grounds", "refuse": "reason"}.get(act, "words")
    words, place = request.POST.get(said_as, "")[:1_000], forms.maybe_place(request.POST)
    back = redirect("errand-stop", stop_id)

    def do(by: Actor, at: datetime) -> object:
        match act:
            case "photo":
                name, body = uploaded(request, most=files.MOST_BYTES)
                return work.add_photo(stop_id=stop_id, name=name, body=body, by=by, at=at)
            case "submit":
                return work.submit(stop_id=stop_id, words=words, place=place, by=by, at=at)
            case "redo":
                return work.redo(stop_id=stop_id, words=words, place=place, by=by, at=at)
            case _:
                return work.STEPS[act](stop_id, words, by, at)

    if act not in ("photo", "submit", "redo", *work.STEPS):
        raise NotFound
    said = {"book": _("已预订"), "submit": _("已提交"), "redo": _("已提交"), "photo": _("照片已上传")}
    return take(request, do, said.get(act, _("已记录")), back)


@require_POST
@staff(Role.MODERATOR)
def finding(request: HttpRequest, stop_id: UUID, act: str) -> HttpResponse:
    """A moderator decides about a contested refusal."""
    queries.sight(stop_id, actor_of(request))
    if act not in ("for", "against"):
        raise NotFound
    words = request.POST.get("words", "")[:1_000]
    return take(
        request,
        lambda by, at: work.find(stop_id=stop_id, for_runner=act == "for", reason=words, by=by, at=at),
        _("已裁定"),
        redirect("errand-stop", stop_id),
    )


@require_GET
def photo(request: HttpRequest, stop_id: UUID, photo_id: UUID) -> HttpResponse:
    """A photo of a stop, for who is concerned."""
    found = queries.photo(stop_id, photo_id, actor_of(request))
    return files.shown(found.sha256, found.mime)


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """What I hold, with every clock, what I am asked, and what I did."""
    actor, now = actor_of(request), clock.now()
    runner = queries.runner_for(actor)
    if runner is None:
        return redirect("errand-runner")
    rows = queries.held_by(runner)
    page = paging.page(rows, order=("-booked_at", "-id"), cursor=request.GET.get("cursor", ""), size=20)
    context = {
        "nav": "work",
        "runner": runner,
        "tier": hands.tier_of(runner.reputation, at=now),
        "offers": queries.offers_to(runner, at=now),
        "page": page,
        "now": now,
    }
    return render(request, "errands/mine.html", context)


@require_POST
@signed_in
def offer_step(request: HttpRequest, offer_id: UUID, act: str) -> HttpResponse:
    """Take what I am offered, or leave it."""
    found = queries.own_offer(offer_id, actor_of(request))
    if act not in ("accept", "decline"):
        raise NotFound
    back = redirect("errand-stop", found.stop_id) if act == "accept" else redirect("errand-mine")
    return take(
        request,
        lambda by, at: dispatch.answer(offer_id=offer_id, accepts=act == "accept", by=by, at=at),
        _("已接单") if act == "accept" else _("已谢绝"),
        back,
    )


@require_http_methods(["GET", "POST"])
@signed_in
def runner(request: HttpRequest) -> HttpResponse:
    """From where I start, how far I go, what I run, and my licences."""
    actor, now = actor_of(request), clock.now()
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            runners.register(
                place=forms.place_of(request.POST),
                reach_km=whole(request.POST, "reach_km"),
                kinds=request.POST.getlist("kinds")[:20],
                takes_offers="takes_offers" in request.POST,
                by=actor,
                at=now,
            )
            return take(request, lambda _by, _at: None, _("已保存"), redirect("errand-runner"))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    found = queries.runner_for(actor)
    starts = [rules.value(f"errands.tier.{number}.from", at=now) for number in reversed(hands.TIERS)]
    form = {
        "latitude": f"{found.latitude:.6f}" if found else "",
        "longitude": f"{found.longitude:.6f}" if found else "",
        "reach_km": found.reach_km if found else 5,
    }
    form |= {name: request.POST.get(name, "") for name in form if name in request.POST}
    context = {
        "nav": "work",
        "runner": found,
        "is_person": actor.party_id == actor.person_id,
        "tiers": [(start, hands.tier_of(start, at=now)) for start in starts],
        "tier": hands.tier_of(found.reputation, at=now) if found else None,
        "form": form,
        "kinds": KINDS.items(),
        "chosen": request.POST.getlist("kinds") if refusal else (found.kinds if found else []),
        "licensed": [(key, words) for key, words in LICENCES.items() if needs_licence(key, at=now)],
        "licences": list(found.licences.order_by("-created_at")[:20]) if found else [],
        "refusal": refusal,
        "now": now,
    }
    return render(request, "errands/runner.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def add_licence(request: HttpRequest) -> HttpResponse:
    """Hand a licence in."""

    def do(by: Actor, at: datetime) -> object:
        picture = uploaded(request, most=files.MOST_BYTES) if "file" in request.FILES else None
        paper = runners.Paper(
            kind=request.POST.get("kind", ""),
            number=request.POST.get("number", "")[:60],
            valid_from=forms.day(request.POST, "valid_from"),
            valid_until=forms.day(request.POST, "valid_until"),
            picture=picture,
        )
        return runners.hand_in(paper=paper, by=by, at=at)

    return take(request, do, _("证照已提交，等待核验"), redirect("errand-runner"))


@require_GET
@staff(Role.MODERATOR)
def licence(request: HttpRequest, licence_id: UUID) -> HttpResponse:
    """One licence as the moderator checks it, with its whole number."""
    found = queries.own_licence(licence_id, actor_of(request))
    context = {
        "nav": "review",
        "licence": found,
        "words": LICENCES[found.kind],
        "number": encryption.decrypt(found.number_sealed, place=runners.number_place(found.pk)),
        "may": [act for act in runners.CHECKS if any(one.event == act for one in found.machine.leaving(found.state))],
        "waiting": list(queries.licences_waiting().order_by("created_at", "id")[:20]),
        "is_in_force": found.state == Licensed.IN_FORCE,
        "now": clock.now(),
    }
    return render(request, "errands/licence.html", context)


@require_POST
@staff(Role.MODERATOR)
def licence_step(request: HttpRequest, licence_id: UUID, act: str) -> HttpResponse:
    """Confirm, refuse, revoke."""
    queries.own_licence(licence_id, actor_of(request))
    if act not in runners.CHECKS:
        raise NotFound
    reason = request.POST.get("reason", "")[:300]
    return take(
        request,
        lambda by, at: runners.CHECKS[act](licence_id, reason, by, at),
        _("已记录"),
        redirect("errand-licence", licence_id),
    )


@require_GET
@signed_in
def licence_picture(request: HttpRequest, licence_id: UUID) -> HttpResponse:
    """The photo of a licence, for its holder and the staff who check it."""
    found = queries.own_licence(licence_id, actor_of(request))
    if not found.picture_sha256:
        raise NotFound
    return files.shown(found.picture_sha256, found.picture_mime)
