"""Pages for everyone: browse, campaign, pledge, my pledges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts import limits
from backend.accounts.doors import actor_of, signed_in, take
from backend.accounts.models import Party
from backend.common import clock, paging
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen, parse_yuan
from backend.common.models import StateChange
from backend.disputes import queries as disputes
from backend.payments.doors import to_cashier
from backend.payments.operations import intents
from backend.projects import queries as projects
from crowdfunding.campaigns import gates, panels, queries, trail
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import (
    changes,
    complaints,
    confirmations,
    outside,
    pledges,
    reminders,
    talk,
    verdicts,
)
from crowdfunding.campaigns.states import CAMPAIGN, PledgeState, State
from search.engines import Query
from search.queries import find

ORDERS = (
    ("newest", "最新上线", "Newest"),
    ("closing", "即将截止", "Closing soon"),
    ("raised", "筹款最多", "Most raised"),
    ("percent", "进度最高", "Furthest"),
)
FACETS = ("category", "county", "state")


@require_GET
def browse(request: HttpRequest) -> HttpResponse:
    """All public campaigns, with facets whose every choice is in the address."""
    chosen = {name: [value for value in request.GET.getlist(name) if value][:10] for name in FACETS}
    query = Query(
        text=request.GET.get("q", "").strip()[:100],
        kind="campaign",
        categories=chosen["category"],
        counties=chosen["county"],
        states=chosen["state"],
        order=request.GET.get("order", "newest"),
        cursor=request.GET.get("cursor", ""),
    )
    found = find(query)
    context = {
        "nav": "browse",
        "now": clock.now(),
        "found": found,
        "query": query,
        "orders": [(key, (zh, en), _link(request, order=key)) for key, zh, en in ORDERS],
        "facets": [_facet(request, name, found.facets.get(name, {}), chosen[name]) for name in FACETS],
        "chosen": any(chosen.values()),
        "rest": _rest(request),
        "paged": bool(query.cursor),
        "clear": f"?q={query.text}" if query.text else "?",
    }
    return render(request, "campaigns/browse.html", context)


def _link(request: HttpRequest, **changed: str) -> str:
    params = request.GET.copy()
    params.pop("cursor", None)
    for name, value in changed.items():
        params[name] = value
    return f"?{params.urlencode()}"


def _rest(request: HttpRequest) -> str:
    """The address's choices without the cursor, to put before the next one."""
    params = request.GET.copy()
    params.pop("cursor", None)
    return params.urlencode() + "&" if params else ""


def _facet(request: HttpRequest, name: str, counts: object, chosen: list[str]) -> dict[str, object]:
    values = dict(counts) if isinstance(counts, dict) else {}
    for value in chosen:
        values.setdefault(value, 0)
    rows = []
    for value, count in values.items():
        params = request.GET.copy()
        params.pop("cursor", None)
        kept = [item for item in chosen if item != value]
        params.setlist(name, kept if value in chosen else [*kept, value])
        word = CAMPAIGN.word(value) if name == "state" else value
        rows.append(
            {"value": value, "word": word, "count": count, "on": value in chosen, "url": f"?{params.urlencode()}"}
        )
    return {"name": name, "rows": [row for row in rows if row["value"]]}


def _public(campaign_id: UUID) -> Campaign:
    found = queries.public().filter(pk=campaign_id).first()
    if found is None:
        raise NotFound
    return found


@require_GET
def campaign(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """One campaign: story, rewards, progress, updates, questions."""
    found, now = _public(campaign_id), clock.now()
    actor = actor_of(request)
    passport = projects.published().filter(pk=found.passport_id).first() if found.passport_id else None
    context = {
        "campaign": found,
        "passport": passport,
        "proofs": projects.proved(passport) if passport else [],
        "now": now,
        "is_open": found.is_open(now),
        "is_open_late": found.is_open_late(now),
        "late": queries.late_pledges(found),
        "first_percent": verdicts.first_share_bp(found, now) // 100,
        "is_owner": actor.party_id is not None and actor.party_id == found.owner_id,
        "updates": list(queries.updates_of(campaign_id).order_by("-at", "-id")[:20]),
        "questions": list(queries.questions_of(campaign_id).order_by("-at", "-id")[:20]),
        "promise": next_step(found),
        "cancelled_reason": _published_reason(found),
        "panels": [panel(request, found) for panel in panels.PUBLIC],
        "stretches": queries.stretch_steps(found),
        "may_remind": reminders.may_remind(found, now),
        "is_reminded": actor.party_id is not None and queries.is_reminded(found.pk, actor.party_id),
    }
    return render(request, "campaigns/campaign.html", context)


def _published_reason(found: Campaign) -> str:
    if found.state not in (State.SUSPENDED, State.CANCELLED, State.CANCELLED_AFTER):
        return ""
    last = StateChange.objects.filter(subject_id=found.pk, target=found.state).order_by("-id").first()
    return last.reason if last else ""


def next_step(found: Campaign) -> str:
    """What happens next if nobody does anything."""
    words = {
        State.PREHEAT: _("到时自动开放支持"),
        State.LIVE: _("到时自动截止并清算"),
        State.PAUSED: _("领投更替期间暂停计时，可随时退出"),
        State.SUSPENDED: _("到时仍未恢复则自动取消并全额退款"),
        State.CLEARING: _("待支付全部确认后判定结果"),
        State.SUCCESSFUL: _("公示期满后首款进入付款审批"),
        State.PRODUCING: _("到时仍未发货则标记逾期"),
        State.OVERDUE: _("到时仍未发货则按违约处理，托管余额按比例退还"),
        State.DELIVERING: _("98% 的支持者确认收货，或发货满 15 天，即视为交付"),
        State.DELIVERED: _("异议期满且无未结事项后结项并支付尾款"),
    }
    return words.get(found.state, "")


@require_GET
def share(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """A card to pass on and a poster to print, with the campaign's address as a code."""
    found = _public(campaign_id)
    address = f"{settings.SITE_URL.rstrip('/')}/campaigns/{found.pk}/"
    context = {"nav": "browse", "campaign": found, "address": address, "code": _code_of(address), "now": clock.now()}
    return render(request, "campaigns/share.html", context)


def _code_of(address: str) -> SafeString:
    """A QR code as inline SVG; the address is ours and holds nothing that a person typed."""
    made = segno.make(address, micro=False)
    return mark_safe(made.svg_inline(scale=5, border=2, dark="#1a2320", light="#fff"))  # noqa: S308


@require_GET
def figures(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The bar as JSON: what watchers poll where sockets do not come through."""
    found = Campaign.objects.filter(pk=campaign_id, state__in=State.PUBLIC).first()
    if found is None:
        raise NotFound
    return JsonResponse(
        {"raised_fen": found.raised_fen, "pledges": found.pledges_n, "percent": found.percent, "state": found.state}
    )


@require_http_methods(["GET", "POST"])
@signed_in
def pledge_form(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Choose, see everything, commit: first the choice, then a page that repeats it with what it means."""
    found, now, actor = _public(campaign_id), clock.now(), actor_of(request)
    refusal: Refusal | None = None
    shown: Choice | None = None
    choice = request.POST if request.method == "POST" else request.GET
    replaces = _uuid(choice.get("replaces", ""))
    old = pledges.own_pledge(replaces, actor) if replaces else None
    try:
        shown = _choice(found, choice) if "tier" in choice else None
        if shown is not None and request.method == "GET":
            wish = gates.Wish(found, actor.party_id, _uuid(choice.get("under", "")), shown.goods_fen, now)
            refuse_any([*gates.refusals(wish), *_against_change(old, shown, now)])
        if request.method == "POST" and shown is not None:
            chosen = changes.Order(
                tier_id=shown.tier.pk if shown.tier else None,
                quantity=shown.quantity,
                amount_fen=shown.amount_fen,
                expected_total_fen=_whole(request.POST.get("total_fen", "")),
                is_anonymous=bool(request.POST.get("anonymous")),
                under=_uuid(request.POST.get("under", "")),
                replaces=old.pk if old else None,
            )
            made = changes.order(campaign_id=campaign_id, chosen=chosen, by=actor, at=now)
            return redirect("pledge-pay", made.pk)
    except Refusal as caught:
        refusal = caught
    backer = Party.objects.get(pk=str(actor.party_id))
    barred = limits.failures(backer, "pledge", at=now)
    context = {
        "campaign": found,
        "now": now,
        "is_open": found.is_open(now),
        "is_open_late": found.is_open_late(now),
        "first_percent": verdicts.first_share_bp(found, now) // 100,
        "refusal": refusal,
        "shown": shown if refusal is None else None,
        "barred": barred,
        "chosen": choice.get("tier", ""),
        "key": request.GET.urlencode(),
        "panels": [panel(request, found) for panel in panels.PLEDGE_FORM],
        "under": choice.get("under", ""),
        "old": old,
    }
    return render(request, "campaigns/pledge_form.html", context, status=refusal.status if refusal else 200)


def _against_change(old: Pledge | None, shown: Choice, at: datetime) -> list[Refusal]:
    return [] if old is None else changes.refusals(old, shown.tier.pk if shown.tier else None, at)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


@dataclass(frozen=True)
class Choice:
    """The chosen reward with everything the server computes from it; money in fen."""

    tier: Tier | None
    quantity: int
    amount_fen: Fen | None
    goods_fen: Fen
    shipping_fen: Fen

    @property
    def total_fen(self) -> Fen:
        return self.goods_fen + self.shipping_fen


def _choice(found: Campaign, data: QueryDict) -> Choice:
    wanted = str(data.get("tier", ""))
    tier = next((tier for tier in found.tiers.all() if str(tier.pk) == wanted), None)
    quantity = _whole(str(data.get("quantity", "1"))) or 1
    if tier is None:
        if wanted:
            raise NotFound(field="tier")
        amount = parse_yuan(str(data.get("amount", "")).strip(), field="amount")
        return Choice(None, 1, amount, amount, 0)
    if not 1 <= quantity <= 1_000:
        raise Invalid("份数须在 1 到 1000 之间", "The number must be between 1 and 1000", field="quantity")
    return Choice(tier, quantity, None, tier.price_fen * quantity, tier.shipping_fen * quantity)


@require_http_methods(["GET", "POST"])
@signed_in
def pay(request: HttpRequest, pledge_id: UUID) -> HttpResponse:
    """Off to the cashier; a resend never pays twice, because the order is paid once."""
    made = pledges.own_pledge(pledge_id, actor_of(request))
    intent = pledges.intent_of(made.pk)
    if request.method == "GET":
        if made.state != PledgeState.RESERVED:
            return redirect("pledge", pledge_id)
        return render(request, "campaigns/pay.html", {"pledge": made, "intent": intent, "now": clock.now()})
    if _blocks_the_cashier(request):
        address = f"{settings.SITE_URL.rstrip('/')}/pledges/{made.pk}/pay/"
        context = {"pledge": made, "intent": intent, "address": address, "code": _code_of(address)}
        return render(request, "campaigns/handover.html", context)
    return to_cashier(request, intent, at=clock.now())


def _blocks_the_cashier(request: HttpRequest) -> bool:
    """Whether the page is open inside WeChat, which does not open Alipay's cashier."""
    return "MicroMessenger" in request.headers.get("User-Agent", "")


@require_GET
@signed_in
def my_pledges(request: HttpRequest) -> HttpResponse:
    """All my pledges, newest first."""
    actor = actor_of(request)
    if actor.party_id is None:
        raise NotFound
    found = queries.pledges_of(actor.party_id)
    state = request.GET.get("state", "")
    if state in PledgeState.COUNTED or state in (PledgeState.RESERVED, PledgeState.REFUNDED, PledgeState.CANCELLED):
        found = found.filter(state=state)
    page = paging.page(found, order=("-created_at", "-id"), cursor=request.GET.get("cursor", ""))
    return render(
        request,
        "campaigns/my_pledges.html",
        {"nav": "my", "page": page, "state": state, "paged": "cursor" in request.GET},
    )


@require_GET
@signed_in
def pledge(request: HttpRequest, pledge_id: UUID) -> HttpResponse:
    """One pledge of mine: where my money is, and what I can do."""
    made = pledges.own_pledge(pledge_id, actor_of(request))
    now = clock.now()
    if made.state == PledgeState.RESERVED:
        intents.look_after(intent_id=pledges.intent_of(made.pk).pk, at=now)
    context = {
        "nav": "my",
        "pledge": made,
        "intent": pledges.intent_of(made.pk),
        "steps": trail.of(made),
        "now": now,
        "may_cancel": made.state in (PledgeState.PAID, PledgeState.TO_CONFIRM)
        and pledges.may_cancel(made, made.campaign, now),
        "may_change": changes.may_change(made, made.campaign, now),
        "under_way": made.replacements.filter(state=PledgeState.RESERVED).first(),
        "may_ask": pledges.may_ask(made, made.campaign, now),
        "may_complain": complaints.may_complain(made, made.campaign, now),
        "complain_until": complaints.complain_until(made, now),
        "case": disputes.of_subject(made.pk),
        "said": queries.outside_of([made.pk]).get(made.pk),
        "may_say": outside.may_say(made, made.campaign),
        "may_receive": made.state == PledgeState.PAID and made.campaign.state in (State.DELIVERING, State.DELIVERED),
        "promise": next_step(made.campaign),
        "panels": [panel(request, made) for panel in panels.PLEDGE],
    }
    return render(request, "campaigns/pledge.html", context)


def _cancel(request: HttpRequest, pledge_id: UUID, by: Actor) -> str:
    pledges.cancel_pledge(pledge_id=pledge_id, by=by, at=clock.now())
    return _("已取消，款项将原路退回")


def _abandon(request: HttpRequest, pledge_id: UUID, by: Actor) -> str:
    pledges.abandon(pledge_id=pledge_id, by=by, at=clock.now())
    return _("已放弃支付，名额即将释放")


def _ask_refund(request: HttpRequest, pledge_id: UUID, by: Actor) -> str:
    pledges.ask_refund(pledge_id=pledge_id, reason=request.POST.get("reason", ""), by=by, at=clock.now())
    return _("已向发起人提出退款申请")


def _receive(request: HttpRequest, pledge_id: UUID, by: Actor) -> str:
    pledges.confirm_receipt(pledge_id=pledge_id, by=by, at=clock.now())
    return _("已确认收货，谢谢")


def _confirm(request: HttpRequest, pledge_id: UUID, by: Actor) -> str:
    confirmations.confirm(pledge_id=pledge_id, by=by, at=clock.now(), reason="接受延期")
    return _("已确认继续支持")


ACTS = {"confirm": _confirm, "cancel": _cancel, "abandon": _abandon, "ask-refund": _ask_refund, "receive": _receive}


@require_POST
@signed_in
def pledge_act(request: HttpRequest, pledge_id: UUID, act: str) -> HttpResponse:
    """What a backer does with a pledge."""
    if act not in ACTS:
        raise NotFound
    try:
        messages.success(request, ACTS[act](request, pledge_id, actor_of(request)))
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return redirect("pledge", pledge_id)


@require_POST
@signed_in
def remind(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Remind me of this campaign, or no longer."""
    wanted = request.POST.get("wanted") == "1"
    return take(
        request,
        lambda by, at: reminders.choose(campaign_id=campaign_id, is_wanted=wanted, by=by, at=at),
        _("开始时和截止前会提醒您") if wanted else _("已取消提醒"),
        redirect("campaign", campaign_id),
    )


@require_POST
@signed_in
def ask(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Ask the maker."""
    try:
        talk.ask(campaign_id=campaign_id, text=request.POST.get("text", ""), by=actor_of(request), at=clock.now())
        messages.success(request, _("问题已发出，发起人回答后会通知您"))
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return HttpResponseRedirect(f"/campaigns/{campaign_id}/#questions")


@require_POST
@signed_in
def answer(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """The maker answers."""
    question = talk.answer(
        question_id=question_id, text=request.POST.get("text", ""), by=actor_of(request), at=clock.now()
    )
    return HttpResponseRedirect(f"/campaigns/{question.campaign_id}/#questions")
