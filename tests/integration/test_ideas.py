"""Solicitations of ideas: everybody proposes and endorses once, by name and level; the poster answers, or it shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from backend.common import clock
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveForbidden, MoveRefused
from backend.judging.models import Proof
from backend.ledger import queries as books
from backend.moderation import appeals
from backend.notifications.models import Message
from marketplace.ideas import queries
from marketplace.ideas.errors import (
    EndorsedAlready,
    IdeaLimit,
    IdeasClosed,
    LevelForEndorsing,
    OwnIdea,
    SolicitationFixed,
)
from marketplace.ideas.models import Endorsement, Idea, Solicitation
from marketplace.ideas.operations import course, drafts, ideas, reviews
from marketplace.tasks.errors import Affiliated, Stale
from tests.builders import acting, beat, deliver_events, firm, moderator, person
from tests.idea_builders import open_solicitation, proposed, solicitation_draft, terms

TEXT = "把码头仓库改成周末手作市集，本地匠人轮流摆摊，冬天搬进室内。"


@pytest.fixture(autouse=True)
def now(own_db):
    """What moves the clock and commits needs a database of its own."""


def _sound() -> None:
    assert list(books.differences()) == []


def test_nothing_is_proposed_before_a_moderator_opened_it():
    made, poster = solicitation_draft()
    with pytest.raises(NotFound):
        proposed(made)
    drafts.submit(solicitation_id=made.pk, by=poster, at=clock.now())
    with pytest.raises(SolicitationFixed):
        drafts.write(solicitation_id=made.pk, terms=terms(), version=2, by=poster, at=clock.now())
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    assert proposed(made)[0].state == "shown"
    _sound()


@pytest.mark.parametrize("bad", [{"level": "L9"}, {"open_days": 0}, {"open_days": 400}, {"category": "x"}])
def test_terms_that_make_no_sense_are_refused(bad):
    made, poster = solicitation_draft()
    with pytest.raises(Invalid):
        drafts.write(solicitation_id=made.pk, terms=terms(**bad), version=2, by=poster, at=clock.now())
    with pytest.raises(Stale):
        drafts.write(solicitation_id=made.pk, terms=terms(), version=1, by=poster, at=clock.now())


def test_an_idea_is_on_record_and_its_words_are_looked_at():
    made, _ = open_solicitation()
    idea, by = proposed(made)
    assert Proof.objects.get(pk=idea.proof_id).party_id == by.party_id
    for title, text in (("", TEXT), ("夜市", "太短"), ("夜市", TEXT + "加我微信 bamboo123456 详谈")):
        with pytest.raises(Refusal):
            ideas.propose(solicitation_id=made.pk, title=title, text=text, by=by, at=clock.now())
    for number in range(2):
        ideas.propose(solicitation_id=made.pk, title=f"夜市{number}", text=TEXT, by=by, at=clock.now())
    with pytest.raises(IdeaLimit):
        ideas.propose(solicitation_id=made.pk, title="夜市", text=TEXT, by=by, at=clock.now())
    made.refresh_from_db()
    assert made.ideas_n == 3
    _sound()


def test_a_person_endorses_once_whatever_hat_they_wear():
    made, _ = open_solicitation()
    idea, _by = proposed(made)
    boss, hat = firm(name="竹艺工作室")
    ideas.endorse(idea_id=idea.pk, by=acting(boss), at=clock.now())
    with pytest.raises(EndorsedAlready):
        ideas.endorse(idea_id=idea.pk, by=hat, at=clock.now())
    assert ideas.take_back(idea_id=idea.pk, by=hat, at=clock.now()).endorsements_n == 0
    assert ideas.endorse(idea_id=idea.pk, by=hat, at=clock.now()).endorsements_n == 1
    _sound()


def test_nobody_endorses_an_idea_of_their_own_or_of_their_organisation():
    made, _ = open_solicitation()
    boss, hat = firm(name="竹艺工作室")
    idea = ideas.propose(solicitation_id=made.pk, title="夜市", text=TEXT, by=hat, at=clock.now())
    for who in (hat, acting(boss)):
        with pytest.raises(OwnIdea):
            ideas.endorse(idea_id=idea.pk, by=who, at=clock.now())
    own = ideas.propose(solicitation_id=made.pk, title="市集", text=TEXT, by=acting(boss), at=clock.now())
    with pytest.raises(OwnIdea):
        ideas.endorse(idea_id=own.pk, by=hat, at=clock.now())


@pytest.mark.parametrize(("needed", "level", "may"), [("L1", "L0", False), ("L1", "L1", True), ("L2", "L1", False), ("L2", "L2", True)])  # fmt: skip
def test_endorsing_needs_the_level_that_was_asked_for(needed, level, may):
    made, _ = open_solicitation(level=needed)
    idea, _by = proposed(made)
    who = acting(person(level=level))
    if may:
        assert ideas.endorse(idea_id=idea.pk, by=who, at=clock.now()).endorsements_n == 1
    else:
        with pytest.raises(LevelForEndorsing):
            ideas.endorse(idea_id=idea.pk, by=who, at=clock.now())


def test_fifty_at_once_endorse_once_each():
    made, _ = open_solicitation()
    idea, _by = proposed(made)
    many = [acting(person(name=f"市民{number}")) for number in range(10)]

    def endorse(who: Actor) -> object:
        try:
            return ideas.endorse(idea_id=idea.pk, by=who, at=clock.now())
        except EndorsedAlready as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        came_to = list(pool.map(endorse, many * 5))
    assert sum(isinstance(one, Idea) for one in came_to) == 10
    assert (Idea.objects.get(pk=idea.pk).endorsements_n, Endorsement.objects.count()) == (10, 10)
    _sound()


def test_the_window_is_the_servers_clock():
    made, _ = open_solicitation()
    idea, by = proposed(made)
    made.refresh_from_db()
    clock.move_to(made.closes_at)
    for act in (
        lambda: proposed(made),
        lambda: ideas.endorse(idea_id=idea.pk, by=acting(person()), at=clock.now()),
        lambda: ideas.take_back(idea_id=idea.pk, by=acting(person()), at=clock.now()),
    ):
        with pytest.raises(IdeasClosed):
            act()
    beat()
    made.refresh_from_db()
    assert made.state == "answering"
    assert ideas.withdraw(idea_id=idea.pk, by=by, at=clock.now()).state == "withdrawn"


def test_the_poster_answers_in_public_and_concludes():
    made, poster = open_solicitation()
    idea, by = proposed(made)
    other, _ = proposed(made)
    with pytest.raises(Invalid):
        ideas.answer(idea_id=idea.pk, adopts=True, words="好", by=poster, at=clock.now())
    with pytest.raises(NotFound):
        ideas.answer(idea_id=idea.pk, adopts=True, words="我们会做这件事", by=by, at=clock.now())
    done = ideas.answer(idea_id=idea.pk, adopts=True, words="今年秋天在码头仓库试办", by=poster, at=clock.now())
    assert (done.state, done.reply) == ("adopted", "今年秋天在码头仓库试办")
    with pytest.raises(MoveRefused):
        ideas.answer(idea_id=idea.pk, adopts=False, words="我们不做这件事了", by=poster, at=clock.now())
    deliver_events()
    assert Message.objects.filter(party_id=by.party_id, zh__contains="采纳").exists()
    with pytest.raises(MoveRefused):
        course.conclude(solicitation_id=made.pk, text="字" * 20, by=poster, at=clock.now())
    made.refresh_from_db()
    clock.move_to(made.closes_at + timedelta(seconds=1))
    beat()
    found = course.conclude(
        solicitation_id=made.pk, text="采纳一条，秋天试办；其余因场地原因未采纳。", by=poster, at=clock.now()
    )
    assert found.state == "concluded"
    assert Idea.objects.get(pk=other.pk).state == "unanswered"
    _sound()


def test_silence_is_shown():
    made, _ = open_solicitation()
    idea, _by = proposed(made)
    for _ in range(3):
        made.refresh_from_db()
        if made.until:
            clock.move_to(made.until + timedelta(seconds=1))
        beat()
    made.refresh_from_db()
    assert (made.state, Idea.objects.get(pk=idea.pk).state) == ("unanswered", "unanswered")
    _sound()


def test_a_moderator_hides_and_shows_again_and_never_in_their_own_cause():
    made, poster = open_solicitation()
    idea, by = proposed(made)
    for who in (by, poster):
        with pytest.raises(Affiliated):
            ideas.moderate(idea_id=idea.pk, event="hide", reason="含他人隐私", by=who, at=clock.now())
    with pytest.raises(MoveForbidden):
        ideas.moderate(idea_id=idea.pk, event="hide", reason="含他人隐私", by=acting(person()), at=clock.now())
    judge = moderator()
    ideas.moderate(idea_id=idea.pk, event="hide", reason="含他人隐私", by=judge, at=clock.now())
    with pytest.raises(NotFound):
        queries.idea(idea.pk, acting(person()))
    assert queries.idea(idea.pk, by).state == "hidden"
    assert queries.ideas_of(made, acting(person())).count() == 0
    ideas.moderate(idea_id=idea.pk, event="unhide", reason="已遮盖隐私", by=judge, at=clock.now())
    assert queries.ideas_of(made, acting(person())).count() == 1
    _sound()


def test_a_frozen_solicitation_goes_on_later_or_is_called_off():
    made, poster = open_solicitation()
    idea, _by = proposed(made)
    reviews.REVIEWING.freeze(subject_id=made.pk, reason="接到投诉核查", by=moderator(), at=clock.now())
    with pytest.raises(IdeasClosed):
        ideas.endorse(idea_id=idea.pk, by=acting(person()), at=clock.now())
    appeals.file_appeal(
        kind="solicitation", subject_id=made.pk, text="内容合法，请求解冻并恢复征集。", by=poster, at=clock.now()
    )
    closes_at = Solicitation.objects.get(pk=made.pk).closes_at
    clock.move_to(clock.now() + timedelta(days=2))
    thawed = reviews.REVIEWING.thaw(subject_id=made.pk, reason="核查无误", by=moderator(), at=clock.now())
    assert timedelta(days=1, hours=23) < thawed.closes_at - closes_at < timedelta(days=2, hours=1)
    reviews.REVIEWING.freeze(subject_id=made.pk, reason="再次接到投诉", by=moderator(), at=clock.now())
    clock.move_to(clock.now() + timedelta(days=31))
    beat()
    made.refresh_from_db()
    assert (made.state, Idea.objects.get(pk=idea.pk).state) == ("cancelled", "unanswered")
    _sound()


def test_only_a_mandate_for_work_posts_and_proposes():
    boss, hat = firm()
    narrow = Actor(hat.person_id, hat.party_id, hat.roles, frozenset({"read"}))
    with pytest.raises(Forbidden):
        drafts.start(by=narrow, at=clock.now())
    made, _ = open_solicitation()
    with pytest.raises(Forbidden):
        ideas.propose(solicitation_id=made.pk, title="夜市", text=TEXT, by=narrow, at=clock.now())
    assert boss is not None
