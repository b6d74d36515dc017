"""Keeping an eye on work, keeping a search, and letting them go."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import transaction

from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from marketplace.keeping.models import Favourite, SavedSearch
from marketplace.kinds_of_work import kind_of

MOST_FAVOURITES, MOST_SEARCHES = 500, 20
WORDS_OF_A_SEARCH = ("q", "category", "county", "state", "order")


@transaction.atomic
def favour(*, kind: str, subject_id: UUID, by: Actor, at: datetime) -> None:
    """Keep an eye on a piece of work that one may see (收藏). Safe to repeat.

    Raises:
        NotFound: it is not there for them.
        Invalid: there are too many.
    """
    kind_of(kind).postings.visible(subject_id, by)
    party_id = _alone(by)
    mine = Favourite.objects.filter(party_id=party_id)
    if mine.filter(subject_id=subject_id).exists():
        return
    if mine.count() >= MOST_FAVOURITES:
        raise Invalid("收藏数量已达上限", "There are too many favourites")
    Favourite.objects.create(kind=kind, subject_id=subject_id, party_id=party_id, at=at)


@transaction.atomic
def let_go(*, kind: str, subject_id: UUID, by: Actor) -> None:
    """Keep an eye on it no longer, whether one still sees it or not (取消收藏). Safe to repeat.

    Raises:
        NotFound: there is no such kind of work.
    """
    kind_of(kind)
    if by.party_id is None:
        raise NotFound
    Favourite.objects.filter(party_id=by.party_id, kind=kind, subject_id=subject_id).delete()


def _alone(by: Actor) -> UUID:
    """The party, its row held, so that what it keeps is counted by one at a time."""
    if by.party_id is None:
        raise NotFound
    Party.objects.select_for_update(no_key=True).get(pk=by.party_id)
    return by.party_id


@transaction.atomic
def save_search(*, kind: str, name: str, query: str, by: Actor, at: datetime) -> SavedSearch:
    """Keep a search under a name; the same name again takes its place (保存筛选).

    Raises:
        NotFound: there is no such kind of work.
        Invalid: no name, or too many of this kind.
    """
    kind_of(kind)
    title = clean_name(name)[:30]
    if not title:
        raise Invalid("请填写名称", "Give it a name", field="name")
    party_id = _alone(by)
    kept = urlencode([(key, value[:60]) for key, value in parse_qsl(query)[:20] if key in WORDS_OF_A_SEARCH])[:500]
    mine = SavedSearch.objects.filter(party_id=party_id, kind=kind)
    if mine.exclude(name=title).count() >= MOST_SEARCHES:
        raise Invalid(f"最多保存 {MOST_SEARCHES} 个", f"At most {MOST_SEARCHES}", field="name")
    made, _new = SavedSearch.objects.update_or_create(
        party_id=party_id, kind=kind, name=title, defaults={"query": kept, "at": at}
    )
    return made


def drop_search(*, search_id: UUID, by: Actor) -> None:
    """Let a kept search go (删除筛选)."""
    if by.party_id is None or not SavedSearch.objects.filter(pk=search_id, party_id=by.party_id).delete()[0]:
        raise NotFound
