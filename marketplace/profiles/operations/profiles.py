"""What a worker says and shows of themselves, and what a moderator takes from view (工作者资料与作品)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import belongs_to
from backend.common import files, richtext
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import operations as moderation
from backend.moderation import screening
from marketplace.profiles.errors import PieceThere, TooManyPieces
from marketplace.profiles.models import MOST_CATEGORIES, MOST_PIECES, MOST_SKILLS, Piece, Profile
from marketplace.tasks.errors import Affiliated, Stale

SCOPE = "work"
MOST_WORDS = 3_000


@dataclass(frozen=True)
class Terms:
    """What somebody writes of themselves; skills in their own words, categories and counties from the platform's lists."""

    headline: str
    text: str
    skills: Sequence[str]
    categories: Sequence[str]
    counties: Sequence[str]
    takes_work: bool


def _own(by: Actor) -> Profile:
    """One's own profile, its row held; the first time it is made.

    Raises:
        Forbidden: nobody's hat, or one whose mandate does not cover work.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    Profile.objects.get_or_create(party_id=by.party_id)
    return Profile.objects.select_for_update(no_key=True, of=("self",)).select_related("party").get(party=by.party_id)


@transaction.atomic
def write(*, terms: Terms, version: int, by: Actor, at: datetime) -> Profile:
    """Save one's profile (保存资料). `version` is the one the editor showed, 1 for a new one.

    Raises:
        Forbidden: the hat's mandate does not cover work.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    found = _own(by)
    if version != found.version:
        raise Stale
    refuse_any(_check(terms))
    found.headline = clean_name(terms.headline)[:80]
    found.text, found.html = terms.text.strip(), richtext.render(terms.text.strip())
    found.skills = list(dict.fromkeys(clean_name(one)[:20] for one in terms.skills if clean_name(one)))
    found.categories, found.counties = list(dict.fromkeys(terms.categories)), list(dict.fromkeys(terms.counties))
    found.takes_work, found.version, found.changed_at = terms.takes_work, found.version + 1, at
    found.save()
    return found


def _check(terms: Terms) -> list[Refusal | None]:
    def bad(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return Invalid(zh, en, field=field) if fails else None

    said = "\n".join([terms.headline, terms.text, *terms.skills])
    return [
        bad("没有这个选项", "There is no such choice", "categories",
            fails=not set(terms.categories) <= set(WORK_CATEGORY_KEYS)),
        bad("没有这个选项", "There is no such choice", "counties", fails=not set(terms.counties) <= set(COUNTIES)),
        bad(f"最多 {MOST_SKILLS} 项技能", f"At most {MOST_SKILLS} skills", "skills", fails=len(terms.skills) > MOST_SKILLS),
        bad(f"最多 {MOST_CATEGORIES} 个类别", f"At most {MOST_CATEGORIES} categories", "categories",
            fails=len(set(terms.categories)) > MOST_CATEGORIES),
        bad(f"介绍不超过 {MOST_WORDS} 字", f"At most {MOST_WORDS} characters", "text", fails=len(terms.text) > MOST_WORDS),
        bad("内容无效", "The text is not valid", "text", fails="\x00" in said),
        bad("请勿填写联系方式或链接：成交后再在协议里联系", "Leave out contacts and links: talk in the contract", "text",
            fails=next(screening.contacts("text", said), None) is not None),
    ]  # fmt: skip


def add_piece(*, title: str, text: str, name: str, body: bytes, by: Actor, at: datetime) -> Piece:
    """Show a piece of one's work (添加作品).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        LevelTooLow: not verified: what is shown has somebody who answers for it.
        TooManyPieces, PieceThere, Invalid: it does not fit, or is there.
    """
    with transaction.atomic():
        party = _own(by).party
        refuse_any([*limits.failures(party, "work", at=at), *_check_piece(title, text)])
    kept, width, height = files.keep_picture(name, body)
    with transaction.atomic():
        found = _own(by)
        if found.pieces.count() >= MOST_PIECES:
            raise TooManyPieces(most=MOST_PIECES)
        try:
            with transaction.atomic():
                return Piece.objects.create(
                    profile=found,
                    title=clean_name(title)[:60],
                    text=clean_name(text)[:300],
                    mime=kept.mime,
                    sha256=kept.sha256,
                    width=width,
                    height=height,
                    at=at,
                )
        except IntegrityError as error:
            raise PieceThere from error


def _check_piece(title: str, text: str) -> list[Refusal | None]:
    said = f"{title}\n{text}"
    return [
        None if clean_name(title) else Invalid("请填写作品名", "Give it a name", field="title"),
        Invalid("请勿填写联系方式或链接", "Leave out contacts and links", field="text")
        if next(screening.contacts("text", said), None) is not None
        else None,
    ]


@transaction.atomic
def remove_piece(*, piece_id: UUID, by: Actor) -> None:
    """Show a piece no more (移除作品).

    Raises:
        NotFound: none of one's own.
    """
    found = _own(by)
    gone, _rows = found.pieces.filter(pk=piece_id).delete()
    if not gone:
        raise NotFound


@transaction.atomic
def moderate(*, piece_id: UUID, hide: bool, reason: str, by: Actor, at: datetime) -> Piece:
    """A moderator takes a piece from view, or shows it again, with a reason on record (隐藏作品).

    Raises:
        NotFound: there is none.
        Affiliated: the moderator belongs to whoever shows it.
        Invalid: no reason.
    """
    piece = Piece.objects.select_for_update(no_key=True).filter(pk=piece_id).first()
    if piece is None:
        raise NotFound
    if belongs_to(piece.profile_id, by):
        raise Affiliated
    moderation.note(act=f"piece.{'hide' if hide else 'unhide'}", subject_id=piece.pk, reason=reason, by=by, at=at)
    piece.hidden_at, piece.hidden_why = (at, reason.strip()[:300]) if hide else (None, "")
    piece.save(update_fields=["hidden_at", "hidden_why"])
    return piece


def forget(party: Party) -> None:
    """An account is closed: what it said and showed of itself goes, in the caller's transaction."""
    Profile.objects.filter(party=party).delete()
