"""Appeals: one a decision, free, answered by a moderator who neither decided nor belongs, and ended by time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts import operations as accounts
from backend.accounts import queries as people
from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.common.states import MoveRefused
from backend.moderation import appeals, queries
from backend.moderation import tasks as moderation_tasks
from backend.moderation.errors import AppealedAlready, NotAnother, NotAppealable
from backend.moderation.models import Appeal, StaffAct
from backend.moderation.states import Appealing
from backend.notifications.models import Message
from backend.projects.models import Passport
from backend.projects.operations import passports
from crowdfunding.campaigns import tasks
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import drafts, reviews
from tests.builders import (
    acting,
    deliver_events,
    draft,
    firm,
    live_campaign,
    moderator,
    offer,
    owner_of,
    passport,
    person,
)

pytestmark = pytest.mark.django_db
WORDS = "产地证明已按要求补交，介绍中的数字都有出处。"


def _returned(judge) -> tuple[Campaign, object]:
    owner = person()
    campaign = draft(owner)
    offer(campaign, owner)
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    reviews.send_back(campaign_id=campaign.pk, reason="数字无出处", checklist=(), by=judge, at=clock.now())
    return Campaign.objects.get(pk=campaign.pk), owner


def _appeal(campaign: Campaign, owner, text: str = WORDS) -> Appeal:
    return appeals.file_appeal(kind="campaign", subject_id=campaign.pk, text=text, by=acting(owner), at=clock.now())


def test_a_returned_campaign_is_read_again_by_another(db):
    judge = moderator()
    campaign, owner = _returned(judge)
    with pytest.raises(NotFound):
        _appeal(campaign, person())
    with pytest.raises(Invalid):
        _appeal(campaign, owner, "不服")
    appeal = _appeal(campaign, owner)
    with pytest.raises(AppealedAlready):
        _appeal(campaign, owner)
    with pytest.raises(NotAnother):
        appeals.grant(appeal.pk, "重看", judge, clock.now())
    with pytest.raises(NotAnother):
        appeals.grant(appeal.pk, "重看", acting(owner, Role.MODERATOR), clock.now())
    with pytest.raises(Forbidden):
        appeals.grant(appeal.pk, "重看", acting(owner), clock.now())
    with pytest.raises(Invalid):
        appeals.grant(appeal.pk, "  ", moderator(), clock.now())
    appeals.grant(appeal.pk, "出处已附", moderator(), clock.now())
    campaign.refresh_from_db()
    assert campaign.state == "review"
    assert queries.queue().filter(subject_id=campaign.pk).count() == 1
    with pytest.raises(MoveRefused):
        appeals.deny(appeal.pk, "再答一次", moderator(), clock.now())
    deliver_events()
    assert "申诉成立：出处已附" in Message.objects.filter(party_id=owner.party_id, kind="campaign").latest("pk").zh


def test_a_draft_that_was_written_since_may_still_be_appealed_about_but_not_one_that_only_time_returned(db):
    campaign, owner = _returned(moderator())
    clock.advance(timedelta(hours=1))
    Campaign.objects.filter(pk=campaign.pk).update(state_at=clock.now())  # as writing it does
    assert appeals.may_appeal("campaign", campaign.pk, at=clock.now())
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    with pytest.raises(NotAppealable):
        _appeal(campaign, owner)
    clock.advance(timedelta(days=15))
    tasks.advance_due_campaigns()
    campaign.refresh_from_db()
    assert campaign.state == "returned"
    with pytest.raises(NotAppealable):
        _appeal(campaign, owner)


def test_the_time_to_appeal_ends(db):
    campaign, owner = _returned(moderator())
    clock.advance(timedelta(days=16))
    assert not appeals.may_appeal("campaign", campaign.pk, at=clock.now())
    with pytest.raises(NotAppealable):
        _appeal(campaign, owner)


def test_a_suspended_campaign_goes_on_when_its_appeal_is_granted_and_silence_grants_nothing(db):
    for is_answered in (True, False):
        campaign, _tier = live_campaign()
        owner = owner_of(campaign)
        reviews.suspend(campaign_id=campaign.pk, reason="疑似仿冒", by=moderator(), at=clock.now())
        appeal = _appeal(campaign, owner)
        if is_answered:
            appeals.grant(appeal.pk, "有授权书", moderator(), clock.now())
        else:
            clock.advance(timedelta(days=14))
            moderation_tasks.advance_appeals()
        campaign.refresh_from_db()
        appeal.refresh_from_db()
        assert (campaign.state, appeal.state) == (
            ("live", Appealing.GRANTED) if is_answered else ("suspended", Appealing.LAPSED)
        )


def test_an_unanswered_appeal_about_a_return_brings_another_review(db):
    campaign, owner = _returned(moderator())
    appeal = _appeal(campaign, owner)
    clock.advance(timedelta(days=14))
    moderation_tasks.advance_appeals()
    campaign.refresh_from_db()
    appeal.refresh_from_db()
    assert (campaign.state, appeal.state, appeal.due_at) == ("review", Appealing.GRANTED, None)


def test_an_appeal_whose_matter_moved_on_is_moot(db):
    campaign, owner = _returned(moderator())
    appeal = _appeal(campaign, owner)
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    with pytest.raises(NotAppealable):
        appeals.grant(appeal.pk, "重看", moderator(), clock.now())
    clock.advance(timedelta(days=14))
    moderation_tasks.advance_appeals()
    appeal.refresh_from_db()
    assert appeal.state == Appealing.LAPSED


def test_a_passport_that_was_taken_down_is_public_again(db):
    founder, judge = person(), moderator()
    made = passport(founder)
    passports.hide(made.pk, "介绍不实", judge, clock.now())
    appeal = appeals.file_appeal(kind="project", subject_id=made.pk, text=WORDS, by=acting(founder), at=clock.now())
    with pytest.raises(NotAnother):
        appeals.deny(appeal.pk, "维持", judge, clock.now())
    appeals.grant(appeal.pk, "已核实", moderator(), clock.now())
    assert Passport.objects.get().state == "published"


def test_a_denied_appeal_changes_nothing_and_an_appeal_may_be_taken_back(db):
    campaign, owner = _returned(moderator())
    appeal = _appeal(campaign, owner)
    with pytest.raises(NotFound):
        appeals.withdraw(appeal.pk, "", acting(person()), clock.now())
    appeals.deny(appeal.pk, "仍无出处", moderator(), clock.now())
    campaign.refresh_from_db()
    assert campaign.state == "returned"
    with pytest.raises(AppealedAlready):
        _appeal(campaign, owner)
    assert StaffAct.objects.filter(act="appeal.deny", subject_id=appeal.pk).count() == 1
    other, its_owner = _returned(moderator())
    mine = _appeal(other, its_owner)
    assert appeals.withdraw(mine.pk, "", acting(its_owner), clock.now()).state == Appealing.WITHDRAWN


def test_only_hats_that_run_campaigns_appeal(db):
    founder, boss = firm()
    clerk = person()
    accounts.authorise(
        organisation_id=boss.party_id, by=founder, user=clerk, role="clerk", scopes={"read", "pledge"}, until=None,
        at=clock.now(),
    )  # fmt: skip
    hat = people.actor(clerk, hat=boss.party_id, at=clock.now())
    campaign = drafts.start(owner_id=boss.party_id, by=boss, at=clock.now())
    with pytest.raises(Forbidden):
        appeals.file_appeal(kind="campaign", subject_id=campaign.pk, text=WORDS, by=hat, at=clock.now())
    with pytest.raises(NotFound):
        appeals.file_appeal(kind="nothing", subject_id=campaign.pk, text=WORDS, by=boss, at=clock.now())
