"""What every operation of a solicitation begins and ends with."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.listings import operations as listings
from marketplace.ideas.events import SolicitationMoved
from marketplace.ideas.models import Solicitation
from marketplace.ideas.states import Asking
from marketplace.invitations.operations import is_open_to
from marketplace.postings import Postings

KIND = "solicitation"


SOLICITATIONS = Postings(Solicitation, Asking.PUBLIC, is_open_to)
held, of_owner, may_see = SOLICITATIONS.held, SOLICITATIONS.held_by_owner, SOLICITATIONS.may_see


def move(found: Solicitation, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a solicitation whose row is held, set its clocks, show its listing, and announce it.

    Approved, it opens at once.
    """
    if event == "approve":
        found.opens_at, found.closes_at = at, at + timedelta(days=found.open_days)
        found.save(update_fields=["opens_at", "closes_at"])
    found.move(event, by=by, at=at, reason=reason)
    found.state_at = at
    found.reason = reason[:300] or found.reason
    set_clock(found)
    found.save()
    show(found)
    outbox.record(
        SolicitationMoved(at=at, solicitation_id=found.id, owner_id=found.owner_id, move=event, state=found.state)
    )


def set_clock(found: Solicitation) -> None:
    """When time alone takes the next move."""
    since = found.state_at
    match found.state:
        case Asking.DRAFT | Asking.RETURNED:
            found.until = since + rules.days("ideas.draft_days", at=since)
        case Asking.REVIEW:
            found.until = since + rules.days("ideas.review_days", at=since)
        case Asking.OPEN:
            found.until = found.closes_at
        case Asking.ANSWERING:
            found.until = since + rules.days("ideas.answer_days", at=since)
        case Asking.FROZEN:
            found.until = since + rules.days("ideas.frozen_days", at=since)
        case _:
            found.until = None
    found.due_at = found.until


def show(found: Solicitation) -> None:
    """Bring the solicitation's listing up to date."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=found.id,
            title=found.title,
            summary=found.summary,
            owner_id=found.owner_id,
            owner_name=found.owner.masked_name,
            category=found.category,
            county=found.county,
            state=found.state,
            is_public=found.state in Asking.PUBLIC and not found.is_restricted,
            is_open=found.state == Asking.OPEN,
            goal_fen=0,
            raised_fen=0,
            people_n=found.ideas_n,
            opens_at=found.opens_at,
            closes_at=found.closes_at,
            listed_at=found.opens_at or found.created_at,
            keywords="",
        )
    )
