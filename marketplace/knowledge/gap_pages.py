"""Pages of gaps: the hall, one with its bounty, posting one, paying it in, and what a moderator decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, staff, take
from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.common.fen import parse_yuan
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import queries as moderation
from backend.moderation.pages import card as appeal_card
from marketplace import escrows, halls, posting_pages
from marketplace.knowledge import queries
from marketplace.knowledge.models import Article, Change, Gap
from marketplace.knowledge.operations import bounties, changes, gaps
from marketplace.knowledge.operations.gaps import Terms
from marketplace.knowledge.states import GAP, Missing
from marketplace.patterns import begun
from marketplace.tasks.forms import whole
from marketplace.tax import withholding

FIELDS = ("title", "wanted", "category", "county", "open_days")


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All public gaps, with facets whose every choice is in the address."""
    return halls.hall(request, kind="gap", machine=GAP, template="knowledge/gaps.html")


@require_GET
def gap(request: HttpRequest, gap_id: UUID) -> HttpResponse:
    """One gap: what is missing, what is paid for it, how it stands."""
    actor, now = actor_of(request), clock.now()
    found = queries.gap(gap_id, actor)
    is_mine = actor.party_id is not None and actor.party_id == found.owner_id
    is_moderator = Role.MODERATOR in actor.roles
    context = {
        "nav": "work",
        "gap": found,
        "is_mine": is_mine,
        "is_moderator": is_moderator,
        "is_wanted": found.is_wanted(now),
        "mine": queries.open_change_for(found, actor),
        "takes": _left(found, actor, now),
        "appeal": appeal_card(request, "gap", found.pk)
        if is_mine and found.state in (Missing.FROZEN, Missing.RETURNED)
        else "",
        "now": now,
    }
    return render(request, "knowledge/gap.html", context)


def _left(found: Gap, actor: Actor, at: datetime) -> tuple[int, int, int] | None:
    """Fee, tax that would be withheld from this reader, and what is left of the bounty, in fen."""
    payee = Party.objects.filter(pk=actor.party_id).first() if actor.party_id else None
    if payee is None or payee.pk == found.owner_id or not found.is_wanted(at):
        return None
    fee = escrows.fee_of(found.fen, at=at)
    tax = withholding.foresee(payee=payee, paid_fen=found.fen, project_id=found.pk, at=at).tax_fen
    return fee, tax, found.fen - fee - tax


@require_POST
@signed_in
def answer(request: HttpRequest, gap_id: UUID) -> HttpResponse:
    """Begin to write what is missing."""
    queries.gap(gap_id, actor_of(request))
    made: list[Change] = []

    def do(by: Actor, at: datetime) -> None:
        made.append(changes.answer(gap_id=gap_id, by=by, at=at))

    reply = take(request, do, _("请写好后提交评审"), redirect("gap", gap_id))
    return redirect("change-edit", made[0].pk) if made else reply


# --- the poster ----------------------------------------------------------------------------------------------


@require_GET
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All gaps that I pay for."""
    return posting_pages.board(request, gaps.GAPS, GAP, kind="gap", template="knowledge/gap_board.html")


def terms_of(data: QueryDict, article_id: UUID | None) -> Terms:
    """The form's fields."""
    return Terms(
        **{name: data.get(name, "") for name in ("title", "category", "county")},
        wanted=data.get("wanted", "")[:4_000],
        fen=parse_yuan(data.get("bounty", "")[:20], field="fen"),
        open_days=whole(data, "open_days"),
        article_id=article_id,
    )


@require_http_methods(["GET", "POST"])
@signed_in
def ask(request: HttpRequest) -> HttpResponse:
    """Post a gap; `?article=` names the entry that lacks something, `?like=` the pattern to begin with."""
    article = _article(request)

    def save(by: Actor, terms: Terms) -> Gap:
        return gaps.ask(terms=terms, by=by, at=clock.now())

    first = {"open_days": 30, "category": article.category if article else "work_other"}
    first |= begun(gaps.KIND, request.GET.get("like", ""))
    return _form(request, save, article=article, first=first)


def _article(request: HttpRequest) -> Article | None:
    try:
        article_id = UUID(request.GET.get("article", ""))
    except ValueError:
        return None
    return queries.visible(article_id, actor_of(request))


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, gap_id: UUID) -> HttpResponse:
    """Mend what was returned."""
    found = queries.own_gap(gap_id, actor_of(request))
    if found.state != Missing.RETURNED:
        return redirect("gap", gap_id)

    def save(by: Actor, terms: Terms) -> Gap:
        return gaps.ask_again(gap_id=gap_id, terms=terms, by=by, at=clock.now())

    first = {name: getattr(found, name) for name in FIELDS}
    first["bounty"] = f"{found.fen // 100}.{found.fen % 100:02d}".removesuffix(".00")
    return _form(request, save, article=found.article, first=first, returned=found.reason)


def _form(
    request: HttpRequest,
    save: Callable[[Actor, Terms], Gap],
    *,
    article: Article | None,
    first: dict[str, object],
    returned: str = "",
) -> HttpResponse:
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = save(actor_of(request), terms_of(request.POST, article.pk if article else None))
            return redirect("gap", made.pk)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    context = {
        "nav": "work",
        "article": article,
        "refusal": refusal,
        "returned": returned,
        "form": first | {name: request.POST.get(name, "") for name in (*FIELDS, "bounty") if name in request.POST},
        "categories": WORK_CATEGORY_KEYS,
        "counties": COUNTIES,
    }
    return render(request, "knowledge/gap_edit.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def pay(request: HttpRequest, gap_id: UUID) -> HttpResponse:
    """Off to the cashier with the bounty."""
    queries.own_gap(gap_id, actor_of(request))
    return posting_pages.pay(request, gap_id, lambda by, at: bounties.order(gap_id=gap_id, by=by, at=at), back="gap")


@require_POST
@signed_in
def step(request: HttpRequest, gap_id: UUID, act: str) -> HttpResponse:
    """The poster confirms, contests, cancels, withdraws."""
    queries.own_gap(gap_id, actor_of(request))
    return posting_pages.step(request, gap_id, act, bounties.STEPS, back="gap")


# --- the moderator -------------------------------------------------------------------------------------------


@require_POST
@staff(Role.MODERATOR)
def finding(request: HttpRequest, gap_id: UUID, act: str) -> HttpResponse:
    """A moderator finds a contested gap filled, or not."""
    queries.gap(gap_id, actor_of(request))
    if act not in bounties.FINDINGS:
        raise NotFound
    reason = request.POST.get("reason", "")[:600]
    return take(
        request, lambda by, at: bounties.FINDINGS[act](gap_id, reason, by, at), _("已记录"), redirect("gap", gap_id)
    )


@require_GET
@staff(Role.MODERATOR)
def review(request: HttpRequest, gap_id: UUID) -> HttpResponse:
    """One gap as the moderator reads it, with the checklist."""
    found = queries.gap(gap_id, actor_of(request))
    context = {
        "nav": "review",
        "gap": found,
        "checklist": gaps.REVIEWING.checklist.items(),
        "history": moderation.history(gap_id),
        "appeal": moderation.appeal_of(gap_id),
    }
    return render(request, "knowledge/gap_review.html", context)


@require_POST
@staff(Role.MODERATOR)
def review_step(request: HttpRequest, gap_id: UUID, act: str) -> HttpResponse:
    """Approve, return, freeze, thaw."""
    queries.gap(gap_id, actor_of(request))
    return posting_pages.review_step(request, gaps.REVIEWING, gap_id, act, back="gap-review")
