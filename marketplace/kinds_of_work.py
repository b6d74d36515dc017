"""The kinds of posted work, for what is alike in all of them: how each is read, who takes part, where its page is (任务种类)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from backend.common.errors import NotFound
from backend.judging.models import Application
from backend.judging.states import Standing
from backend.listings.models import Listing
from marketplace.contests.operations.shared import CONTESTS
from marketplace.errands.models import Stop
from marketplace.errands.operations.shared import ERRANDS
from marketplace.errands.states import At
from marketplace.ideas.models import Idea
from marketplace.ideas.operations.shared import SOLICITATIONS
from marketplace.ideas.states import Proposed
from marketplace.knowledge.models import Change
from marketplace.knowledge.operations.gaps import GAPS
from marketplace.knowledge.states import Changing
from marketplace.microtasks.models import Participant
from marketplace.microtasks.operations.shared import JOBS
from marketplace.postings import Postings
from marketplace.tasks.models import Bid
from marketplace.tasks.operations.shared import TASKS
from marketplace.tasks.states import Bidding


@dataclass(frozen=True)
class KindOfWork:
    """One kind of work: its name, how it is read by who may see it and by its poster, who takes part, where its page and hall are."""

    words: tuple[str, str]
    postings: Postings[Any]
    parties: Callable[[UUID], QuerySet[Any, UUID]]
    url: str
    hall: str


def _bidders(key: UUID) -> QuerySet[Any, UUID]:
    return Bid.objects.filter(task_id=key).exclude(state=Bidding.WITHDRAWN).values_list("bidder_id", flat=True)


def _entrants(key: UUID) -> QuerySet[Any, UUID]:
    rows = Application.objects.filter(call__subject_kind="contest", call__subject_id=key)
    return rows.exclude(state=Standing.WITHDRAWN).values_list("party_id", flat=True)


def _workers(key: UUID) -> QuerySet[Any, UUID]:
    return Participant.objects.filter(job_id=key).values_list("party_id", flat=True)


def _runners(key: UUID) -> QuerySet[Any, UUID]:
    rows = Stop.objects.filter(errand_id=key, state__in=(At.BOOKED, *At.HANDED_IN), runner__isnull=False)
    return rows.values_list("runner__party_id", flat=True)


def _authors_of_ideas(key: UUID) -> QuerySet[Any, UUID]:
    return (
        Idea.objects.filter(solicitation_id=key).exclude(state=Proposed.WITHDRAWN).values_list("author_id", flat=True)
    )


def _authors_of_changes(key: UUID) -> QuerySet[Any, UUID]:
    return Change.objects.filter(gap_id=key).exclude(state=Changing.WITHDRAWN).values_list("author_id", flat=True)


KINDS_OF_WORK: dict[str, KindOfWork] = {
    "task": KindOfWork(("招标任务", "Tender"), TASKS, _bidders, "/work/{}/", "/work/"),
    "contest": KindOfWork(("赛事", "Contest"), CONTESTS, _entrants, "/contests/{}/", "/contests/"),
    "microtask": KindOfWork(("微任务", "Micro-task"), JOBS, _workers, "/microtasks/{}/", "/microtasks/"),
    "errand": KindOfWork(("现场任务", "Errand"), ERRANDS, _runners, "/errands/{}/", "/errands/"),
    "solicitation": KindOfWork(
        ("创意征集", "Call for ideas"), SOLICITATIONS, _authors_of_ideas, "/ideas/{}/", "/ideas/"
    ),
    "gap": KindOfWork(
        ("知识悬赏", "Knowledge bounty"),
        GAPS,
        _authors_of_changes,
        "/knowledge/gaps/{}/",
        "/knowledge/gaps/",
    ),
}
"""By the kind of its listing."""


def kind_of(kind: str) -> KindOfWork:
    """A kind of work.

    Raises:
        NotFound: there is none of that name.
    """
    found = KINDS_OF_WORK.get(kind)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Posted:
    """A piece of work as lists of all kinds show it."""

    listing: Listing
    words: tuple[str, str]
    url: str

    @property
    def row(self) -> dict[str, Any]:
        """What the API's lists of all kinds say of each; the amount in fen."""
        names = ("kind", "subject_id", "title", "state", "closes_at")
        return {name: getattr(self.listing, name) for name in names} | {
            "amount_fen": self.listing.goal_fen,
            "url": self.url,
        }


def posted(listing: Listing) -> Posted:
    """A listing with the name of its kind and the address of its page."""
    kind = KINDS_OF_WORK[listing.kind]
    return Posted(listing, kind.words, kind.url.format(listing.subject_id))
