"""Questions before the opening, answered for everyone to read (答疑, D2)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.moderation import screening
from marketplace.postings import SCOPE
from marketplace.tasks.errors import AskingClosed
from marketplace.tasks.events import TaskAsked
from marketplace.tasks.models import Inquiry, Task
from marketplace.tasks.operations.shared import held, may_see, of_owner

MOST_QUESTIONS, MOST_OF_ONE = 100, 10


def takes_questions(task: Task, at: datetime) -> bool:
    """Whether there is time left to ask: some days before the opening it ends, so that all can read the answers."""
    if task.closes_at is None or not task.takes_bids(at):
        return False
    return at < task.closes_at - rules.days("tasks.question_days", at=at)


def _clean(text: str, least: int, most: int) -> str:
    words = text.strip()
    if not least <= len(words) <= most:
        raise Invalid(f"须为 {least} 至 {most} 字", f"{least} to {most} characters", field="text")
    if next(screening.contacts("text", words), None) is not None:
        raise Invalid("请勿填写联系方式或链接", "Leave out contacts and links", field="text")
    return words


@transaction.atomic
def ask(*, task_id: UUID, text: str, by: Actor, at: datetime) -> Inquiry:
    """Ask about a task; everyone reads question and answer, and nobody learns who asked (提问).

    Raises:
        NotFound: the task is not there for them.
        AskingClosed: the time for questions is over.
        Invalid: no question, too long, contacts in it, or too many.
    """
    task = held(task_id)
    if by.party_id is None or not may_see(task, by):
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    words = _clean(text, 5, 500)
    if not takes_questions(task, at):
        raise AskingClosed
    asked = Inquiry.objects.filter(task=task)
    if asked.count() >= MOST_QUESTIONS or asked.filter(asker_id=by.party_id).count() >= MOST_OF_ONE:
        raise Invalid("提问数量已达上限", "There are too many questions", field="text")
    made = Inquiry.objects.create(task=task, asker_id=by.party_id, text=words, asked_at=at)
    outbox.record(TaskAsked(at=at, inquiry_id=made.pk, task_id=task.pk, is_answer=False))
    return made


@transaction.atomic
def answer(*, inquiry_id: UUID, text: str, by: Actor, at: datetime) -> Inquiry:
    """The poster answers for everyone, once; what would change the terms is changed in the terms (答复).

    Raises:
        NotFound: not the poster's.
        Invalid: answered already, or no answer.
    """
    found = Inquiry.objects.filter(pk=inquiry_id).first()
    if found is None:
        raise NotFound
    task, _actor = of_owner(found.task_id, by)
    words = _clean(text, 1, 1_000)
    if found.answered_at is not None or not task.takes_bids(at):
        raise Invalid("已答复或应标已截止", "It is answered, or bidding is closed", field="text")
    found.answer, found.answered_at = words, at
    found.save(update_fields=["answer", "answered_at"])
    outbox.record(TaskAsked(at=at, inquiry_id=found.pk, task_id=task.pk, is_answer=True))
    return found
