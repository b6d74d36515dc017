"""Pages of contests for everybody and for entrants: the hall, a contest with its result, one's entry."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts.doors import actor_of, signed_in, take, uploaded
from backend.accounts.models import Party
from backend.common import clock, files, paging, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound, Refusal
from backend.judging import queries as judging
from backend.judging.models import TIE_RULES
from marketplace import escrows, halls
from marketplace.contests import queries
from marketplace.contests.errors import PledgeNeeded
from marketplace.contests.models import GALLERIES, MODES, SOURCE, Contest, Entry
from marketplace.contests.operations import entries, rounds, secrecy
from marketplace.contests.operations.shared import is_affiliated
from marketplace.contests.states import CONTEST, Running
from marketplace.tax import withholding


@require_GET
def hall(request: HttpRequest) -> HttpResponse:
    """All public contests, with facets whose every choice is in the address."""
    return halls.hall(request, kind="contest", machine=CONTEST, template="contests/hall.html")


@require_GET
def contest(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """One contest: what is wanted, the prizes, how it is judged, what comes when; and the result once there is one."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(contest_id, actor)
    call = queries.call_of(found)
    is_mine = actor.party_id is not None and actor.party_id == found.owner_id
    mine = list(queries.entries_of(actor.party_id).filter(contest=found).order_by("made_at", "pk")[:20])
    context = {
        "nav": "work",
        "contest": found,
        "call": call,
        "is_mine": is_mine,
        "is_moderator": Role.MODERATOR in actor.roles,
        "files": list(found.files.filter(is_secret=False).order_by("name", "pk")[:20]),
        "mode": MODES[found.mode],
        "gallery_rule": GALLERIES[found.gallery],
        "tie_rule": TIE_RULES.get(found.tie_rule),
        "entries": mine,
        "look_back_days": rules.value("judging.look_back_days", at=now),
        "may_enter": found.takes_entries(now)
        and not is_mine
        and not is_affiliated(found, actor)
        and (found.state != Running.FINAL or actor.party_id in rounds.chosen(found)),
        "pledge": queries.own_pledge(found, actor) if found.secrecy_years else None,
        "seat": judging.seat_of(call, actor) if call else None,
        "rounds": queries.decided_rounds(found, actor),
        "takes": _left(found, actor, now),
        "now": now,
    }
    return render(request, "contests/contest.html", context)


def _left(contest: Contest, actor: Actor, at: datetime) -> list[tuple[int, int, int, int]]:
    """For each size of prize: the prize, the fee, the tax that would be withheld from this reader, and what is left, in fen."""
    payee = Party.objects.filter(pk=actor.party_id).first() if actor.party_id else None
    if payee is None or contest.state not in Running.TAKING:
        return []
    rows = []
    for prize in sorted({*contest.sums, contest.grant_fen} - {0}, reverse=True)[:5]:
        fee = escrows.fee_of(prize, at=at)
        tax = withholding.foresee(payee=payee, paid_fen=prize, project_id=contest.pk, at=at).tax_fen
        rows.append((prize, fee, tax, prize - fee - tax))
    return rows


@require_GET
def file(request: HttpRequest, contest_id: UUID, file_id: UUID) -> HttpResponse:
    """A file of the brief."""
    found = queries.file_of(contest_id, file_id, actor_of(request))
    return files.attachment(found.sha256, found.mime, f"contest-{str(found.pk)[-12:]}")


@require_GET
@signed_in
def secret(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """What is secret, and before that the promise to keep it, whole and to be signed."""
    actor, now = actor_of(request), clock.now()
    found = queries.visible(contest_id, actor)
    if not found.secrecy_years:
        raise NotFound
    pledge = queries.own_pledge(found, actor)
    context: dict[str, object] = {"nav": "work", "contest": found, "pledge": pledge}
    try:
        secrecy.read(contest_id=contest_id, by=actor, at=now)
        context |= {"is_read": True, "files": list(found.files.filter(is_secret=True).order_by("name", "pk")[:20])}
    except PledgeNeeded:
        text = secrecy.text_for(found, actor)
        context |= {
            "may_promise": secrecy.may_promise(found, actor),
            "text": text,
            "sha256": secrecy.hash_of(text),
        }
    if actor.party_id is not None and actor.party_id == found.owner_id:
        context |= {"is_mine": True, "signed": queries.pledges_of(found).count()}
    return render(request, "contests/secret.html", context)


@require_POST
@signed_in
def promise(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """Sign the promise of secrecy that was shown."""
    queries.visible(contest_id, actor_of(request))
    sha256, agreed = request.POST.get("sha256", "")[:64], request.POST.get("agreed") == "1"

    def do(by: Actor, at: datetime) -> object:
        if not agreed:
            raise Invalid("请勾选同意后签署", "Tick that you agree, then sign", field="agreed")
        return secrecy.promise(contest_id=contest_id, sha256=sha256, by=by, at=at)

    return take(request, do, _("保密协议已签署并存证"), redirect("contest-secret", contest_id))


@require_GET
@signed_in
def secret_file(request: HttpRequest, contest_id: UUID, file_id: UUID) -> HttpResponse:
    """A secret file, for those who promised; it is put on record."""
    _contest, found = secrecy.read(contest_id=contest_id, file_id=file_id, by=actor_of(request), at=clock.now())
    if found is None:
        raise NotFound
    reply = files.attachment(found.sha256, found.mime, f"contest-{str(found.pk)[-12:]}")
    reply.headers["Cache-Control"] = "no-store"
    return reply


@require_GET
@signed_in
def pledge(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """One's own promise as it was signed, to be kept."""
    found = queries.own_pledge(queries.visible(contest_id, actor_of(request)), actor_of(request))
    if found is None:
        raise NotFound
    reply = HttpResponse(found.text, content_type="text/plain; charset=utf-8")
    reply.headers["Content-Disposition"] = f'attachment; filename="pledge-{str(found.pk)[-12:]}.txt"'
    return reply


@require_http_methods(["GET", "POST"])
@signed_in
def enter(request: HttpRequest, contest_id: UUID) -> HttpResponse:
    """A new entry: name and words; files come on the next page."""
    actor = actor_of(request)
    found = queries.visible(contest_id, actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = entries.begin(
                contest_id=contest_id,
                title=request.POST.get("title", "")[:200],
                text=request.POST.get("text", "")[:10_000],
                by=actor,
                at=clock.now(),
            )
            return redirect("entry", made.pk)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    context = {"nav": "work", "contest": found, "refusal": refusal, "form": request.POST}
    return render(request, "contests/enter.html", context, status=refusal.status if refusal else 200)


@require_GET
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """One entry: mine to change and hand in, or as the gallery shows it."""
    actor, now = actor_of(request), clock.now()
    found = queries.readable_entry(entry_id, actor)
    application = found.application
    is_mine = actor.party_id is not None and actor.party_id == found.entrant_id
    shows_maker = application is not None and application.call.names_are_shown
    context = {
        "nav": "work",
        "entry": found,
        "contest": found.contest,
        "application": application,
        "is_mine": is_mine,
        "maker": found.entrant.masked_name if shows_maker and not is_mine else "",
        "files": list(found.files.order_by("use", "name", "pk")[:20]),
        "may_read_sources": is_mine or actor.party_id == found.contest.owner_id and found.rights_at is not None,
        "may_change": is_mine and found.contest.takes_entries(now) and found.stage == found.contest.stage,
        "aim": judging.may_object(application, actor, now) if application else "",
    }
    return render(request, "contests/entry.html", context)


@require_POST
@signed_in
def entry_step(request: HttpRequest, entry_id: UUID, act: str) -> HttpResponse:
    """Save, hand in, or take back."""
    queries.own_entry(entry_id, actor_of(request))
    data = request.POST

    def save(by: Actor, at: datetime) -> Entry:
        title, text = data.get("title", "")[:200], data.get("text", "")[:10_000]
        return entries.write(entry_id=entry_id, title=title, text=text, by=by, at=at)

    steps = {
        "save": (save, _("已保存")),
        "submit": (lambda by, at: entries.hand_in(entry_id=entry_id, by=by, at=at), _("作品已提交，摘要已存证")),
        "withdraw": (lambda by, at: entries.withdraw(entry_id=entry_id, by=by, at=at), _("作品已撤回")),
    }
    if act not in steps:
        raise NotFound
    do, done = steps[act]
    return take(request, do, done, redirect("entry", entry_id))


@require_POST
@signed_in
def entry_attach(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Add a file to my entry."""
    queries.own_entry(entry_id, actor_of(request))
    use = request.POST.get("use", "")

    def add(by: Actor, at: datetime) -> None:
        name, body = uploaded(request, most=files.MOST_BYTES)
        entries.attach(entry_id=entry_id, use=use, name=name, body=body, by=by, at=at)

    return take(request, add, _("文件已添加"), redirect("entry", entry_id))


@require_POST
@signed_in
def entry_detach(request: HttpRequest, entry_id: UUID, file_id: UUID) -> HttpResponse:
    """Take a file out of my entry."""
    queries.own_entry(entry_id, actor_of(request))
    return take(
        request,
        lambda by, at: entries.detach(file_id=file_id, by=by, at=at),
        _("文件已移除"),
        redirect("entry", entry_id),
    )


@require_GET
def entry_file(request: HttpRequest, entry_id: UUID, file_id: UUID) -> HttpResponse:
    """A file of an entry; pictures are shown in the page, sources are saved."""
    found = queries.entry_file(entry_id, file_id, actor_of(request))
    if found.use == SOURCE:
        return files.attachment(found.sha256, found.mime, f"entry-{str(found.pk)[-12:]}")
    return files.shown(found.sha256, found.mime)


@require_GET
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """My entries, with how each stands and what comes next."""
    party_id = actor_of(request).party_id
    if party_id is None:
        raise NotFound
    page = paging.page(
        queries.entries_of(party_id), order=("-made_at", "-id"), cursor=request.GET.get("cursor", ""), size=20
    )
    context = {
        "nav": "work",
        "page": page,
        "now": clock.now(),
    }
    return render(request, "contests/mine.html", context)
