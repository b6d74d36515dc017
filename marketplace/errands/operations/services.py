"""Price cards (价目表): what a provider does for how much, and ordering it; the pay goes into escrow as for every errand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import belongs_to
from backend.common import clock, richtext, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import MOST_FEN, Fen, show_yuan
from backend.common.rules import SHANGHAI
from backend.moderation import operations as moderation
from backend.moderation import screening
from marketplace.errands import geography
from marketplace.errands.errors import (
    LicenceMissing,
    OutOfReach,
    OwnErrand,
    PriceChanged,
    ServiceThere,
    TooManyServices,
)
from marketplace.errands.kinds import KINDS, LICENCES, UNITS, needs_licence
from marketplace.errands.models import DIRECT, Errand, Runner, Service, Stop
from marketplace.errands.operations import hands
from marketplace.errands.operations.drafts import stop_from
from marketplace.errands.operations.shared import move, runner_of, set_clock
from marketplace.errands.stops_file import MOST_ADDRESS, StopRow
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Affiliated

MOST_N = 1_000


@dataclass(frozen=True)
class ServiceTerms:
    """A line of a price card as its provider writes it; the price is of one unit, in fen."""

    kind: str
    title: str
    text: str
    unit: str
    price_fen: Fen
    least_n: int


@transaction.atomic
def add(*, terms: ServiceTerms, by: Actor, at: datetime) -> Service:
    """Put a service on one's price card (添加服务).

    Raises:
        NotRegistered: one did not say from where one starts.
        ServiceThere, TooManyServices: there is one of that name, or no room.
        Invalid, Refusals: all that does not fit.
    """
    runner = runner_of(by)
    refuse_any([*limits.failures(runner.party, "work", at=at), *_check(terms, at)])
    most = rules.value("errands.services_most", at=at)
    if runner.services.filter(ended_at=None).count() >= most:
        raise TooManyServices(most=most)
    return _created(runner, terms, at)


def _created(runner: Runner, terms: ServiceTerms, at: datetime) -> Service:
    try:
        with transaction.atomic():
            return Service.objects.create(
                runner=runner,
                kind=terms.kind,
                title=clean_name(terms.title)[:30],
                text=clean_name(terms.text)[:200],
                unit=terms.unit,
                price_fen=terms.price_fen,
                least_n=terms.least_n,
                created_at=at,
            )
    except IntegrityError as error:
        raise ServiceThere from error


def _check(terms: ServiceTerms, at: datetime) -> list[Refusal | None]:
    def bad(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return Invalid(zh, en, field=field) if fails else None

    least = rules.value("errands.price_least_fen", at=at)
    said = f"{terms.title}\n{terms.text}"
    return [
        bad("没有这个选项", "There is no such choice", "kind", fails=terms.kind not in KINDS),
        bad("没有这个选项", "There is no such choice", "unit", fails=terms.unit not in UNITS),
        bad("请填写服务名称", "Give the service a name", "title", fails=len(clean_name(terms.title)) < 2),
        bad(f"单价不低于 {show_yuan(least)}", f"At least {show_yuan(least)}", "price",
            fails=not least <= terms.price_fen <= MOST_FEN // MOST_N),
        bad(f"起订数量须为 1 至 {MOST_N}", f"From 1 to {MOST_N}", "least_n", fails=not 1 <= terms.least_n <= MOST_N),
        bad("请勿填写联系方式或链接", "Leave out contacts and links", "text",
            fails=next(screening.contacts("text", said), None) is not None),
    ]  # fmt: skip


def _own(service_id: UUID, by: Actor) -> tuple[Runner, Service]:
    """A line of one's own card, the runner's row held.

    Raises:
        NotFound: none of one's own.
    """
    runner = runner_of(by)
    found = runner.services.select_for_update(no_key=True).filter(pk=service_id, ended_at=None).first()
    if found is None:
        raise NotFound
    return runner, found


@transaction.atomic
def rewrite(*, service_id: UUID, terms: ServiceTerms, by: Actor, at: datetime) -> Service:
    """Change a line of one's card; orders made before keep what they say (修改服务).

    Raises:
        NotFound: none of one's own.
        ServiceThere, Invalid, Refusals: as for a new one.
    """
    runner, old = _own(service_id, by)
    refuse_any(_check(terms, at))
    old.ended_at = at
    old.save(update_fields=["ended_at"])
    return _created(runner, terms, at)


@transaction.atomic
def remove(*, service_id: UUID, by: Actor, at: datetime) -> None:
    """Take a line from one's card (下架服务).

    Raises:
        NotFound: none of one's own.
    """
    _runner, found = _own(service_id, by)
    found.ended_at = at
    found.save(update_fields=["ended_at"])


@transaction.atomic
def hide(*, service_id: UUID, reason: str, by: Actor, at: datetime) -> Service:
    """A moderator takes a line from somebody's card, with a reason on record (平台下架).

    Raises:
        NotFound: there is none.
        Affiliated: the moderator belongs to the provider.
        Invalid: no reason.
    """
    rows = Service.objects.select_for_update(no_key=True, of=("self",)).select_related("runner")
    found = rows.filter(pk=service_id, ended_at=None).first()
    if found is None:
        raise NotFound
    if belongs_to(found.runner.party_id, by):
        raise Affiliated
    moderation.note(act="service.hide", subject_id=found.pk, reason=reason, by=by, at=at)
    found.ended_at, found.hidden_why = at, reason.strip()[:300]
    found.save(update_fields=["ended_at", "hidden_why"])
    return found


def forget(party: Party) -> None:
    """An account is closed: its card is taken down, and nobody is sent to it, in the caller's transaction."""
    Service.objects.filter(runner__party=party, ended_at=None).update(ended_at=clock.now())
    Runner.objects.filter(party=party).update(takes_offers=False)


def in_reach(runner: Runner, place: tuple[float, float]) -> bool:
    """Whether a provider comes to a place, counted from about where they start: exact answers would tell where they live."""
    return geography.metres(geography.about(*runner.place), place) <= runner.reach_km * 1_000


@dataclass(frozen=True)
class Wanted:
    """What a customer orders: how many units, at the unit price they saw, where and when, with a word for the provider."""

    quantity: int
    price_fen: Fen
    place: tuple[float, float]
    address: str
    from_at: datetime
    until_at: datetime
    note: str


@transaction.atomic
def order(*, service_id: UUID, wanted: Wanted, by: Actor, at: datetime) -> Errand:
    """Order a service from a price card; once the pay is in escrow its provider alone is asked (直接下单).

    Raises:
        NotFound, Forbidden: no such service, or not under this hat.
        PriceChanged: the card says another price than the customer saw.
        Refusals: own service, out of reach, no licence for that time, and all that does not fit, together.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    rows = Service.objects.select_for_update(no_key=True, of=("self",)).select_related("runner__party")
    service = rows.filter(pk=service_id, ended_at=None).first()
    if service is None:
        raise NotFound
    owner = Party.objects.get(pk=by.party_id)
    errand = _errand(service, wanted, owner, at)
    stop = _stop(errand, service, wanted)
    refuse_any([*limits.failures(owner, "post_work", at=at), *_unfit(service, stop, wanted, by, at)])
    set_clock(errand)
    errand.save(force_insert=True)
    stop.save(force_insert=True)
    move(errand, "order", by=by.wears(Role.OWNER), at=at)
    return errand


def _errand(service: Service, wanted: Wanted, owner: Party, at: datetime) -> Errand:
    unit = service.unit_words[0]
    brief = f"{service.text}\n\n{clean_name(wanted.note)[:300]}".strip()
    return Errand(
        owner=owner,
        title=service.title,
        summary=f"{wanted.quantity} {unit} × {show_yuan(service.price_fen)}/{unit}",
        brief=brief,
        brief_html=richtext.render(brief),
        kind=service.kind,
        county=owner.county,
        mode=DIRECT,
        service=service,
        photos_least=0,
        stops_n=1,
        total_fen=service.price_fen * wanted.quantity,
        closes_at=wanted.until_at,
        created_at=at,
        state_at=at,
    )


def _stop(errand: Errand, service: Service, wanted: Wanted) -> Stop:
    latitude, longitude = wanted.place
    row = StopRow(
        key="P1",
        latitude=latitude,
        longitude=longitude,
        price_fen=service.price_fen * wanted.quantity,
        address=clean_name(wanted.address)[:MOST_ADDRESS],
        from_at=wanted.from_at,
        until_at=wanted.until_at,
    )
    return stop_from(errand, row, 1)


def _unfit(service: Service, stop: Stop, wanted: Wanted, by: Actor, at: datetime) -> list[Refusal | None]:
    """Every reason why a service cannot be ordered so."""
    runner, latest = service.runner, at + rules.days("errands.window_days_most", at=at)
    is_far = not in_reach(runner, stop.place)
    is_ordered = at < wanted.until_at and wanted.from_at < wanted.until_at <= latest
    is_licensed = not needs_licence(service.kind, at=at) or hands.licence_for(runner, service.kind, stop) is not None
    licence_zh, licence_en = LICENCES.get(service.kind, ("", ""))
    until = wanted.until_at.astimezone(SHANGHAI).strftime("%Y-%m-%d")
    leads_away = next(screening.contacts("note", wanted.note), None) is not None
    return [
        OwnErrand() if belongs_to(runner.party_id, by) else None,
        PriceChanged(price=show_yuan(service.price_fen)) if wanted.price_fen != service.price_fen else None,
        None
        if service.least_n <= wanted.quantity <= MOST_N
        else Invalid(f"数量须为 {service.least_n} 至 {MOST_N}", f"From {service.least_n} to {MOST_N}", field="quantity"),
        None if stop.price_fen <= MOST_FEN else Invalid("金额过大", "The sum is too large", field="quantity"),
        None if is_ordered else Invalid("时间窗须在将来且先后有序", "The window must lie ahead, and end after it begins", field="until"),
        OutOfReach(reach=runner.reach_km) if is_far else None,
        None if is_licensed else LicenceMissing(until=until, licence_zh=licence_zh, licence_en=licence_en),
        Invalid("请勿填写联系方式或链接：接单后可见详细地址", "Leave out contacts and links", field="note") if leads_away else None,
    ]  # fmt: skip
