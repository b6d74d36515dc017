"""Ideas: proposed and put on record, endorsed once by a natural person, answered, hidden by a moderator (创意)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from backend.accounts import limits
from backend.accounts.models import PERSON_LEVELS, Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import belongs_to
from backend.common import outbox, richtext, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.judging.operations import proofs
from backend.moderation import operations as moderation
from backend.moderation import screening
from marketplace.ideas.errors import EndorsedAlready, IdeaLimit, IdeasClosed, LevelForEndorsing, OwnIdea
from marketplace.ideas.events import IdeaMoved
from marketplace.ideas.models import Endorsement, Idea, Solicitation
from marketplace.ideas.operations.shared import held, may_see, of_owner, show
from marketplace.ideas.states import Proposed
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Affiliated

LEAST_WORDS, MOST_WORDS, MOST_REPLY = 20, 5_000, 500


@transaction.atomic
def propose(*, solicitation_id: UUID, title: str, text: str, by: Actor, at: datetime) -> Idea:
    """Propose an idea; its hash is on record before anybody reads it (提出创意).

    Raises:
        NotFound: the solicitation is not there for them.
        Forbidden: the hat's mandate does not cover work.
        IdeasClosed: outside the window, by the server's clock.
        IdeaLimit, LevelTooLow, Invalid: all that fail, together.
    """
    found = held(solicitation_id)
    if by.party_id is None or by.person_id is None or not may_see(found, by):
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    if not found.takes_ideas(at):
        raise IdeasClosed
    author = Party.objects.get(pk=by.party_id)
    most = rules.value("ideas.each_most", at=at)
    mine = found.ideas.filter(person_id=by.person_id).exclude(state=Proposed.WITHDRAWN).count()
    refuse_any(
        [
            *limits.failures(author, "work", at=at),
            IdeaLimit(most=most) if mine >= most else None,
            *_check(title, text),
        ]
    )
    name, words = clean_name(title)[:60], text.strip()
    digest = hashlib.sha256(f"{name}\n{words}".encode()).hexdigest()
    idea = Idea(
        solicitation=found,
        author=author,
        person_id=by.person_id,
        title=name,
        text=words,
        html=richtext.render(words),
        proof_id=proofs.record(party_id=author.pk, title=name, sha256=digest, at=at).pk,
        made_at=at,
    )
    idea.save(force_insert=True)
    _count(found)
    _announce(idea, found, "propose", at)
    return idea


def _check(title: str, text: str) -> list[Refusal | None]:
    has_contacts = next(screening.contacts("text", f"{title}\n{text}"), None) is not None
    return [
        Invalid("请填写标题", "Give it a title", field="title") if len(clean_name(title)) < 2 else None,
        Invalid(f"内容须为 {LEAST_WORDS} 至 {MOST_WORDS} 字", f"{LEAST_WORDS} to {MOST_WORDS} characters", field="text")
        if not LEAST_WORDS <= len(text.strip()) <= MOST_WORDS
        else None,
        Invalid("请勿填写联系方式或链接", "Leave out contacts and links", field="text") if has_contacts else None,
    ]


def _count(found: Solicitation) -> None:
    found.ideas_n = found.ideas.filter(state__in=Proposed.PUBLIC).count()
    found.save(update_fields=["ideas_n"])
    show(found)


def _announce(idea: Idea, found: Solicitation, event: str, at: datetime) -> None:
    outbox.record(
        IdeaMoved(
            at=at,
            idea_id=idea.pk,
            solicitation_id=found.pk,
            owner_id=found.owner_id,
            author_id=idea.author_id,
            move=event,
            state=idea.state,
        )
    )


def _held(idea_id: UUID) -> tuple[Solicitation, Idea]:
    """An idea and its solicitation, both rows held, the solicitation's first."""
    key = Idea.objects.filter(pk=idea_id).values_list("solicitation_id", flat=True).first()
    if key is None:
        raise NotFound
    found = held(key)
    idea = Idea.objects.select_for_update(no_key=True, of=("self",)).get(pk=idea_id)
    idea.solicitation = found
    return found, idea


def _endorsable(idea_id: UUID, by: Actor, at: datetime) -> tuple[Idea, UUID]:
    """An idea that may be endorsed now, and the natural person; nothing is held, so that many do it at once."""
    idea = Idea.objects.select_related("solicitation").filter(pk=idea_id, state__in=Proposed.PUBLIC).first()
    if idea is None or by.person_id is None or not may_see(idea.solicitation, by):
        raise NotFound
    if not idea.solicitation.takes_ideas(at) or idea.state != Proposed.SHOWN:
        raise IdeasClosed
    return idea, by.person_id


@transaction.atomic
def endorse(*, idea_id: UUID, by: Actor, at: datetime) -> Idea:
    """Say that one is for an idea, once, as a natural person whatever hat one wears (支持).

    Raises:
        NotFound: there is no such idea for them.
        IdeasClosed: outside the window.
        OwnIdea: it is theirs, or their organisation's.
        LevelForEndorsing: their real-name level is lower than the solicitation asks for.
        EndorsedAlready: they have.
    """
    idea, person_id = _endorsable(idea_id, by, at)
    person = Party.objects.get(pk=person_id)
    if idea.person_id == person.pk or belongs_to(idea.author_id, by):
        raise OwnIdea
    needed = idea.solicitation.level
    if PERSON_LEVELS.index(person.level) < PERSON_LEVELS.index(needed):
        raise LevelForEndorsing(needed=needed, held=person.level)
    try:
        with transaction.atomic():
            Endorsement.objects.create(idea=idea, person_id=person.pk, at=at)
    except IntegrityError as error:
        raise EndorsedAlready from error
    Idea.objects.filter(pk=idea.pk).update(endorsements_n=F("endorsements_n") + 1)
    idea.refresh_from_db(fields=["endorsements_n"])
    return idea


@transaction.atomic
def take_back(*, idea_id: UUID, by: Actor, at: datetime) -> Idea:
    """Take one's endorsement back while the window is open (取消支持)."""
    idea, person_id = _endorsable(idea_id, by, at)
    gone, _rows = Endorsement.objects.filter(idea=idea, person_id=person_id).delete()
    if gone:
        Idea.objects.filter(pk=idea.pk).update(endorsements_n=F("endorsements_n") - 1)
        idea.refresh_from_db(fields=["endorsements_n"])
    return idea


@transaction.atomic
def withdraw(*, idea_id: UUID, by: Actor, at: datetime) -> Idea:
    """Take one's own idea back while it is not answered; its proof stays (撤回创意)."""
    found, idea = _held(idea_id)
    if by.party_id is None or idea.author_id != by.party_id:
        raise NotFound
    idea.move("withdraw", by=by.wears(Role.AUTHOR), at=at)
    _count(found)
    _announce(idea, found, "withdraw", at)
    return idea


@transaction.atomic
def answer(*, idea_id: UUID, adopts: bool, words: str, by: Actor, at: datetime) -> Idea:
    """The poster adopts an idea, or says why not, in public (答复创意).

    Raises:
        NotFound: not an idea of the poster's solicitation.
        MoveRefused: it is answered, hidden or taken back.
        Invalid: no words.
    """
    found, idea = _held(idea_id)
    if by.party_id is None or found.owner_id != by.party_id:
        raise NotFound
    _same, owner = of_owner(found.pk, by)
    if not 5 <= len(words.strip()) <= MOST_REPLY or "\x00" in words:
        raise Invalid("请用 5 至 500 字写明答复", "Answer in 5 to 500 characters", field="words")
    event = "adopt" if adopts else "decline"
    idea.machine.step(event, idea.state)
    idea.reply, idea.replied_at = words.strip(), at
    idea.save(update_fields=["reply", "replied_at"])
    idea.move(event, by=owner, at=at)
    _announce(idea, found, event, at)
    return idea


@transaction.atomic
def moderate(*, idea_id: UUID, event: str, reason: str, by: Actor, at: datetime) -> Idea:
    """A moderator hides an idea, or shows it again, with a reason on record (隐藏创意).

    Raises:
        Affiliated: the moderator belongs to the author or the poster.
        Invalid: no reason.
    """
    found, idea = _held(idea_id)
    if belongs_to(found.owner_id, by) or belongs_to(idea.author_id, by):
        raise Affiliated
    idea.move(event, by=by, at=at, reason=reason.strip())
    moderation.note(act=f"idea.{event}", subject_id=idea.pk, reason=reason, by=by, at=at)
    _count(found)
    _announce(idea, found, event, at)
    return idea


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Idea]] = {
    "endorse": lambda key, _why, by, at: endorse(idea_id=key, by=by, at=at),
    "take-back": lambda key, _why, by, at: take_back(idea_id=key, by=by, at=at),
    "withdraw": lambda key, _why, by, at: withdraw(idea_id=key, by=by, at=at),
    "adopt": lambda key, why, by, at: answer(idea_id=key, adopts=True, words=why, by=by, at=at),
    "decline": lambda key, why, by, at: answer(idea_id=key, adopts=False, words=why, by=by, at=at),
}
"""What readers, authors and posters do with words alone, by the word in the address; pages and API alike."""
