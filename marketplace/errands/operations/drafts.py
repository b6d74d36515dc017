"""The poster's side before publication: terms, stops one by one or from a file, prices, submit, withdraw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, Sum

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import richtext, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import MOST_FEN, Fen, show_yuan
from backend.listings.facets import COUNTIES
from backend.moderation import operations as moderation
from marketplace import escrows
from marketplace.errands import geography, stops_file
from marketplace.errands.errors import ErrandFixed, ErrandIncomplete
from marketplace.errands.kinds import KINDS
from marketplace.errands.models import BOOKING, MODES, Errand, Stop
from marketplace.errands.operations.shared import KIND, move, of_owner, set_clock, show
from marketplace.errands.states import Posted
from marketplace.errands.stops_file import StopRow
from marketplace.invitations.models import PUBLIC
from marketplace.invitations.operations import unknown_visibility
from marketplace.patterns import begun
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Stale

UNTITLED = "未命名现场任务"
MOST_WORDS, LEAST_WORDS = 20_000, 20


@dataclass(frozen=True)
class Terms:
    """What a poster writes of the errand as a whole."""

    title: str
    summary: str
    brief: str
    kind: str
    county: str
    mode: str
    photos_least: int
    visibility: str = PUBLIC


@transaction.atomic
def start(*, by: Actor, at: datetime, like: str = "") -> Errand:
    """A new draft of one's own: empty, or begun from a pattern (新建现场任务).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound: no such pattern.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    owner = Party.objects.get(pk=by.party_id)
    fields = {"title": UNTITLED} | begun(KIND, like)
    errand = Errand(**fields, owner=owner, county=owner.county, created_at=at, state_at=at)
    errand.brief_html = richtext.render(errand.brief)
    set_clock(errand)
    errand.save(force_insert=True)
    show(errand)
    return errand


@transaction.atomic
def copy(*, errand_id: UUID, by: Actor, at: datetime) -> Errand:
    """A new draft with the terms of an earlier errand of one's own; stops come anew (复制任务)."""
    old, _actor = of_owner(errand_id, by)
    names = ("title", "summary", "brief", "brief_html", "kind", "county", "photos_least", "visibility")
    mode = old.mode if old.mode in MODES else BOOKING  # an order from a price card becomes an errand for everybody
    new = Errand(**{name: getattr(old, name) for name in names}, mode=mode, owner=old.owner, created_at=at, state_at=at)
    set_clock(new)
    new.save(force_insert=True)
    show(new)
    return new


def _editable(errand_id: UUID, by: Actor) -> Errand:
    errand, _actor = of_owner(errand_id, by)
    if errand.state not in Posted.EDITABLE:
        raise ErrandFixed
    return errand


@transaction.atomic
def write(*, errand_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Errand:
    """Save the editor (保存草稿). `version` is the one the editor showed.

    Raises:
        ErrandFixed: it is submitted or published.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    errand = _editable(errand_id, by)
    if version != errand.version:
        raise Stale
    most = rules.value("errands.photos_most", at=at)
    known = terms.kind in KINDS and terms.mode in MODES and terms.county in ("", *COUNTIES)
    refuse_any(
        [
            None if known else Invalid("没有这个选项", "There is no such choice", field="kind"),
            unknown_visibility(terms.visibility),
            Invalid("说明过长", "The brief is too long", field="brief") if len(terms.brief) > MOST_WORDS else None,
            Invalid(f"须在 0 到 {most} 之间", f"Between 0 and {most}", field="photos_least")
            if not 0 <= terms.photos_least <= most
            else None,
        ]
    )
    errand.title = clean_name(terms.title)[:60] or UNTITLED
    errand.summary = clean_name(terms.summary)[:160]
    errand.brief, errand.brief_html = terms.brief, richtext.render(terms.brief)
    for name in ("kind", "county", "mode", "photos_least", "visibility"):
        setattr(errand, name, getattr(terms, name))
    _saved(errand, at)
    return errand


def _saved(errand: Errand, at: datetime) -> None:
    """Count the stops and their prices anew, and keep the draft for another year."""
    sums = errand.stops.aggregate(n=Sum("price_fen"), until=Max("until_at"))
    errand.stops_n, errand.total_fen, errand.closes_at = errand.stops.count(), sums["n"] or 0, sums["until"]
    errand.state_at, errand.version = at, errand.version + 1
    set_clock(errand)
    errand.save()
    show(errand)


@transaction.atomic
def load(
    *, errand_id: UUID, body: bytes, from_at: datetime, until_at: datetime, by: Actor, at: datetime
) -> Errand:  # fmt: skip
    """Take the stops of a file in the place of those that are there: all, or none (导入点位).

    Raises:
        ErrandFixed: it is submitted or published.
        Invalid, StopsRefused: the file, or a line of it, cannot be taken.
    """
    errand = _editable(errand_id, by)
    most = rules.value("errands.stops_most", at=at)
    rows = stops_file.read(body, from_at=from_at, until_at=until_at, most=most)
    errand.stops.all().delete()
    Stop.objects.bulk_create([stop_from(errand, row, rank) for rank, row in enumerate(rows, 1)], batch_size=500)
    _saved(errand, at)
    return errand


@transaction.atomic
def add_stop(*, errand_id: UUID, row: StopRow, by: Actor, at: datetime) -> Errand:
    """Add a stop, or write the one with the same key anew (添加点位).

    Raises:
        ErrandFixed: it is submitted or published.
        Invalid: too many, or a place or window that is none.
    """
    errand = _editable(errand_id, by)
    if row.until_at <= row.from_at:
        raise Invalid("截止须晚于开始", "It must end after it begins", field="until")
    rank = (errand.stops.aggregate(rank=Max("rank"))["rank"] or 0) + 1
    errand.stops.filter(key=row.key).delete()
    if errand.stops.count() >= rules.value("errands.stops_most", at=at):
        raise Invalid("点位太多", "Too many stops", field="key")
    stop_from(errand, row, rank).save(force_insert=True)
    _saved(errand, at)
    return errand


def stop_from(errand: Errand, row: StopRow, rank: int) -> Stop:
    """A stop of an errand as a row says, not yet saved."""
    east, north = geography.on_map(row.latitude, row.longitude)
    return Stop(
        errand=errand,
        key=row.key,
        rank=rank,
        address=row.address,
        latitude=row.latitude,
        longitude=row.longitude,
        east=east,
        north=north,
        price_fen=row.price_fen,
        from_at=row.from_at,
        until_at=row.until_at,
    )


@transaction.atomic
def remove_stop(*, errand_id: UUID, stop_id: UUID, by: Actor, at: datetime) -> Errand:
    """Take a stop out of a draft (删除点位).

    Raises:
        NotFound: it has no such stop.
        ErrandFixed: it is submitted or published.
    """
    errand = _editable(errand_id, by)
    if not errand.stops.filter(pk=stop_id).delete()[0]:
        raise NotFound
    _saved(errand, at)
    return errand


@transaction.atomic
def reprice(*, errand_id: UUID, prices: Mapping[UUID, Fen], by: Actor, at: datetime) -> Errand:
    """Set prices of stops, in fen by stop (调整报酬).

    Raises:
        ErrandFixed: it is submitted or published.
        Invalid: a price that is too low or too high.
    """
    errand = _editable(errand_id, by)
    least = rules.value("errands.price_least_fen", at=at)
    if any(not least <= price <= MOST_FEN for price in prices.values()):
        raise Invalid(f"报酬不低于 {show_yuan(least)}", f"At least {show_yuan(least)} a stop", field="price")
    stops = list(errand.stops.filter(pk__in=prices))
    for stop in stops:
        stop.price_fen = prices[stop.pk]
    Stop.objects.bulk_update(stops, ["price_fen"], batch_size=500)
    _saved(errand, at)
    return errand


@transaction.atomic
def submit(*, errand_id: UUID, by: Actor, at: datetime) -> Errand:
    """Send a draft to review; every missing thing is named at once (提交审核).

    Raises:
        LevelTooLow, ErrandIncomplete: all that fail, together.
    """
    errand, actor = of_owner(errand_id, by)
    errand.machine.step("submit", errand.state)
    refuse_any([*limits.failures(errand.owner, "post_work", at=at), *_gaps(errand, at)])
    move(errand, "submit", by=actor, at=at)
    title = f"现场：{errand.title}"[:80]
    moderation.enqueue(kind=KIND, subject_id=errand.id, title=title, owner_name=errand.owner.name, at=at)
    return errand


def _gaps(errand: Errand, at: datetime) -> Sequence[Refusal | None]:
    def missing(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return ErrandIncomplete(what_zh=zh, what_en=en, field=field) if fails else None

    least = rules.value("errands.price_least_fen", at=at)
    latest = at + rules.days("errands.window_days_most", at=at)
    found = errand.stops.aggregate(soonest=Min("until_at"), last=Max("until_at"), cheapest=Min("price_fen"))
    soonest, last, cheapest = found["soonest"], found["last"], found["cheapest"]
    return [
        missing("请填写标题", "Give it a title", "title", fails=errand.title == UNTITLED or len(errand.title) < 4),
        missing("请填写一句话说明", "Say in a sentence what it is", "summary", fails=not errand.summary),
        missing(
            f"任务要求至少 {LEAST_WORDS} 字",
            f"The brief needs at least {LEAST_WORDS} characters",
            "brief",
            fails=len(errand.brief.strip()) < LEAST_WORDS,
        ),
        missing("请添加点位", "Add a stop", "stops", fails=soonest is None),
        missing(
            f"每个点位报酬不低于 {show_yuan(least)}",
            f"At least {show_yuan(least)} for every stop",
            "stops",
            fails=cheapest is not None and cheapest < least,
        ),
        missing("有点位的时间窗已经结束", "The window of a stop is over", "stops", fails=soonest is not None and soonest <= at),
        missing("有点位的时间窗太远", "The window of a stop is too far off", "stops", fails=last is not None and last > latest),
        missing("报酬合计过大", "The pay of all stops is too much", "stops", fails=errand.total_fen > MOST_FEN),
    ]  # fmt: skip


@transaction.atomic
def withdraw(*, errand_id: UUID, by: Actor, at: datetime) -> Errand:
    """Let an errand go before it was ever opened (撤回).

    Raises:
        BeingPaid: the money has come and is being booked.
    """
    errand, actor = of_owner(errand_id, by)
    escrows.refuse_paid_order((KIND, errand.pk), paid_by_id=errand.paid_by_id)
    move(errand, "withdraw", by=actor, at=at)
    return errand
