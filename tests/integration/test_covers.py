"""Covers: a picture for a draft of one's own, seen by who may see the work, fixed once a moderator reads it."""

from __future__ import annotations

import pytest

from backend.common import clock
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.listings import queries as listings
from backend.listings.models import Listing
from marketplace.covers import operations
from marketplace.covers.errors import CoverFixed
from marketplace.errands.operations import drafts
from tests.builders import acting, firm, person
from tests.contest_builders import drawing
from tests.errand_builders import errand_draft
from tests.idea_builders import solicitation_draft
from tests.work_builders import task_draft

pytestmark = pytest.mark.django_db


def choose(kind, subject, by, body=None, name="封面.png") -> None:
    operations.choose(kind=kind, subject_id=subject.pk, name=name, body=body or drawing(1), by=by)


@pytest.mark.parametrize("kind", ["task", "errand", "solicitation"])
def test_a_draft_gets_a_picture_another_one_and_none(kind):
    by = firm()[1]
    made = {"task": task_draft, "errand": errand_draft, "solicitation": lambda by: solicitation_draft(by)[0]}[kind](by)
    assert listings.cover_of(kind, made.pk) is None
    choose(kind, made, by)
    first = listings.cover_of(kind, made.pk)
    choose(kind, made, by, drawing(2))
    second = listings.cover_of(kind, made.pk)
    assert first.cover_sha256 != second.cover_sha256 and second.cover_width > 0
    operations.remove(kind=kind, subject_id=made.pk, by=by)
    assert listings.cover_of(kind, made.pk) is None


def test_a_picture_stays_when_the_draft_is_written_again_and_is_fixed_once_submitted():
    by = firm()[1]
    made = errand_draft(by)
    choose("errand", made, by)
    drafts.submit(errand_id=made.pk, by=by, at=clock.now())
    assert Listing.objects.get(subject_id=made.pk).cover_sha256
    with pytest.raises(CoverFixed):
        choose("errand", made, by, drawing(3))
    with pytest.raises(CoverFixed):
        operations.remove(kind="errand", subject_id=made.pk, by=by)


def test_nobody_gives_a_picture_to_the_work_of_others():
    by = firm()[1]
    made = errand_draft(by)
    with pytest.raises(NotFound):
        choose("errand", made, acting(person()))
    with pytest.raises(NotFound):
        choose("article", made, by)
    with pytest.raises(Forbidden):
        choose("errand", made, by.__class__(**vars(by) | {"scopes": frozenset({"read"})}))
    assert listings.cover_of("errand", made.pk) is None


@pytest.mark.parametrize(("body", "name"), [(b"%PDF-1.7 x", "a.pdf"), (b"MZ not a picture", "a.png"), (b"", "a.png")])
def test_what_is_no_picture_is_refused(body, name):
    by = firm()[1]
    made = errand_draft(by)
    with pytest.raises(Invalid):
        operations.choose(kind="errand", subject_id=made.pk, name=name, body=body, by=by)
    assert listings.cover_of("errand", made.pk) is None
