"""What people keep for themselves: favourites and searches (收藏)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import transaction

from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from marketplace.tasks.models import Favourite, SavedFilter, Task
from marketplace.tasks.operations.shared import may_see

MOST_FAVOURITES, MOST_FILTERS = 500, 20
WORDS_OF_A_SEARCH = ("q", "category", "county", "state", "order")


@transaction.atomic
def favour(*, task_id: UUID, on: bool, by: Actor, at: datetime) -> None:
    """Keep an eye on a task, or no longer (收藏)."""
    task = Task.objects.filter(pk=task_id).first()
    if task is None or by.party_id is None or not may_see(task, by):
        raise NotFound
    mine = Favourite.objects.filter(party_id=by.party_id)
    if not on:
        mine.filter(task=task).delete()
        return
    Party.objects.select_for_update(no_key=True).get(pk=by.party_id)
    if mine.count() >= MOST_FAVOURITES:
        raise Invalid("收藏数量已达上限", "There are too many favourites")
    Favourite.objects.get_or_create(task=task, party_id=by.party_id, defaults={"at": at})


@transaction.atomic
def save_filter(*, name: str, query: str, by: Actor, at: datetime) -> SavedFilter:
    """Keep a search under a name; the same name again takes its place (保存筛选)."""
    if by.party_id is None:
        raise NotFound
    title = clean_name(name)[:30]
    if not title:
        raise Invalid("请填写名称", "Give it a name", field="name")
    Party.objects.select_for_update(no_key=True).get(pk=by.party_id)
    kept = urlencode([(key, value[:60]) for key, value in parse_qsl(query)[:20] if key in WORDS_OF_A_SEARCH])[:500]
    mine = SavedFilter.objects.filter(party_id=by.party_id)
    if mine.exclude(name=title).count() >= MOST_FILTERS:
        raise Invalid(f"最多保存 {MOST_FILTERS} 个", f"At most {MOST_FILTERS}", field="name")
    made, _new = SavedFilter.objects.update_or_create(
        party_id=by.party_id, name=title, defaults={"query": kept, "at": at}
    )
    return made


def drop_filter(*, filter_id: UUID, by: Actor) -> None:
    """Let a kept search go (删除筛选)."""
    if by.party_id is None or not SavedFilter.objects.filter(pk=filter_id, party_id=by.party_id).delete()[0]:
        raise NotFound
