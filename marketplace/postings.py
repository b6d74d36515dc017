"""The rows of posted work (众包任务): finding one, holding one, and for whom it is there; alike for every kind.

What a kind is about, and who may see it, each app says itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Count, QuerySet

from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, NotFound

SCOPE = "work"
DRAFT = "draft"
A_HANDFUL = 200

Row = TypeVar("Row")


@dataclass(frozen=True)
class Postings(Generic[Row]):
    """How one kind of posted work is read and held: its model, the states in which others than its poster may see it,
    for whom of them a row then is (`is_for`), and what is read beside it.

    A row has an owner, a state, `created_at` and `due_at`.
    """

    model: type[Row]
    public: tuple[str, ...]
    is_for: Callable[[Row, Actor], bool]
    beside: tuple[str, ...] = ("owner",)

    @property
    def all(self) -> QuerySet[Any]:
        """Every row of this kind."""
        model: Any = self.model
        rows: QuerySet[Any] = model.objects.all()
        return rows

    def may_see(self, row: Row, actor: Actor) -> bool:
        """Whether a row is there for somebody: its poster's always, staff's once it is no draft, and others' once it is
        published, where it is for them (C9)."""
        found: Any = row
        if actor.party_id is not None and actor.party_id == found.owner_id:
            return True
        if actor.roles & {Role.MODERATOR, Role.AUDITOR}:
            return bool(found.state != DRAFT)
        return found.state in self.public and self.is_for(row, actor)

    def visible(self, key: UUID, actor: Actor) -> Row:
        """One that somebody may see.

        Raises:
            NotFound: none, or not for this reader.
        """
        found: Row | None = self.all.select_related(*self.beside).filter(pk=key).first()
        if found is None or not self.may_see(found, actor):
            raise NotFound
        return found

    def own(self, key: UUID, actor: Actor) -> Row:
        """One's own, under the hat one wears.

        Raises:
            NotFound: none of this hat.
        """
        return self._mine(self.all, key, actor)

    def held(self, key: UUID) -> Row:
        """One, its row held; weaker than a key's lock, since what points to it is looked up when a transaction commits.

        Raises:
            NotFound: there is none.
        """
        found: Row | None = self._to_hold().select_related(*self.beside).filter(pk=key).first()
        if found is None:
            raise NotFound
        return found

    def held_by_owner(self, key: UUID, by: Actor) -> tuple[Row, Actor]:
        """One's own, its row held, and who posted it in their role; to others it does not exist.

        Raises:
            NotFound: not the poster's hat.
            Forbidden: the hat's mandate does not cover work.
        """
        found = self._mine(self._to_hold(), key, by)
        if SCOPE not in by.scopes:
            raise Forbidden
        return found, by.wears(Role.OWNER)

    def posted_by(self, party_id: UUID) -> QuerySet[Any]:
        """What a party posted."""
        return self.all.filter(owner_id=party_id)

    def counts_of(self, party_id: UUID) -> dict[str, int]:
        """How much of what a party posted is in which state."""
        rows = self.posted_by(party_id).values("state").annotate(n=Count("pk")).order_by("state")
        return {row["state"]: row["n"] for row in rows}

    def due(self, *, at: datetime) -> list[UUID]:
        """What its clock has something to do with; the longest due first, a handful at once."""
        return list(self.all.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])

    def _to_hold(self) -> QuerySet[Any]:
        return self.all.select_for_update(no_key=True, of=("self",))

    def _mine(self, rows: QuerySet[Any], key: UUID, actor: Actor) -> Row:
        if actor.party_id is None:
            raise NotFound
        found: Row | None = rows.select_related(*self.beside).filter(pk=key, owner_id=actor.party_id).first()
        if found is None:
            raise NotFound
        return found
