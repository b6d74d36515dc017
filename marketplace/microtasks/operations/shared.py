"""What every operation of a micro-task job begins and ends with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.accounts.queries import belongs_to
from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.common.errors import NotFound
from backend.listings import operations as listings
from marketplace.invitations.operations import is_open_to
from marketplace.microtasks.events import JobMoved
from marketplace.microtasks.models import Job, Participant
from marketplace.microtasks.states import Posted
from marketplace.postings import Postings

KIND = "microtask"


def shared(job_id: UUID) -> Job:
    """The job, its row held against change by others while many hold it so: it stays as it is until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    found = next(iter(Job.objects.raw("SELECT * FROM microtasks_job WHERE id = %s FOR SHARE", [job_id])), None)
    if found is None:
        raise NotFound
    return found


def of_worker(participant_id: UUID) -> Participant:
    """A part in a job, its row held: one thing at a time for one worker."""
    return (
        Participant.objects.select_for_update(no_key=True, of=("self",)).select_related("party").get(pk=participant_id)
    )


def is_affiliated(job: Job, by: Actor) -> bool:
    """Whether a person is the poster or may act for them, or acts under the hat of somebody who is."""
    return belongs_to(job.owner_id, by)


JOBS = Postings(Job, Posted.PUBLIC, is_open_to, beside=("owner", "paid_by"))
held, of_owner, may_see = JOBS.held, JOBS.held_by_owner, JOBS.may_see


def move(job: Job, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a job whose row is held, set its clocks, show its listing, and announce it."""
    job.move(event, by=by, at=at, reason=reason)
    job.state_at = at
    job.reason = reason[:300] or job.reason
    set_clock(job)
    job.save()
    show(job)
    outbox.record(JobMoved(at=at, job_id=job.id, owner_id=job.owner_id, move=event, state=job.state))


def set_clock(job: Job) -> None:
    """When time alone takes the next move."""
    since = job.state_at
    match job.state:
        case Posted.DRAFT | Posted.RETURNED:
            job.until = since + rules.days("microtasks.draft_days", at=since)
        case Posted.REVIEW:
            job.until = since + rules.days("microtasks.review_days", at=since)
        case Posted.FUNDING:
            job.until = since + rules.days("microtasks.fund_days", at=since)
        case Posted.OPEN:
            job.until = job.closes_at
        case Posted.CHECKING:
            job.until = since + rules.days("microtasks.check_days", at=since)
        case Posted.PAYING:
            job.until = since
        case Posted.FROZEN:
            job.until = since + rules.days("microtasks.frozen_days", at=since)
        case _:
            job.until = None
    job.due_at = job.until


def show(job: Job) -> None:
    """Bring the job's listing up to date; its figure is the price of one answer."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=job.id,
            title=job.title,
            summary=job.summary,
            owner_id=job.owner_id,
            owner_name=job.owner.masked_name,
            category=job.category,
            county=job.county,
            state=job.state,
            is_public=job.state in Posted.PUBLIC and not job.is_restricted,
            is_open=job.state == Posted.OPEN,
            goal_fen=job.price_fen,
            raised_fen=0,
            people_n=job.items_n,
            opens_at=job.opens_at,
            closes_at=job.closes_at,
            listed_at=job.opens_at or job.created_at,
            keywords=" ".join(job.skills),
        )
    )
