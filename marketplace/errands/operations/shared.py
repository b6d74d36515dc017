"""What every operation of an errand begins and ends with.

The order of locks is errand, runner, stop, offer; all weaker than a key's (`no_key`), since foreign keys are looked up
when a transaction commits.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Max

from backend.accounts.queries import belongs_to
from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, NotFound
from backend.listings import operations as listings
from marketplace.errands.errors import NotRegistered
from marketplace.errands.events import ErrandMoved, StopMoved
from marketplace.errands.models import Errand, Runner, Stop
from marketplace.errands.states import At, Posted
from marketplace.invitations.operations import is_open_to
from marketplace.postings import SCOPE, Postings

KIND = "errand"
CATEGORY = "livelihood"


def runner_of(by: Actor) -> Runner:
    """The runner that somebody is, their row held: one thing at a time for one runner.

    Raises:
        NotFound, Forbidden: not under this hat.
        NotRegistered: they did not say from where they start.
    """
    if by.party_id is None or by.person_id is None:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    found = held_runner(party_id=by.party_id)
    if found is None or by.party_id != by.person_id:
        raise NotRegistered
    return found


def held_runner(**which: object) -> Runner | None:
    """A runner's row, held."""
    rows = Runner.objects.select_for_update(no_key=True, of=("self",)).select_related("party")
    return rows.filter(**which).first()


def held_stop(stop_id: UUID) -> Stop:
    """The stop, its row held.

    Raises:
        NotFound: there is none.
    """
    rows = Stop.objects.select_for_update(no_key=True, of=("self",)).select_related("errand__owner", "runner__party")
    found = rows.filter(pk=stop_id).first()
    if found is None:
        raise NotFound
    return found


def errand_of(stop_id: UUID) -> UUID:
    """Which errand a stop belongs to; that never changes.

    Raises:
        NotFound: there is no such stop.
    """
    found = Stop.objects.filter(pk=stop_id).values_list("errand_id", flat=True).first()
    if found is None:
        raise NotFound
    return found


def is_affiliated(errand: Errand, by: Actor) -> bool:
    """Whether a person is the poster or may act for them, or acts under the hat of somebody who is."""
    return belongs_to(errand.owner_id, by)


def _is_for(errand: Errand, by: Actor) -> bool:
    """What was ordered from a price card is its customer's, its provider's and staff's alone."""
    if errand.service is not None:
        return by.party_id is not None and by.party_id == errand.service.runner.party_id
    return is_open_to(errand, by)


ERRANDS = Postings(Errand, Posted.PUBLIC, _is_for, beside=("owner", "paid_by"))
held, of_owner, may_see = ERRANDS.held, ERRANDS.held_by_owner, ERRANDS.may_see


def move(errand: Errand, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of an errand whose row is held, set its clocks, show its listing, and announce it."""
    errand.move(event, by=by, at=at, reason=reason)
    errand.state_at = at
    errand.reason = reason[:300] or errand.reason
    if event == "thaw":  # windows of stops stay as they are: what is done at a place is tied to its hour
        errand.closes_at = errand.stops.aggregate(last=Max("until_at"))["last"]
    set_clock(errand)
    errand.save()
    show(errand)
    outbox.record(ErrandMoved(at=at, errand_id=errand.id, owner_id=errand.owner_id, move=event, state=errand.state))


def move_stop(stop: Stop, event: str, *, by: Actor, at: datetime, reason: str = "", due_at: datetime | None) -> None:
    """Make a move of a stop whose row is held, set its clock, and announce it; a move to `ready` takes it from its runner."""
    if event == "book":
        stop.save(update_fields=["runner", "booked_at"])  # what is booked is somebody's
    party_id = stop.runner.party_id if stop.runner is not None else None
    stop.move(event, by=by, at=at, reason=reason)
    if stop.state == At.READY:
        stop.runner = stop.booked_at = None
    stop.due_at = due_at
    stop.save()
    outbox.record(
        StopMoved(
            at=at,
            stop_id=stop.pk,
            errand_id=stop.errand_id,
            owner_id=stop.errand.owner_id,
            party_id=party_id,
            move=event,
        )
    )


def set_clock(errand: Errand) -> None:
    """When time alone takes the next move; an open errand ends with its stops."""
    since = errand.state_at
    match errand.state:
        case Posted.DRAFT | Posted.RETURNED:
            errand.until = since + rules.days("errands.draft_days", at=since)
        case Posted.REVIEW:
            errand.until = since + rules.days("errands.review_days", at=since)
        case Posted.FUNDING:
            errand.until = since + rules.days("errands.fund_days", at=since)
        case _:
            errand.until = None
    errand.due_at = errand.until


def show(errand: Errand) -> None:
    """Bring the errand's listing up to date; its figure is the pay of all stops."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=errand.id,
            title=errand.title,
            summary=errand.summary,
            owner_id=errand.owner_id,
            owner_name=errand.owner.masked_name,
            category=CATEGORY,
            county=errand.county,
            state=errand.state,
            is_public=errand.state in Posted.PUBLIC and errand.service_id is None and not errand.is_restricted,
            is_open=errand.state == Posted.OPEN,
            goal_fen=errand.total_fen,
            raised_fen=0,
            people_n=errand.stops_n,
            opens_at=errand.opens_at,
            closes_at=errand.closes_at,
            listed_at=errand.opens_at or errand.created_at,
            keywords=errand.kind,
        )
    )
