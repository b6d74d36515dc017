"""Who holds a stop (预订): taking it, letting it go, and every other way in which it leaves somebody's hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.common import rules
from backend.common.actors import SYSTEM, Actor, Role
from backend.common.errors import NotFound, Refusal, refuse_any
from backend.common.models import StateChange
from backend.common.rules import SHANGHAI
from marketplace.errands import geography
from marketplace.errands.errors import (
    DispatchOnly,
    GaveItUp,
    LicenceMissing,
    NotYetYours,
    OtherKind,
    OwnErrand,
    QuotaFull,
    StopTaken,
    TooFar,
)
from marketplace.errands.kinds import LICENCES, needs_licence
from marketplace.errands.models import Errand, Licence, Offer, PastErrand, Runner, Stop
from marketplace.errands.operations.shared import (
    errand_of,
    held_runner,
    held_stop,
    is_affiliated,
    may_see,
    move_stop,
    runner_of,
)
from marketplace.errands.states import At, Licensed, Offered, Posted

TIERS = (2, 1, 0)


@dataclass(frozen=True)
class Tier:
    """What reputation lets a runner do: so many stops in hand, so many minutes after they open."""

    number: int
    quota: int
    delay: timedelta

    @property
    def minutes(self) -> int:
        return int(self.delay.total_seconds() // 60)


def tier_of(reputation: int, *, at: datetime) -> Tier:
    """The highest tier that a reputation reaches."""
    for number in TIERS:
        if reputation >= rules.value(f"errands.tier.{number}.from", at=at):
            break
    quota = rules.value(f"errands.tier.{number}.quota", at=at)
    return Tier(number, quota, timedelta(minutes=rules.value(f"errands.tier.{number}.delay", at=at)))


def shared(errand_id: UUID) -> Errand:
    """The errand, its row held against change by others while many hold it so."""
    found = next(iter(Errand.objects.raw("SELECT * FROM errands_errand WHERE id = %s FOR SHARE", [errand_id])), None)
    if found is None:
        raise NotFound
    return found


def licence_for(runner: Runner, kind: str, stop: Stop) -> Licence | None:
    """The runner's licence that is in force from the beginning of a stop's window to its end."""
    start, end = (moment.astimezone(SHANGHAI).date() for moment in (stop.from_at, stop.until_at))
    rows = runner.licences.filter(kind=kind, state=Licensed.IN_FORCE)
    return rows.filter(valid_from__lte=start, valid_until__gte=end).first()


def obstacles(errand: Errand, stop: Stop, runner: Runner, by: Actor, at: datetime, *, is_offered: bool = False) -> list[Refusal]:  # fmt: skip
    """Every reason why this runner may not take this stop now; none where they may.

    How far it is counts to the rough place that the public knows: an exact answer, asked for from a few sides, would tell
    the exact place. What was ordered from a card was in reach when it was ordered.
    """
    tier = tier_of(runner.reputation, at=at)
    away = geography.metres(runner.place, geography.about(*stop.place)) if errand.service_id is None else 0
    opens = (stop.opens_at or at) + tier.delay
    licence = needs_licence(errand.kind, at=at) and licence_for(runner, errand.kind, stop) is None
    until = stop.until_at.astimezone(SHANGHAI).strftime("%Y-%m-%d")
    licence_zh, licence_en = LICENCES.get(errand.kind, ("", ""))
    gave_up = StateChange.objects.filter(subject_id=stop.pk, event="give_up", party_id=runner.party_id).exists()
    found: list[tuple[bool, Refusal]] = [
        (is_affiliated(errand, by), OwnErrand()),
        (errand.kind not in runner.kinds, OtherKind()),
        (away > runner.reach_km * 1_000, TooFar(reach=runner.reach_km)),
        (runner.in_hand_n >= tier.quota, QuotaFull(n=runner.in_hand_n, quota=tier.quota)),
        (not is_offered and at < opens, NotYetYours(at=opens.astimezone(SHANGHAI).strftime("%m-%d %H:%M"))),
        (licence, LicenceMissing(until=until, licence_zh=licence_zh, licence_en=licence_en)),
        (not stop.is_for_all and not is_offered, DispatchOnly()),
        (gave_up, GaveItUp()),
    ]
    return [refusal for holds, refusal in found if holds] + limits.failures(runner.party, "work", at=at)


@transaction.atomic
def book(*, stop_id: UUID, by: Actor, at: datetime) -> Stop:
    """Take a stop in hand (预订点位).

    Raises:
        NotFound: there is none, or not for this person.
        NotRegistered: the runner did not say from where they start.
        StopTaken: somebody has it, or it is over, or the errand is frozen.
        Refusals: every other reason, together.
    """
    errand = shared(errand_of(stop_id))
    if not may_see(errand, by):
        raise NotFound
    runner = runner_of(by)
    stop = held_stop(stop_id)
    if errand.state != Posted.OPEN or not stop.is_free(at):
        raise StopTaken
    refuse_any(list(obstacles(errand, stop, runner, by, at)))
    take(stop, runner, by, at)
    return stop


def take(stop: Stop, runner: Runner, by: Actor, at: datetime) -> None:
    """Put a free stop into a runner's hands; both rows are held."""
    stop.runner, stop.booked_at = runner, at
    move_stop(stop, "book", by=by.wears(Role.WORKER), at=at, due_at=stop.until_at)
    runner.in_hand_n += 1
    runner.save(update_fields=["in_hand_n"])


@transaction.atomic
def give_up(*, stop_id: UUID, by: Actor, at: datetime) -> Stop:
    """Let a stop go that one cannot do; shortly before it begins that costs reputation (放弃预订).

    Raises:
        NotFound: not in this runner's hands.
    """
    shared(errand_of(stop_id))
    runner = runner_of(by)
    stop = held_stop(stop_id)
    if stop.runner_id != runner.pk:
        raise NotFound
    is_late = at > stop.from_at - rules.hours("errands.late_hours", at=at)
    move_stop(stop, "give_up", by=by.wears(Role.WORKER), at=at, due_at=stop.until_at)
    runner.in_hand_n -= 1
    if is_late:
        lose_trust(runner, "errands.loss_late", at)
    runner.save()
    return stop


def end(stop_id: UUID, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """End a stop, or free it, whoever holds it: out of their hands it goes, and nobody is asked about it any more.

    What was open to be taken and ended is remembered for forecasts, unless the poster took it away.
    """
    key = Stop.objects.filter(pk=stop_id).values_list("runner_id", flat=True).first()
    runner = held_runner(pk=key) if key is not None else None
    stop = held_stop(stop_id)
    was_booked = stop.state == At.BOOKED
    due_at = stop.until_at if event == "release" else None
    move_stop(stop, event, by=by, at=at, reason=reason, due_at=due_at)
    if runner is not None and was_booked:
        runner.in_hand_n -= 1
        if event == "miss":
            runner.missed_n += 1
            lose_trust(runner, "errands.loss_missed", at)
        runner.save()
    if event != "release":
        close_offers(stop, at)
    if event in ("miss", "lapse", "let_go", "find_against"):
        remember(stop, is_done=False, at=at)


def lose_trust(runner: Runner, rule: str, at: datetime) -> None:
    """Take reputation away, down to nothing; the caller saves."""
    runner.reputation = max(0, runner.reputation - rules.value(rule, at=at))


def close_offers(stop: Stop, at: datetime) -> None:
    """Nobody is asked about a stop any more."""
    for offer in Offer.objects.select_for_update(no_key=True).filter(stop=stop, state=Offered.MADE):
        offer.move("close", by=SYSTEM, at=at)


def remember(stop: Stop, *, is_done: bool, at: datetime) -> None:
    """Keep how a stop ended, for forecasts; what only the invited could take says nothing of others, nor is to be counted."""
    if stop.errand.is_restricted:
        return
    PastErrand.objects.update_or_create(
        number=f"S{stop.pk.hex}",
        defaults={
            "price_fen": stop.price_fen,
            "is_done": is_done,
            "ended_at": at,
            "latitude": stop.latitude,
            "longitude": stop.longitude,
            "east": stop.east,
            "north": stop.north,
        },
    )
