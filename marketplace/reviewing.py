"""A moderator's review of posted work (审核): approve with every line signed, return, freeze, let go on; and appeals against it.

What is posted differs from kind to kind; how it is reviewed does not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.queries import belongs_to
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from backend.common.models import StateChange
from backend.moderation import operations as moderation
from backend.moderation.appeals import Contested, Subject
from marketplace.postings import Postings
from marketplace.tasks.errors import Affiliated, ChecklistOpen

RETURNED, FROZEN = "returned", "frozen"

Checklist = dict[str, tuple[str, str]]
"""What a moderator signs, line by line, in Chinese and English (审核清单)."""


@dataclass(frozen=True)
class Reviewing:
    """How one kind of posted work is reviewed: `move` moves a row that is held, `checklist` is what is signed, every line of
    it or those that are `needed` for that row.

    The row has an owner, a title, a state, `closes_at` and `frozen_at`; its machine knows approve, return, freeze, thaw
    and reconsider.
    """

    kind: str
    word: str
    postings: Postings[Any]
    checklist: Checklist
    move: Callable[..., None]
    needed: Callable[[Any], Collection[str]] | None = None

    def lines_for(self, row: Any) -> Checklist:
        """What a moderator signs before it may go on."""
        if self.needed is None:
            return self.checklist
        return {key: self.checklist[key] for key in self.needed(row)}

    def decide(
        self, act: str, *, subject_id: UUID, checklist: Collection[str], reason: str, by: Actor, at: datetime
    ) -> Any:
        """What a moderator decides, by the word in the address; pages and API alike.

        Raises:
            NotFound: there is no such decision.
            Invalid: it needs a reason.
            Affiliated, ChecklistOpen: not by this reviewer, or not yet.
        """
        if act == "approve":
            return self.approve(subject_id=subject_id, checklist=checklist, by=by, at=at)
        if act not in (steps := {"return": self.send_back, "freeze": self.freeze, "thaw": self.thaw}):
            raise NotFound
        if not reason.strip():
            raise Invalid("请填写理由", "Please give a reason", field="reason")
        return steps[act](subject_id=subject_id, reason=reason, by=by, at=at)

    def _reviewed(self, subject_id: UUID, by: Actor) -> Any:
        row = self.postings.held(subject_id)
        if belongs_to(row.owner_id, by):
            raise Affiliated
        return row

    @transaction.atomic
    def approve(self, *, subject_id: UUID, checklist: Collection[str], by: Actor, at: datetime) -> Any:
        """Let it go on, every line of the checklist signed: it opens, or the poster may pay in (通过).

        Raises:
            Affiliated: the reviewer belongs to the poster.
            ChecklistOpen: a line is missing.
        """
        row = self._reviewed(subject_id, by)
        lines = set(self.lines_for(row))
        if not lines <= set(checklist):
            raise ChecklistOpen
        self.move(row, "approve", by=by, at=at)
        moderation.decide(
            kind=self.kind,
            subject_id=subject_id,
            decision="approve",
            reason="清单全部确认",
            checklist=lines,
            by=by,
            at=at,
        )
        return row

    @transaction.atomic
    def send_back(self, *, subject_id: UUID, reason: str, by: Actor, at: datetime) -> Any:
        """Return it with what to mend (退回).

        Raises:
            Affiliated: the reviewer belongs to the poster.
            Invalid: no reason.
        """
        row = self._reviewed(subject_id, by)
        if not reason.strip():
            raise Invalid("请写明退回理由", "Say why it is returned", field="reason")
        self.move(row, "return", by=by, at=at, reason=reason.strip())
        moderation.decide(
            kind=self.kind, subject_id=subject_id, decision="return", reason=reason, checklist=(), by=by, at=at
        )
        return row

    @transaction.atomic
    def freeze(self, *, subject_id: UUID, reason: str, by: Actor, at: datetime) -> Any:
        """Stop it, as on an order of an authority or an upheld report (冻结)."""
        row = self._reviewed(subject_id, by)
        row.frozen_at = at
        self.move(row, "freeze", by=by, at=at, reason=reason.strip())
        moderation.note(act=f"{self.kind}.freeze", subject_id=subject_id, reason=reason, by=by, at=at)
        return row

    @transaction.atomic
    def thaw(self, *, subject_id: UUID, reason: str, by: Actor, at: datetime) -> Any:
        """Let it go on; the window ends as much later as it stood still (解冻)."""
        row = self._reviewed(subject_id, by)
        self._go_on(row, reason, by, at)
        moderation.note(act=f"{self.kind}.thaw", subject_id=subject_id, reason=reason, by=by, at=at)
        return row

    def _go_on(self, row: Any, reason: str, by: Actor, at: datetime) -> None:
        if row.closes_at is not None and row.frozen_at is not None:
            row.closes_at += at - row.frozen_at
        row.frozen_at = None
        self.move(row, "thaw", by=by, at=at, reason=reason)

    # --- appeals -------------------------------------------------------------------------------------------

    def appeals(self, address: str) -> Subject:
        """What the appeal block asks about this kind; `address` is its page's, with `{}` for its id."""
        return Subject(
            self._contested, self._grant, self._belongs, url=address, staff_url=f"{address}review/", scope="work"
        )

    def _contested(self, subject_id: UUID) -> Contested | None:
        found = self.postings.all.filter(pk=subject_id).first()
        if found is None:
            return None
        act = {RETURNED: f"{self.kind}.return", FROZEN: f"{self.kind}.freeze"}.get(found.state, "")
        change = StateChange.objects.filter(subject_id=found.pk, target=found.state).order_by("-pk").first()
        since = change.at if change is not None else found.state_at
        return Contested(found.owner_id, found.title, act, since, found.state == RETURNED)

    def _grant(self, subject_id: UUID, reason: str, by: Actor, at: datetime) -> None:
        row = self.postings.held(subject_id)
        if row.state == FROZEN:
            self._go_on(row, reason, by, at)
            return
        self.move(row, "reconsider", by=by, at=at, reason=reason)
        title = f"{self.word}：{row.title}"[:80]
        moderation.enqueue(kind=self.kind, subject_id=row.id, title=title, owner_name=row.owner.name, at=at)

    def _belongs(self, subject_id: UUID, by: Actor) -> bool:
        return belongs_to(self.postings.all.values_list("owner_id", flat=True).get(pk=subject_id), by)
