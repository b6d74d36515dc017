"""The survey of a campaign: opened at success, answered, announced to lock, locked."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from backend.common import crash, outbox, rules
from backend.common.actors import CLOCK, Actor, Role
from backend.common.errors import NotFound
from backend.common.states import move_all
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.fulfilment import questions
from crowdfunding.fulfilment.errors import SurveyFixed
from crowdfunding.fulfilment.events import LockAnnounced, ParcelAdded, SurveyOpened
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.states import Parceling, Surveying

BATCH = 2_000


@transaction.atomic
def open_survey(*, campaign_id: UUID, at: datetime) -> None:
    """A campaign succeeded: a parcel for every pledge with a reward, and the question where to send it. Safe to repeat."""
    campaign = locked(campaign_id)
    if Survey.objects.filter(campaign=campaign).exists():
        return
    due = _lock_by_itself(campaign, at)
    Survey.objects.create(campaign=campaign, opened_at=at, due_at=due)
    owed = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.OWED, tier__isnull=False)
    numbered = enumerate(owed.order_by("paid_at", "pk").values_list("pk", flat=True).iterator(), start=1)
    rows = [Parcel(campaign=campaign, pledge_id=pledge_id, no=no, state_at=at) for no, pledge_id in numbered]
    Parcel.objects.bulk_create(rows, batch_size=BATCH)
    if rows:
        outbox.record(SurveyOpened(at=at, campaign_id=campaign_id))


@transaction.atomic
def add_parcel(*, pledge_id: UUID, at: datetime) -> None:
    """A late pledge was paid: a parcel of its own, and the question where to send it. Safe to repeat.

    Whoever comes after the lock is asked like those who missed it. The campaign's row is held as when its survey opens,
    so a pledge gets its parcel from one of the two.
    """
    made = Pledge.objects.get(pk=pledge_id)
    locked(made.campaign_id)
    survey = Survey.objects.select_for_update(no_key=True).filter(campaign_id=made.campaign_id).first()
    if survey is None or made.tier_id is None or Parcel.objects.filter(pledge=made).exists():
        return
    last = Parcel.objects.filter(campaign_id=made.campaign_id).aggregate(no=Max("no"))["no"] or 0
    parcel = Parcel.objects.create(campaign_id=made.campaign_id, pledge=made, no=last + 1, state_at=at)
    if survey.state == Surveying.LOCKED:
        parcel.move("miss", by=CLOCK, at=at)
    if made.backer_id is not None:
        outbox.record(ParcelAdded(at=at, campaign_id=made.campaign_id, pledge_id=made.pk, backer_id=made.backer_id))


def _lock_by_itself(campaign: Campaign, at: datetime) -> datetime:
    """When the clock announces the lock if the maker does not: some days before the promised date, not before tomorrow."""
    days = rules.value("fulfilment.survey_days", at=at, ruleset=campaign.ruleset)
    promised = campaign.promised_on or at.date()
    wanted = datetime(promised.year, promised.month, promised.day, tzinfo=rules.SHANGHAI) - timedelta(days=days)
    return max(wanted, at + timedelta(days=1))


def _held(campaign_id: UUID) -> Survey:
    found = (
        Survey.objects.select_for_update(no_key=True).select_related("campaign").filter(campaign_id=campaign_id).first()
    )
    if found is None:
        raise NotFound
    return found


@transaction.atomic
def write_questions(*, campaign_id: UUID, text: str, by: Actor) -> Survey:
    """What the maker must know besides the address (设置问卷).

    Raises:
        SurveyFixed: somebody has answered, or the lock is announced.
        Invalid: a line that is no question.
    """
    survey = _held(campaign_id)
    require_owner(survey.campaign, by)
    answered = Parcel.objects.filter(campaign_id=campaign_id).exclude(state=Parceling.ASKED)
    if survey.state != Surveying.OPEN or answered.exists():
        raise SurveyFixed
    survey.questions = questions.read(text)
    survey.save(update_fields=["questions"])
    return survey


@transaction.atomic
def announce_lock(*, campaign_id: UUID, by: Actor, at: datetime) -> Survey:
    """Warn everyone that addresses lock in 48 hours (预告锁定地址): by the maker, or by the clock.

    Raises:
        MoveRefused: announced or locked before.
    """
    survey = _held(campaign_id)
    actor = by
    if by is not CLOCK:
        require_owner(survey.campaign, by)
        actor = by.wears(Role.OWNER)
    survey.warned_at = at
    hours = rules.value("fulfilment.lock_hours", at=at, ruleset=survey.campaign.ruleset)
    survey.due_at = at + timedelta(hours=hours)
    survey.save(update_fields=["warned_at", "due_at"])
    survey.move("announce", by=actor, at=at)
    outbox.record(LockAnnounced(at=at, campaign_id=campaign_id))
    return survey


@transaction.atomic
def advance(*, survey_id: UUID, at: datetime) -> None:
    """Take the survey's next step if its time has come. Safe to repeat."""
    survey = Survey.objects.select_for_update(no_key=True).select_related("campaign").get(pk=survey_id)
    if survey.due_at is None or survey.due_at > at:
        return
    if survey.state == Surveying.OPEN:
        announce_lock(campaign_id=survey.campaign_id, by=CLOCK, at=at)
    elif survey.state == Surveying.ANNOUNCED:
        _lock(survey, at)


def _lock(survey: Survey, at: datetime) -> None:
    """From here addresses stay: a fixed number of statements, whatever the number of parcels.

    Those without an address first: that waits for backers who are just giving theirs, and they are
    then among those with one.
    """
    for event, source in (("miss", Parceling.ASKED), ("lock", Parceling.FILLED)):
        waiting = Parcel.objects.filter(campaign_id=survey.campaign_id, state=source)
        ids = list(waiting.values_list("pk", flat=True))
        moved = move_all(Parcel, ids, event=event, source=source, by=CLOCK, at=at)
        Parcel.objects.filter(pk__in=moved).update(state_at=at)
    survey.due_at = None
    survey.save(update_fields=["due_at"])
    survey.move("lock", by=CLOCK, at=at)
    crash.point("survey.locked")


def note_end(*, campaign_id: UUID, at: datetime) -> None:
    """The campaign came to its end: its addresses are kept some days more (结项). Safe to repeat."""
    days = rules.value("fulfilment.address_keep_days", at=at)
    Survey.objects.filter(campaign_id=campaign_id, addresses_until=None).update(
        addresses_until=at + timedelta(days=days)
    )


@transaction.atomic
def forget_addresses(*, survey_id: UUID, at: datetime) -> None:
    """Wipe the addresses of a campaign that ended long ago; of what is still to be sent, later (删除地址)."""
    survey = Survey.objects.select_for_update().get(pk=survey_id)
    if survey.addresses_until is None or survey.addresses_until > at:
        return
    mine = Parcel.objects.filter(campaign_id=survey.campaign_id)
    kept = mine.filter(state=Parceling.LOCKED)
    mine.exclude(state=Parceling.LOCKED).update(address_sealed="", region="", wish_sealed="", wish_at=None, answers={})
    days = rules.value("fulfilment.address_keep_days", at=at)
    open_claims = kept.exists() or mine.filter(state=Parceling.MISSED).exists()
    survey.addresses_until = at + timedelta(days=days) if open_claims else None
    survey.save(update_fields=["addresses_until"])
