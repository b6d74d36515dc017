"""Project passports: one a venture, documents filed once and verified by somebody else, a campaign begun from it."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from backend.accounts.errors import LevelTooLow
from backend.common import clock, files, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveRefused
from backend.listings.models import Listing
from backend.moderation import queries as moderation
from backend.notifications.models import Message
from backend.projects import queries
from backend.projects import tasks as project_tasks
from backend.projects.errors import (
    FactKnown,
    FactTaken,
    LinkDead,
    NotWritable,
    PassportIncomplete,
    PassportKnown,
    PassportStale,
    Withheld,
)
from backend.projects.models import Evidence, Passport
from backend.projects.operations import documents, passports, profile
from backend.projects.operations.passports import Profile
from backend.projects.states import Proving, Showing
from crowdfunding.campaigns.errors import FileMissing, RuleFixed
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import drafts, reviews
from tests.builders import (
    STORY,
    acting,
    deliver_events,
    document,
    draft,
    firm,
    holder_of,
    moderator,
    offer,
    passport,
    person,
)

pytestmark = pytest.mark.django_db


def _words(**more: object) -> Profile:
    words = {
        "name": "楠竹食盒", "summary": "竹编食盒", "story": STORY, "stage": "pilot", "category": "bamboo",
        "county": "421223", "founded_on": None,
    } | more  # fmt: skip
    return Profile(**words)


def _write(made: Passport, by, version: int | None = None, **more: object) -> Passport:
    return passports.write(
        passport_id=made.pk, profile=_words(**more), version=version or made.version, by=by, at=clock.now()
    )


def _png(shade: int = 1, size: tuple[int, int] = (8, 6)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (shade, 2, 3)).save(out, "PNG")
    return out.getvalue()


# --- one passport a venture ------------------------------------------------------------------------------------


def test_a_venture_has_one_live_passport_whoever_of_its_people_asks(db):
    founder, firm_hat = firm()
    own = acting(founder)
    passports.start(name="青砖茶 新厂", by=own, at=clock.now())
    for by, name in ((own, "青砖茶·新厂"), (firm_hat, "青砖茶新厂"), (own, "青砖茶　新厂")):
        with pytest.raises(PassportKnown):
            passports.start(name=name, by=by, at=clock.now())
    other = passports.start(name="青砖茶新厂", by=acting(person()), at=clock.now())
    assert other.state == Showing.DRAFT  # strangers may call theirs the same
    with pytest.raises(Forbidden):
        passports.start(name="x", by=Actor(None, None, frozenset(), frozenset(), ""), at=clock.now())


def test_a_name_cannot_be_changed_into_one_that_is_taken_nor_a_team_join_twice(db):
    founder, mate = person(), person()
    first = passports.start(name="竹器", by=acting(founder), at=clock.now())
    second = passports.start(name="竹编", by=acting(founder), at=clock.now())
    with pytest.raises(PassportKnown):
        _write(second, acting(founder), name="竹 器")
    theirs = passports.start(name="竹器", by=acting(person()), at=clock.now())
    token = profile.team_link(passport_id=first.pk, by=acting(founder), at=clock.now())
    join = {"token": token, "shown_name": "小王", "role": "设计"}
    profile.join_team(**join, by=acting(mate), at=clock.now())
    with pytest.raises(Invalid):
        profile.join_team(**join, by=acting(mate), at=clock.now())
    again = profile.team_link(passport_id=theirs.pk, by=acting(holder_of(theirs)), at=clock.now())
    with pytest.raises(PassportKnown):
        profile.join_team(token=again, shown_name="小王", role="设计", by=acting(mate), at=clock.now())
    passports.archive(first.pk, "", acting(founder), clock.now())
    passports.start(name="竹器", by=acting(founder), at=clock.now())  # its name is free again


def test_a_passport_is_written_by_its_holder_alone_and_never_over_unseen_changes(db):
    founder = person()
    by = acting(founder)
    made = passports.start(name="竹器", by=by, at=clock.now())
    with pytest.raises(NotFound):
        _write(made, acting(person()))
    with pytest.raises(Refusal) as refused:
        _write(made, by, stage="x", category="y", county="z")
    assert {reason.field for reason in refused.value.reasons} == {"stage", "category", "county"}
    saved = _write(made, by, name="竹器")
    with pytest.raises(PassportStale):
        _write(saved, by, version=saved.version - 1)
    assert Passport.objects.get().summary == "竹编食盒"


def test_what_is_not_published_is_nobody_elses(db):
    founder = person()
    made = passports.start(name="竹器", by=acting(founder), at=clock.now())
    with pytest.raises(NotFound):
        queries.visible(made.pk, acting(person()))
    assert not Listing.objects.get(subject_id=made.pk).is_public
    assert queries.visible(made.pk, acting(founder)) == made
    assert queries.visible(made.pk, moderator()) == made


# --- review ----------------------------------------------------------------------------------------------------


def test_review_needs_words_a_level_and_somebody_who_does_not_belong_to_it(db):
    founder = person(level="L1")
    by = acting(founder)
    made = passports.start(name="竹器", by=by, at=clock.now())
    with pytest.raises(Refusal) as refused:
        passports.submit(made.pk, "", by, clock.now())
    assert {type(reason) for reason in refused.value.reasons} == {LevelTooLow, PassportIncomplete}
    good = person()
    ready = _write(passports.start(name="竹编", by=acting(good), at=clock.now()), acting(good), name="竹编")
    passports.submit(ready.pk, "", acting(good), clock.now())
    assert moderation.queue().filter(kind="project", subject_id=ready.pk).count() == 1
    with pytest.raises(NotWritable):
        _write(Passport.objects.get(pk=ready.pk), acting(good), name="竹编")
    with pytest.raises(Forbidden):
        passports.approve(ready.pk, "好", acting(person()), clock.now())
    with pytest.raises(Withheld):
        passports.approve(ready.pk, "好", acting(good, Role.MODERATOR), clock.now())
    with pytest.raises(Invalid):
        passports.approve(ready.pk, " ", moderator(), clock.now())
    passports.approve(ready.pk, "材料齐全", moderator(), clock.now())
    assert Listing.objects.get(subject_id=ready.pk).is_public
    assert not moderation.queue().filter(subject_id=ready.pk).exists()
    with pytest.raises(MoveRefused):
        passports.approve(ready.pk, "再一次", moderator(), clock.now())
    deliver_events()
    assert Message.objects.get(party_id=good.party_id, kind="project").url == f"/my/projects/{ready.pk}/"


def test_changes_of_what_is_published_are_read_again_and_it_can_be_taken_down_with_a_reason(db):
    founder = person()
    made = passport(founder)
    _write(made, acting(founder), summary="换了一句话")
    assert moderation.queue().filter(subject_id=made.pk).count() == 1
    passports.look_through(made.pk, "", moderator(), clock.now())
    assert not moderation.queue().filter(subject_id=made.pk).exists()
    with pytest.raises(PassportIncomplete):
        _write(Passport.objects.get(), acting(founder), summary="")
    assert Passport.objects.get().summary == "换了一句话"
    passports.hide(made.pk, "介绍不实", moderator(), clock.now())
    with pytest.raises(NotFound):
        queries.visible(made.pk, acting(person()))
    with pytest.raises(NotWritable):
        _write(Passport.objects.get(), acting(founder))
    passports.restore(made.pk, "已说明", moderator(), clock.now())
    assert queries.visible(made.pk, acting(person())).state == Showing.PUBLISHED


def test_time_alone_returns_unreviewed_and_archives_what_nobody_touches(db):
    founder = person()
    by = acting(founder)
    made = _write(passports.start(name="竹器", by=by, at=clock.now()), by, name="竹器")
    filed = document(made, founder)
    passports.submit(made.pk, "", by, clock.now())
    clock.advance(timedelta(days=15))
    project_tasks.advance_projects()
    made.refresh_from_db()
    filed.refresh_from_db()
    assert (made.state, filed.state) == (Showing.RETURNED, Proving.DECLINED)
    assert not moderation.queue().filter(subject_id=made.pk).exists()
    clock.advance(timedelta(days=366))
    project_tasks.advance_projects()
    made.refresh_from_db()
    assert made.state == Showing.ARCHIVED and made.due_at is None


def test_work_on_a_passport_postpones_its_archiving(db):
    founder = person()
    made = passport(founder)
    clock.advance(timedelta(days=700))
    profile.add_need(passport_id=made.pk, kind="market", text="门店", by=acting(founder), at=clock.now())
    clock.advance(timedelta(days=60))
    project_tasks.advance_projects()
    made.refresh_from_db()
    assert made.state == Showing.PUBLISHED and made.due_at > clock.now()


def test_what_is_put_away_waits_for_nobody_and_a_founder_cannot_take_changes_out_of_the_queue(db):
    founder = person()
    made = passport(founder)
    _write(made, acting(founder), summary="换了一句话")
    documents.withdraw(document(made, founder).pk, "", acting(founder), clock.now())
    assert moderation.queue().filter(subject_id=made.pk).count() == 1
    passports.archive(made.pk, "", acting(founder), clock.now())
    assert not moderation.queue().filter(subject_id=made.pk).exists()


# --- documents -------------------------------------------------------------------------------------------------


def test_a_verified_fact_is_not_typed_again_nor_taken_by_another_venture(db):
    founder, stranger, third = person(), person(), person()
    made = passport(founder)
    filed = document(made, founder, number="cd 001")
    with pytest.raises(FactKnown):
        document(made, founder, number="CD001")
    theirs = passport(stranger, name="别家")
    rival = document(theirs, stranger, number="CD001")  # both wait; whoever is verified first has it
    documents.verify(filed.pk, "与原件一致", moderator(), clock.now())
    with pytest.raises(FactTaken):
        documents.verify(rival.pk, "与原件一致", moderator(), clock.now())
    with pytest.raises(FactKnown):
        document(made, founder, number="CD001")
    with pytest.raises(FactTaken):
        document(passport(third, name="第三家"), third, number="CD001")
    filed.refresh_from_db()
    assert (filed.state, filed.checker, filed.remark) == (Proving.VERIFIED, "审核员", "与原件一致")
    documents.revoke(filed.pk, "公示信息已变更", moderator(), clock.now())
    documents.verify(rival.pk, "与原件一致", moderator(), clock.now())


def test_nobody_of_the_venture_verifies_and_only_holder_and_moderators_read_the_file(db):
    founder, mate = person(), person()
    made = passport(founder)
    filed = document(made, founder)
    token = profile.team_link(passport_id=made.pk, by=acting(founder), at=clock.now())
    profile.join_team(token=token, shown_name="小王", role="设计", by=acting(mate), at=clock.now())
    for insider in (founder, mate):
        with pytest.raises(Withheld):
            documents.verify(filed.pk, "好", acting(insider, Role.MODERATOR), clock.now())
    with pytest.raises(Forbidden):
        documents.verify(filed.pk, "好", acting(person()), clock.now())
    with pytest.raises(NotFound):
        queries.document_for(filed.pk, acting(person()))
    assert files.read(queries.document_for(filed.pk, moderator()).sha256) == b"%PDF-1.4"
    assert queries.proved(made) == []


def test_a_document_ends_with_its_last_day_and_with_its_passport(db):
    founder = person()
    made = passport(founder)
    today = clock.now().astimezone(rules.SHANGHAI).date()
    for wrong in ({"valid_until": today - timedelta(days=1)}, {"number": " "}, {"kind": "x"}, {"issuer": ""}):
        with pytest.raises(Invalid):
            document(made, founder, **wrong)
    short = document(made, founder, valid_from=today, valid_until=today + timedelta(days=9))
    long = document(made, founder, "quality")
    for one in (short, long):
        documents.verify(one.pk, "与原件一致", moderator(), clock.now())
    assert queries.kinds_proved(made.pk, on=today + timedelta(days=9)) == {"origin", "quality"}
    assert queries.kinds_proved(made.pk, on=today + timedelta(days=10)) == {"quality"}
    clock.advance(timedelta(days=11))
    project_tasks.advance_projects()
    short.refresh_from_db()
    assert short.state == Proving.EXPIRED
    passports.archive(made.pk, "", acting(founder), clock.now())
    long.refresh_from_db()
    assert long.state == Proving.WITHDRAWN and not Evidence.objects.filter(state__in=Proving.STANDING).exists()


# --- team, needs, pictures, followers --------------------------------------------------------------------------


def test_a_team_link_ends_and_leads_only_persons_in(db):
    founder, boss = person(), firm()[1]
    made = passports.start(name="竹器", by=acting(founder), at=clock.now())
    token = profile.team_link(passport_id=made.pk, by=acting(founder), at=clock.now())
    with pytest.raises(NotFound):
        profile.team_link(passport_id=made.pk, by=acting(person()), at=clock.now())
    join = {"shown_name": "小王", "role": "设计", "at": clock.now()}
    with pytest.raises(Forbidden):
        profile.join_team(token=token, by=boss, **join)
    for wrong in ("x", token + "x", token[1:]):
        with pytest.raises(LinkDead):
            profile.join_team(token=wrong, by=acting(person()), **join)
    mate = person()
    joined = profile.join_team(token=token, by=acting(mate), **join)
    with pytest.raises(NotFound):
        profile.leave_team(teammate_id=joined.pk, by=acting(person()))
    profile.leave_team(teammate_id=joined.pk, by=acting(mate))
    assert queries.team(made) == []
    with pytest.raises(LinkDead):
        profile.read_link(token, at=clock.now() + timedelta(days=8))


def test_pictures_are_made_small_and_shown_with_their_passport_only(db):
    founder = person()
    made = passport(founder)
    show = {"passport_id": made.pk, "by": acting(founder), "at": clock.now()}
    shown = profile.add_picture(name="a.png", body=_png(size=(3200, 100)), caption="样品", **show)
    assert (shown.width, shown.height) == (1600, 50)
    with pytest.raises(Invalid):
        profile.add_picture(name="a.png", body=_png(size=(3200, 100)), caption="样品", **show)
    with pytest.raises(Invalid):
        profile.add_picture(name="a.pdf", body=b"%PDF-1.4", caption="样品", **show)
    assert queries.picture_for(shown.pk, acting(person())) == shown
    assert queries.covers([made.pk]) == {made.pk: shown}
    passports.hide(made.pk, "核实中", moderator(), clock.now())
    with pytest.raises(NotFound):
        queries.picture_for(shown.pk, acting(person()))


def test_followers_hear_of_stages_and_campaigns_once_and_can_stop(db):
    founder, fan, former = person(), person(), person()
    made = passport(founder)
    for user in (fan, former, fan):
        profile.follow(passport_id=made.pk, is_wanted=True, by=acting(user), at=clock.now())
    profile.follow(passport_id=made.pk, is_wanted=False, by=acting(former), at=clock.now())
    made.refresh_from_db()
    assert made.followers_n == 1 and Listing.objects.get(subject_id=made.pk).people_n == 1
    _write(made, acting(founder), stage="production")
    campaign = draft(founder)
    offer(campaign, founder)
    drafts.belong(campaign_id=campaign.pk, passport_id=made.pk, by=acting(founder), at=clock.now())
    drafts.submit(campaign_id=campaign.pk, by=acting(founder), at=clock.now())
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    drafts.launch(campaign_id=campaign.pk, opens_at=None, by=acting(founder), at=clock.now())
    deliver_events()
    assert Message.objects.filter(party_id=fan.party_id, kind="following").count() == 2
    assert not Message.objects.filter(party_id=former.party_id).exists()


def test_needs_are_met(db):
    founder = person()
    made = passport(founder)
    need = profile.add_need(passport_id=made.pk, kind="market", text="门店", by=acting(founder), at=clock.now())
    with pytest.raises(Invalid):
        profile.add_need(passport_id=made.pk, kind="x", text="门店", by=acting(founder), at=clock.now())
    with pytest.raises(NotFound):
        profile.meet_need(need_id=need.pk, by=acting(person()), at=clock.now())
    profile.meet_need(need_id=need.pk, by=acting(founder), at=clock.now())
    assert queries.open_needs(made) == []


# --- a campaign from it ----------------------------------------------------------------------------------------


def test_a_campaign_starts_with_what_its_passport_says(db):
    founder = person()
    made = passport(founder)
    begun = drafts.start(owner_id=founder.party_id, by=acting(founder), at=clock.now(), passport_id=made.pk)
    assert (begun.title, begun.summary, begun.category, begun.county) == ("楠竹食盒", "竹编食盒", "bamboo", "421223")
    assert begun.story == STORY and begun.passport == made
    with pytest.raises(NotFound):
        drafts.start(owner_id=(other := person()).party_id, by=acting(other), at=clock.now(), passport_id=made.pk)


def test_farm_goods_are_not_launched_without_files_of_origin_and_quality(db):
    founder = person()
    by = acting(founder)
    campaign = draft(founder)
    offer(campaign, founder)
    Campaign.objects.filter(pk=campaign.pk).update(category="tea")
    with pytest.raises(Refusal) as refused:
        drafts.submit(campaign_id=campaign.pk, by=by, at=clock.now())
    assert [type(reason) for reason in refused.value.reasons] == [FileMissing, FileMissing]
    made = passport(founder, "origin")
    today = clock.now().astimezone(rules.SHANGHAI).date()
    quality = document(made, founder, "quality", valid_until=today + timedelta(days=20))
    drafts.belong(campaign_id=campaign.pk, passport_id=made.pk, by=by, at=clock.now())
    drafts.submit(campaign_id=campaign.pk, by=by, at=clock.now())  # filed is enough to be read
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    with pytest.raises(FileMissing):
        drafts.launch(campaign_id=campaign.pk, opens_at=None, by=by, at=clock.now())
    documents.verify(quality.pk, "与原件一致", moderator(), clock.now())
    with pytest.raises(FileMissing):  # it will have ended by then
        drafts.launch(campaign_id=campaign.pk, opens_at=clock.now() + timedelta(days=30), by=by, at=clock.now())
    assert drafts.launch(campaign_id=campaign.pk, opens_at=None, by=by, at=clock.now()).state == "live"
    with pytest.raises(RuleFixed):
        drafts.belong(campaign_id=campaign.pk, passport_id=None, by=by, at=clock.now())


def test_the_papers_of_another_do_not_count(db):
    founder, rich = person(), person()
    theirs = passport(rich, "origin", "quality")
    campaign = draft(founder)
    with pytest.raises(NotFound):
        drafts.belong(campaign_id=campaign.pk, passport_id=theirs.pk, by=acting(founder), at=clock.now())
