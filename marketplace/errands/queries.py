"""Every read of on-site errands that spans rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.common.fen import wire_yuan
from backend.common.models import StateChange
from backend.common.rules import SHANGHAI
from marketplace.errands import geography
from marketplace.errands.kinds import needs_licence
from marketplace.errands.models import (
    Errand,
    Licence,
    Offer,
    Outlook,
    PastErrand,
    Photo,
    Placed,
    RosterMember,
    Runner,
    Service,
    Stop,
)
from marketplace.errands.operations import hands, runners, services
from marketplace.errands.operations.shared import ERRANDS, may_see
from marketplace.errands.records import Member, Place, Task
from marketplace.errands.states import STOP, At, Licensed, Offered, Posted
from marketplace.invitations.models import PUBLIC

A_HANDFUL = 200
AROUND_M = 60_000
MOST_KNOWN, MOST_MEMBERS = 3_000, 5_000
"""How many past errands and members a forecast looks at: the latest, and the nearest."""


visible, own, of_owner, due = ERRANDS.visible, ERRANDS.own, ERRANDS.posted_by, ERRANDS.due


def due_stops(*, at: datetime) -> list[UUID]:
    """Stops whose clock has something to do, but for those that are to be paid."""
    rows = Stop.objects.filter(due_at__lte=at).exclude(state=At.ACCEPTED)
    return list(rows.order_by("due_at").values_list("pk", flat=True)[: A_HANDFUL * 5])


def unpaid_stops(*, at: datetime) -> list[UUID]:
    """Accepted stops that are to be paid."""
    rows = Stop.objects.filter(due_at__lte=at, state=At.ACCEPTED)
    return list(rows.order_by("due_at").values_list("pk", flat=True)[: A_HANDFUL * 5])


def over(*, at: datetime) -> list[UUID]:
    """Errands of which every stop has ended."""
    live = Stop.objects.filter(errand=OuterRef("pk"), state__in=At.LIVE)
    rows = Errand.objects.filter(state__in=Posted.HOLDING).exclude(Exists(live))
    return list(rows.order_by("opens_at").values_list("pk", flat=True)[:A_HANDFUL])


def lapsed_offers(*, at: datetime) -> list[UUID]:
    """Offers that nobody answered in time."""
    rows = Offer.objects.filter(state=Offered.MADE, until__lte=at)
    return list(rows.order_by("until").values_list("pk", flat=True)[:A_HANDFUL])


def stops_to_offer(*, at: datetime) -> list[UUID]:
    """Free stops of dispatched errands about which nobody is asked now."""
    asked = Offer.objects.filter(stop=OuterRef("pk"), state=Offered.MADE)
    rows = Stop.objects.filter(
        state=At.READY, is_for_all=False, opens_at__isnull=False, errand__state=Posted.OPEN, until_at__gt=at
    )  # fmt: skip
    return list(rows.exclude(Exists(asked)).order_by("from_at").values_list("pk", flat=True)[:A_HANDFUL])


def ended_licences(*, at: datetime) -> list[UUID]:
    """Licences whose last day is over."""
    return list(Licence.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def asked_outlooks() -> list[UUID]:
    """Forecasts that posters wait for."""
    return list(Outlook.objects.filter(made_at=None).order_by("asked_at").values_list("pk", flat=True)[:10])


# --- errands ---------------------------------------------------------------------------------------------------


def progress(errand: Errand) -> dict[str, int]:
    """How many stops of an errand are in which state."""
    rows = errand.stops.values("state").annotate(n=Count("pk")).order_by("state")
    return {row["state"]: row["n"] for row in rows}


def stops_of(errand: Errand, state: str = "") -> QuerySet[Stop]:
    """An errand's stops."""
    rows = errand.stops.select_related("runner__party", "errand").prefetch_related("photos")
    return rows.filter(state=state) if state else rows


def stop_in(errand_id: UUID, stop_id: UUID) -> UUID:
    """A stop's id, if it is one of this errand's.

    Raises:
        NotFound: it is not.
    """
    if not Stop.objects.filter(pk=stop_id, errand_id=errand_id).exists():
        raise NotFound
    return stop_id


def export(errand: Errand) -> Iterator[list[str]]:
    """Every stop of an errand, a line each."""
    for stop in stops_of(errand).order_by("rank").iterator(chunk_size=500):
        submitted = stop.submitted_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if stop.submitted_at else ""
        window = [moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") for moment in (stop.from_at, stop.until_at)]
        yield [
            stop.key, stop.address, f"{stop.latitude:.6f}", f"{stop.longitude:.6f}", wire_yuan(stop.price_fen), *window,
            stop.state_word, stop.runner.party.masked_name if stop.runner else "", submitted,
            "" if stop.away_m is None else str(stop.away_m), stop.words,
        ]  # fmt: skip


# --- stops -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sight:
    """A stop as somebody sees it: who they are to it, and so whether the address and what was handed in are shown."""

    stop: Stop
    is_poster: bool
    is_runner: bool
    is_staff: bool

    @property
    def is_inside(self) -> bool:
        return self.is_poster or self.is_runner or self.is_staff

    @property
    def place(self) -> tuple[float, float]:
        """Exact for who is concerned, about a kilometre for others."""
        return self.stop.place if self.is_inside else geography.about(*self.stop.place)


def sight(stop_id: UUID, actor: Actor) -> Sight:
    """A stop for whoever may see its errand.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Stop.objects.select_related("errand__owner", "runner__party").filter(pk=stop_id).first()
    if found is None or not may_see(found.errand, actor):
        raise NotFound
    return seen(found, actor)


def seen(stop: Stop, actor: Actor) -> Sight:
    """A stop as a reader sees it who may see its errand."""
    hat = actor.party_id
    return Sight(
        stop,
        is_poster=hat is not None and stop.errand.owner_id == hat,
        is_runner=hat is not None and stop.runner is not None and stop.runner.party_id == hat,
        is_staff=bool(actor.roles & {Role.MODERATOR, Role.AUDITOR}),
    )


def way_between(runner: Runner | None, sight: Sight) -> int | None:
    """The way from where a runner starts to a stop as they know it, in metres, to a hundred."""
    return int(round(geography.metres(runner.place, sight.place), -2)) if runner else None


@dataclass(frozen=True)
class Past:
    """One thing that happened to a stop, as people read it."""

    word: str
    reason: str
    at: datetime


def moves_of(stop: Stop) -> list[Past]:
    """What happened to a stop, the latest first."""
    rows = StateChange.objects.filter(subject_id=stop.pk).order_by("-pk")[:30]
    return [Past(STOP.word(row.target), row.reason, row.at) for row in rows]


def photo(stop_id: UUID, photo_id: UUID, actor: Actor) -> Photo:
    """A photo of a stop for who is concerned.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Photo.objects.filter(pk=photo_id, stop_id=stop_id).first()
    if found is None or not sight(stop_id, actor).is_inside:
        raise NotFound
    return found


def runner_for(actor: Actor) -> Runner | None:
    """Who somebody is as a runner."""
    if actor.party_id is None:
        return None
    return Runner.objects.select_related("party").filter(party_id=actor.party_id).first()


def held_by(runner: Runner) -> QuerySet[Stop]:
    """The stops that a runner took, the latest first."""
    return Stop.objects.filter(runner=runner).select_related("errand__owner")


def offers_to(runner: Runner, *, at: datetime) -> list[Offer]:
    """What a runner is asked now."""
    rows = Offer.objects.filter(runner=runner, state=Offered.MADE, until__gt=at)
    return list(rows.select_related("stop__errand__owner").order_by("until")[:20])


def own_offer(offer_id: UUID, actor: Actor) -> Offer:
    """An offer to this runner.

    Raises:
        NotFound: none of theirs.
    """
    rows = Offer.objects.select_related("stop__errand__owner", "runner")
    found = rows.filter(pk=offer_id).first()
    if found is None or actor.party_id is None or found.runner.party_id != actor.party_id:
        raise NotFound
    return found


def own_licence(licence_id: UUID, actor: Actor) -> Licence:
    """A licence for its holder and the staff who check it.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Licence.objects.select_related("runner__party").filter(pk=licence_id).first()
    is_holder = found is not None and actor.party_id is not None and found.runner.party_id == actor.party_id
    if found is None or not (is_holder or Role.MODERATOR in actor.roles):
        raise NotFound
    return found


def licences_waiting() -> QuerySet[Licence]:
    """Licences to be checked."""
    return Licence.objects.filter(state=Licensed.SUBMITTED).select_related("runner__party")


# --- nearby ----------------------------------------------------------------------------------------------------


def nearby(
    place: tuple[float, float], reach_m: float, *, at: datetime, kinds: Sequence[str] = (), most: int = 40
) -> list[tuple[int, Stop]]:  # fmt: skip
    """The free stops nearest to a place, each with its way in metres; found by walking the index from the nearest on.

    Ways are to the rough place that the public knows: exact ones, asked for from a few sides, would tell the exact place.
    Errands for the invited alone are on their own pages, not here.
    """
    rows = Stop.objects.filter(
        geography.WithinOnMap(*place, reach_m + geography.ROUGHLY_M), state=At.READY, is_for_all=True, until_at__gt=at
    )
    rows = rows.filter(errand__state=Posted.OPEN, errand__visibility=PUBLIC)
    if kinds:
        rows = rows.filter(errand__kind__in=kinds)
    found = rows.select_related("errand__owner").order_by(geography.AwayOnMap(*place))[:most]
    away = [(round(geography.metres(place, geography.about(*stop.place))), stop) for stop in found]
    return sorted((one for one in away if one[0] <= reach_m), key=lambda one: one[0])


# --- price cards -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OnCard:
    """A service as customers near a place see it: how far its provider is, in metres to the kilometre."""

    service: Service
    away_m: int


def lines_of(runner: Runner) -> QuerySet[Service]:
    """What a provider put on their card, as far as it is there now."""
    return runner.services.filter(ended_at=None).order_by("created_at", "id")[:100]


def card_of(runner: Runner, *, at: datetime) -> list[Service]:
    """What customers see of a provider's card."""
    return _offered(lines_of(runner), at)


def _offered(lines: Iterable[Service], at: datetime) -> list[Service]:
    """Lines that may be offered now: what needs a licence only while it is in force."""
    found, today = list(lines), at.astimezone(SHANGHAI).date()
    rows = Licence.objects.filter(
        runner__in={one.runner_id for one in found},
        state=Licensed.IN_FORCE,
        valid_from__lte=today,
        valid_until__gte=today,
    )
    licensed = set(rows.values_list("runner_id", "kind"))
    return [one for one in found if not needs_licence(one.kind, at=at) or (one.runner_id, one.kind) in licensed]


def services_near(
    place: tuple[float, float], *, at: datetime, kinds: Sequence[str] = (), most: int = 30
) -> list[OnCard]:  # fmt: skip
    """What can be ordered to a place from so many providers, the nearest first; found by walking the index from there on.

    Ways are from the rough place of a provider: exact ones, asked for from a few sides, would tell where they live.
    """
    lines = Service.objects.filter(ended_at=None)
    if kinds:
        lines = lines.filter(kind__in=kinds)
    rows = Runner.objects.filter(
        Exists(lines.filter(runner=OuterRef("pk"))),
        geography.WithinOnMap(*place, runners.REACH_MOST_KM * 1_000),
        takes_offers=True,
    )
    near = rows.order_by(geography.AwayOnMap(*place))[:most]
    reach = [one.pk for one in near if services.in_reach(one, place)]
    found = _offered(lines.filter(runner__in=reach).select_related("runner__party"), at)
    shown = [OnCard(one, int(round(geography.metres(geography.about(*one.runner.place), place), -3))) for one in found]
    return sorted(shown, key=lambda one: (one.away_m, -one.service.runner.reputation, one.service.created_at))


def provider(runner_id: UUID) -> Runner:
    """Somebody with a price card.

    Raises:
        NotFound: there is none.
    """
    found = Runner.objects.select_related("party").filter(pk=runner_id).first()
    if found is None:
        raise NotFound
    return found


def service(service_id: UUID) -> Service:
    """A service that is on a card now.

    Raises:
        NotFound: there is none.
    """
    found = Service.objects.select_related("runner__party").filter(pk=service_id, ended_at=None).first()
    if found is None:
        raise NotFound
    return found


# --- what forecasts learn from -----------------------------------------------------------------------------------


def _middle(stops: Sequence[Placed]) -> tuple[tuple[float, float], float]:
    """The middle of some places, and the way in metres from it to the farthest."""
    middle = (sum(stop.latitude for stop in stops) / len(stops), sum(stop.longitude for stop in stops) / len(stops))
    return middle, max(geography.metres(middle, stop.place) for stop in stops)


def history_around(stops: Sequence[Placed]) -> list[Task]:
    """The latest errands around some stops whose end is known."""
    middle, reach = _middle(stops)
    rows = PastErrand.objects.filter(geography.WithinOnMap(*middle, reach + AROUND_M))
    rows = rows.order_by("-ended_at", "-id")[:MOST_KNOWN]
    return [Task(one.number, Place(*one.place), one.price_fen, one.is_done) for one in rows]


def members_around(stops: Sequence[Placed], *, at: datetime) -> list[Member]:
    """The members nearest to some stops: those of the platform, and those that were imported."""
    middle, reach = _middle(stops)
    near = geography.WithinOnMap(*middle, reach + AROUND_M)
    runners = Runner.objects.filter(near, takes_offers=True).order_by(geography.AwayOnMap(*middle))
    found = [
        Member(str(one.pk), Place(*one.place), hands.tier_of(one.reputation, at=at).quota, 0, float(one.reputation))
        for one in runners[:MOST_MEMBERS]
    ]
    rows = RosterMember.objects.filter(near).order_by(geography.AwayOnMap(*middle))[:MOST_MEMBERS]
    found += [Member(one.number, Place(*one.place), one.quota, one.opens_minute, one.reputation) for one in rows]
    return found


# --- what others ask ---------------------------------------------------------------------------------------------


def is_promised(errand_id: UUID) -> bool:
    """Whether an errand's pay is published and neither paid nor returned."""
    return Errand.objects.filter(pk=errand_id, state__in=Posted.HOLDING).exists()


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether errands keep a party's account from being closed."""
    if of_owner(party.pk).filter(state__in=Posted.UNDER_WAY).exists():
        return "您有未结束的现场任务", "you have errands under way"
    if Stop.objects.filter(runner__party=party, state__in=(At.BOOKED, *At.HANDED_IN)).exists():
        return "您有未结束的点位", "you have stops in hand or not paid yet"
    return None


STANDING: dict[str, str] = {
    "errand gave out more than its pay (errand, pay, given, back)": """
        SELECT id, total_fen, paid_fen, back_fen FROM errands_errand
        WHERE paid_fen + coalesce(back_fen, 0) > total_fen ORDER BY 1""",
    "errand's stops are not what was paid in (errand, prices, pay)": """
        SELECT e.id, sum(s.price_fen), e.total_fen FROM errands_errand e JOIN errands_stop s ON s.errand_id = e.id
        WHERE e.paid_by_id IS NOT NULL GROUP BY e.id HAVING sum(s.price_fen) <> e.total_fen ORDER BY 1""",
    "errand's escrow differs from its state (errand, state, pay, escrow, held)": """
        SELECT j.id, j.state, j.total_fen, e.fen, e.held_fen FROM errands_errand j JOIN LATERAL (
            SELECT a.held_fen, a.credits_fen - a.debits_fen + coalesce(sum(s.credits_fen - s.debits_fen), 0) fen
            FROM ledger_account a LEFT JOIN ledger_slot s ON s.account_id = a.id
            WHERE a.code = 'escrow:errand:' || j.id GROUP BY a.id
        ) e ON true
        JOIN LATERAL (
            SELECT coalesce(sum(i.amount_fen - coalesce(back.fen, 0)), 0) fen FROM payments_paymentintent i
            LEFT JOIN LATERAL (SELECT sum(r.amount_fen) fen FROM payments_refund r
                               WHERE r.intent_id = i.id AND r.state = 'succeeded') back ON true
            WHERE i.subject_kind = 'errand' AND i.subject_id = j.id AND i.state = 'succeeded' AND i.id <> j.paid_by_id
        ) twice ON true
        WHERE j.paid_by_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM payments_dispute d JOIN payments_paymentintent p ON p.id = d.intent_id
            WHERE p.subject_kind = 'errand' AND p.subject_id = j.id)
          AND e.fen - twice.fen <> CASE WHEN j.state IN ('open', 'frozen')
              THEN j.total_fen - j.paid_fen
                   - (SELECT coalesce(sum(r.amount_fen), 0) FROM payments_refund r
                      WHERE r.intent_id = j.paid_by_id AND r.state = 'succeeded')
              ELSE e.held_fen END ORDER BY 1""",
    "errand's transfer without its errand (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN errands_errand e ON e.id = t.cause_id
        WHERE t.cause_kind = 'errand' AND e.id IS NULL ORDER BY t.seq""",
    "free stop that is somebody's (stop, runner)": """
        SELECT id, runner_id FROM errands_stop WHERE state = 'ready' AND runner_id IS NOT NULL ORDER BY 1""",
    "runner's count is not the stops in hand (runner, counted, held)": """
        SELECT r.id, r.in_hand_n, count(s.id) FROM errands_runner r
        LEFT JOIN errands_stop s ON s.runner_id = r.id AND s.state = 'booked'
        GROUP BY r.id HAVING r.in_hand_n <> count(s.id) ORDER BY 1""",
    "stop was paid other than its price (stop, state, price, paid)": """
        SELECT s.id, s.state, s.price_fen, s.paid_fen FROM errands_stop s JOIN errands_errand e ON e.id = s.errand_id
        WHERE NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = e.paid_by_id)
          AND (s.state = 'paid') <> (s.paid_fen IS NOT NULL AND s.paid_fen = s.price_fen) ORDER BY 1""",
    "stops paid differ from the errand's sum (errand, given, paid)": """
        SELECT e.id, e.paid_fen, sum(s.paid_fen) FROM errands_errand e LEFT JOIN errands_stop s ON s.errand_id = e.id
        GROUP BY e.id, e.paid_fen HAVING e.paid_fen <> coalesce(sum(s.paid_fen), 0) ORDER BY 1""",
    "stop's pay is not what its transfers say (stop, net, fee, tax, posted net, fee, tax)": """
        SELECT s.id, s.paid_fen - s.fee_fen - s.tax_fen, s.fee_fen, s.tax_fen, t.net, t.fee, t.tax
        FROM errands_stop s LEFT JOIN LATERAL (
            SELECT coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'payable'), 0) net,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'fees'), 0) fee,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'tax'), 0) tax
            FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id WHERE t.key = 'stop:' || s.id
        ) t ON true
        WHERE s.paid_fen IS NOT NULL
          AND (s.paid_fen - s.fee_fen - s.tax_fen, s.fee_fen, s.tax_fen) IS DISTINCT FROM (t.net, t.fee, t.tax)
        ORDER BY 1""",
    "tax on a stop's pay is not on record (stop, recorded, withheld)": """
        SELECT s.id, w.tax_fen, s.tax_fen FROM errands_stop s LEFT JOIN tax_withheld w ON w.cause_id = s.id
        WHERE s.paid_fen > 0
          AND (w.paid_fen, w.fee_fen, w.tax_fen) IS DISTINCT FROM (s.paid_fen, s.fee_fen, s.tax_fen) ORDER BY 1""",
    "stop is live in an errand that is over (errand, state, stops)": """
        SELECT e.id, e.state, count(*) FROM errands_errand e JOIN errands_stop s ON s.errand_id = e.id
        WHERE e.state IN ('completed', 'failed', 'cancelled')
          AND s.state IN ('ready', 'booked', 'submitted', 'refused', 'contested', 'accepted')
        GROUP BY 1, 2 ORDER BY 1""",
}
