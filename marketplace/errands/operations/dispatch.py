"""Dispatch (派单): a stop is held out to one runner after the other, the nearest and most trusted with room first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import NotFound, refuse_any
from marketplace.errands import geography
from marketplace.errands.errors import NotYetYours, OfferOver
from marketplace.errands.events import StopOffered
from marketplace.errands.models import Errand, Offer, Runner, Stop
from marketplace.errands.operations import hands
from marketplace.errands.operations.shared import errand_of, held_stop, runner_of
from marketplace.errands.states import Offered, Posted
from marketplace.invitations.operations import invited

REACH_MOST_KM, LOOKED_AT = 50, 60
BAND_M = 1_000
"""Runners within the same kilometre are asked in the order of their trust."""


@transaction.atomic
def offer_next(*, stop_id: UUID, at: datetime) -> Offer | None:
    """Hold a free stop out to the next runner; where nobody is left, it is open to all. Safe to repeat."""
    errand = hands.shared(errand_of(stop_id))
    stop = held_stop(stop_id)
    if errand.state != Posted.OPEN or stop.is_for_all or not stop.is_free(at):
        return None
    if stop.offers.filter(state=Offered.MADE).exists():
        return None
    if errand.service is not None:
        return _offer_to_provider(errand.service.runner, stop, at)
    asked = stop.offers.count()
    able, is_waiting = _able(errand, stop, at) if asked < rules.value("errands.offers_most", at=at) else ([], False)
    if not able:
        if not is_waiting:
            stop.is_for_all = True
            stop.save(update_fields=["is_for_all"])
        return None
    away, runner = min(able, key=lambda one: (int(one[0] // BAND_M), -one[1].reputation, one[1].in_hand_n, one[0]))
    return _offer(
        stop, runner, round(away), until=at + timedelta(minutes=rules.value("errands.offer_minutes", at=at)), at=at
    )


def _offer_to_provider(provider: Runner, stop: Stop, at: datetime) -> Offer | None:
    """Ask the one whose service was ordered; who was asked before did not take it, or let it go: the pay goes back."""
    if stop.offers.exists():
        hands.end(stop.pk, "drop", by=SYSTEM, at=at, reason="服务者没有接单")
        return None
    away = round(geography.metres(provider.place, stop.place))
    return _offer(stop, provider, away, until=at + rules.hours("errands.direct_hours", at=at), at=at)


def _offer(stop: Stop, runner: Runner, away_m: int, *, until: datetime, at: datetime) -> Offer:
    until = min(until, stop.until_at)
    made = Offer.objects.create(stop=stop, runner=runner, away_m=away_m, made_at=at, until=until)
    outbox.record(StopOffered(at=at, offer_id=made.pk, stop_id=stop.pk, party_id=runner.party_id))
    return made


def _able(errand: Errand, stop: Stop, at: datetime) -> tuple[list[tuple[float, Runner]], bool]:
    """Runners who may take a stop now, with their way in metres; and whether some may only later."""
    able, is_waiting = [], False
    for runner in _near(errand, stop):
        by = Actor(runner.party_id, runner.party_id, scopes=frozenset({"work"}))
        reasons = hands.obstacles(errand, stop, runner, by, at)
        reasons = [reason for reason in reasons if reason.code != "dispatch_only"]
        if not reasons:
            able.append((geography.metres(runner.place, stop.place), runner))
        elif all(isinstance(reason, NotYetYours) for reason in reasons):
            is_waiting = True
    return able, is_waiting


def _near(errand: Errand, stop: Stop) -> Iterator[Runner]:
    """The nearest runners of the kind that were not asked yet; of the invited alone, where only they see the errand."""
    rows = Runner.objects.select_related("party").filter(
        geography.WithinOnMap(stop.latitude, stop.longitude, REACH_MOST_KM * 1_000),
        takes_offers=True,
        kinds__contains=[errand.kind],
    )
    if errand.is_restricted:
        rows = rows.filter(party_id__in=invited(errand.pk))
    rows = rows.exclude(offers__stop=stop).order_by(geography.AwayOnMap(stop.latitude, stop.longitude))
    return iter(rows[:LOOKED_AT])


@transaction.atomic
def answer(*, offer_id: UUID, accepts: bool, by: Actor, at: datetime) -> Offer:
    """Take what one is offered, or leave it (接单、谢绝).

    Raises:
        NotFound: not this runner's offer.
        OfferOver: its time ran out, or the stop is gone.
        Refusals: why it cannot be taken after all.
    """
    stop_id = Offer.objects.filter(pk=offer_id).values_list("stop_id", flat=True).first()
    if stop_id is None:
        raise NotFound
    errand = hands.shared(errand_of(stop_id))
    runner = runner_of(by)
    stop = held_stop(stop_id)
    offer = Offer.objects.select_for_update(no_key=True).get(pk=offer_id)
    if offer.runner_id != runner.pk:
        raise NotFound
    if offer.state != Offered.MADE or at >= offer.until:
        raise OfferOver
    worker = by.wears(Role.WORKER)
    if not accepts:
        offer.move("decline", by=worker, at=at)
        return offer
    if errand.state != Posted.OPEN or not stop.is_free(at):
        raise OfferOver
    refuse_any(list(hands.obstacles(errand, stop, runner, by, at, is_offered=True)))
    offer.move("accept", by=worker, at=at)
    hands.take(stop, runner, by, at)
    return offer


@transaction.atomic
def lapse(*, offer_id: UUID, at: datetime) -> None:
    """An offer that nobody answered is over. Safe to repeat."""
    offer = Offer.objects.select_for_update(no_key=True).get(pk=offer_id)
    if offer.state == Offered.MADE and offer.until <= at:
        offer.move("lapse", by=CLOCK, at=at)
