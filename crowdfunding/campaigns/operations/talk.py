"""What maker and public say to each other: updates, questions, answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.operations import clean_name
from backend.common import outbox, richtext
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound
from crowdfunding.campaigns.events import QuestionAnswered, QuestionAsked, UpdatePosted
from crowdfunding.campaigns.models import Campaign, Question, Update
from crowdfunding.campaigns.operations.shared import require_owner
from crowdfunding.campaigns.states import State

MOST_OPEN_QUESTIONS = 5
"""Unanswered questions one party may have at one campaign."""


@transaction.atomic
def post_update(*, campaign_id: UUID, title: str, body: str, by: Actor, at: datetime) -> Update:
    """Tell everyone about the progress; backers are told (发布进展)."""
    campaign = Campaign.objects.get(pk=campaign_id)
    require_owner(campaign, by)
    if campaign.state not in State.PUBLIC:
        raise campaign.machine.refusal(campaign.state)
    if not clean_name(title) or not body.strip() or len(body) > 20_000:
        raise Invalid(
            "请填写标题和内容（两万字以内）", "Give a title and a text of at most 20,000 characters", field="body"
        )
    update = Update.objects.create(
        campaign=campaign, title=clean_name(title)[:80], body=body, body_html=richtext.render(body), at=at
    )
    outbox.record(UpdatePosted(at=at, campaign_id=campaign_id, update_id=update.id))
    return update


@transaction.atomic
def ask(*, campaign_id: UUID, text: str, by: Actor, at: datetime) -> Question:
    """Ask the maker; everyone reads question and answer (提问)."""
    campaign = Campaign.objects.filter(pk=campaign_id, state__in=State.PUBLIC).first()
    if campaign is None:
        raise NotFound
    if by.party_id is None:
        raise Forbidden
    text = clean_name(text)
    if not 2 <= len(text) <= 500:
        raise Invalid("问题须在 2 到 500 字之间", "A question has 2 to 500 characters", field="text")
    mine = Question.objects.filter(campaign=campaign, asker_id=by.party_id, answered_at=None)
    if mine[:MOST_OPEN_QUESTIONS].count() >= MOST_OPEN_QUESTIONS:
        raise Invalid("您还有未回答的问题，请稍候", "Some of your questions still wait for an answer", field="text")
    question = Question.objects.create(campaign=campaign, asker_id=by.party_id, text=text, at=at)
    if campaign.owner_id is not None:
        outbox.record(
            QuestionAsked(at=at, campaign_id=campaign_id, owner_id=campaign.owner_id, question_id=question.id)
        )
    return question


@transaction.atomic
def answer(*, question_id: UUID, text: str, by: Actor, at: datetime) -> Question:
    """The maker answers, once (回答)."""
    question = Question.objects.select_for_update(no_key=True).select_related("campaign").filter(pk=question_id).first()
    if question is None:
        raise NotFound
    require_owner(question.campaign, by)
    if question.answered_at is not None or not text.strip():
        raise Invalid("请填写回答；已回答的问题不能再改", "Write an answer; an answered question stays", field="text")
    question.answer, question.answered_at = text.strip()[:2_000], at
    question.save(update_fields=["answer", "answered_at"])
    outbox.record(
        QuestionAnswered(at=at, campaign_id=question.campaign_id, asker_id=question.asker_id, question_id=question.id)
    )
    return question
