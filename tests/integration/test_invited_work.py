"""Work of every kind for the invited alone: found by nobody else, in no list, count, offer or forecast (C9)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.common import clock
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.listings.models import Listing, Tally
from marketplace.errands.models import Offer, PastErrand
from marketplace.errands.operations import dispatch, work
from marketplace.errands.queries import nearby
from marketplace.ideas.operations import ideas
from marketplace.invitations.operations import come_in, own, renew
from marketplace.invitations.queries import invited_to
from marketplace.keeping import operations as keeping
from marketplace.kinds_of_work import KINDS_OF_WORK
from marketplace.microtasks.models import Participant
from tests import errand_builders, idea_builders, microtask_builders
from tests.builders import acting, firm, moderator, person
from tests.contest_builders import open_contest
from tests.errand_builders import HERE, book, hand_in, open_errand, runner, stops_of
from tests.idea_builders import open_solicitation, proposed
from tests.microtask_builders import open_job, take
from tests.work_builders import open_task

OPEN: dict[str, Callable[..., Any]] = {
    "task": lambda _cashier, **more: open_task(**more),
    "contest": open_contest,
    "microtask": open_job,
    "errand": open_errand,
    "solicitation": lambda _cashier, **more: open_solicitation(**more),
}
"""How each kind is opened that may be for the invited alone; a knowledge bounty never is."""


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _paths(kind: str, key: object) -> tuple[str, str]:
    route = {"task": "tasks", "contest": "contests", "microtask": "microtasks", "errand": "errands"}
    return KINDS_OF_WORK[kind].url.format(key), f"/api/v1/{route.get(kind, 'solicitations')}/{key}"


@pytest.mark.parametrize("kind", OPEN)
def test_it_is_there_for_its_poster_staff_and_the_invited_alone(cashier, kind):
    posted, poster = OPEN[kind](cashier, visibility="invited")
    postings, stranger, guest = KINDS_OF_WORK[kind].postings, acting(person()), acting(person())
    assert not Listing.objects.get(kind=kind, subject_id=posted.pk).is_public
    assert not Tally.objects.filter(kind=kind, n__gt=0).exists()
    client = Client()
    assert {client.get(path).status_code for path in _paths(kind, posted.pk)} == {404}
    assert str(posted.pk) not in client.get("/sitemap.xml").content.decode()
    for refused in (
        lambda: postings.visible(posted.pk, stranger),
        lambda: keeping.favour(kind=kind, subject_id=posted.pk, by=stranger, at=clock.now()),
        lambda: come_in(postings, kind, "0" * 32, by=stranger, at=clock.now()),
        lambda: own(postings, posted.pk, by=stranger),
        lambda: renew(postings, posted.pk, by=stranger),
    ):
        with pytest.raises(NotFound):
            refused()

    old = own(postings, posted.pk, by=poster).invite_code
    for _ in range(2):
        assert come_in(postings, kind, old, by=guest, at=clock.now()).pk == posted.pk
    for reader in (guest, poster, moderator()):
        assert postings.visible(posted.pk, reader).pk == posted.pk
    rows, _next = invited_to(guest.party_id)
    assert [(row.invitation.kind, row.posted.listing.subject_id) for row in rows] == [(kind, posted.pk)]
    come_in(postings, kind, old, by=poster, at=clock.now())
    assert invited_to(poster.party_id) == ([], "")

    assert renew(postings, posted.pk, by=poster).invite_code != old
    with pytest.raises(NotFound):
        come_in(postings, kind, old, by=stranger, at=clock.now())
    assert postings.visible(posted.pk, guest).pk == posted.pk


@pytest.mark.parametrize("kind", OPEN)
def test_what_is_public_has_no_address(cashier, kind):
    posted, poster = OPEN[kind](cashier)
    postings = KINDS_OF_WORK[kind].postings
    for refused in (
        lambda: come_in(postings, kind, posted.invite_code, by=acting(person()), at=clock.now()),
        lambda: own(postings, posted.pk, by=poster),
        lambda: renew(postings, posted.pk, by=poster),
    ):
        with pytest.raises(NotFound):
            refused()
    assert Listing.objects.get(kind=kind, subject_id=posted.pk).is_public


def test_a_knowledge_bounty_has_none():
    with pytest.raises(NotFound):
        come_in(KINDS_OF_WORK["gap"].postings, "gap", "0" * 32, by=acting(person()), at=clock.now())


def test_a_mandate_without_work_renews_nothing():
    posted, poster = open_task(visibility="invited")
    without = dataclasses.replace(poster, scopes=frozenset())
    with pytest.raises(Forbidden):
        renew(KINDS_OF_WORK["task"].postings, posted.pk, by=without)


def test_only_two_visibilities_are_known():
    by = firm()[1]
    for begin in (microtask_builders.job_draft, errand_builders.errand_draft, idea_builders.solicitation_draft):
        with pytest.raises(Invalid):
            begin(by, visibility="secret")


def test_items_are_handed_to_the_invited_alone(cashier):
    job, _poster = open_job(cashier, visibility="invited")
    stranger, guest = acting(person()), acting(person())
    with pytest.raises(NotFound):
        take(job, stranger)
    assert not Participant.objects.filter(job=job).exists()
    come_in(KINDS_OF_WORK["microtask"].postings, "microtask", job.invite_code, by=guest, at=clock.now())
    assert take(job, guest).participant.party_id == guest.party_id


def test_ideas_are_proposed_and_endorsed_by_the_invited_alone():
    asked, _poster = open_solicitation(visibility="invited")
    stranger, guest, other = acting(person()), acting(person()), acting(person())
    with pytest.raises(NotFound):
        proposed(asked, stranger)
    for by in (guest, other):
        come_in(KINDS_OF_WORK["solicitation"].postings, "solicitation", asked.invite_code, by=by, at=clock.now())
    idea, _author = proposed(asked, guest)
    with pytest.raises(NotFound):
        ideas.endorse(idea_id=idea.pk, by=stranger, at=clock.now())
    ideas.endorse(idea_id=idea.pk, by=other, at=clock.now())
    idea.refresh_from_db()
    assert idea.endorsements_n == 1
    assert Client().get(reverse("idea", args=[idea.pk])).status_code == 404


def test_stops_are_near_nobody_and_taken_by_the_invited_alone(cashier):
    errand, poster = open_errand(cashier, visibility="invited")
    stop = stops_of(errand)[0]
    guest, stranger = runner("受邀接单人"), runner("路人")
    assert nearby(HERE, 5_000, at=clock.now()) == []
    for path in (f"/errands/stops/{stop.pk}/", f"/api/v1/stops/{stop.pk}"):
        assert Client().get(path).status_code == 404
    with pytest.raises(NotFound):
        book(stop, stranger)
    come_in(KINDS_OF_WORK["errand"].postings, "errand", errand.invite_code, by=guest, at=clock.now())
    assert book(stop, guest).state == "booked"
    hand_in(stop, guest)
    work.accept(stop_id=stop.pk, by=poster, at=clock.now())
    assert not PastErrand.objects.exists()


def test_dispatch_asks_the_invited_alone(cashier):
    near, far = runner("路人", north_m=50), runner("受邀接单人", north_m=3_000)
    errand, _poster = open_errand(cashier, visibility="invited", mode="dispatch", stops=1)
    come_in(KINDS_OF_WORK["errand"].postings, "errand", errand.invite_code, by=far, at=clock.now())
    dispatch.offer_next(stop_id=stops_of(errand)[0].pk, at=clock.now())
    assert [one.runner.party_id for one in Offer.objects.select_related("runner")] == [far.party_id]
    assert near.party_id != far.party_id
