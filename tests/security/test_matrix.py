"""Every route, move, socket topic and admin page, for every role: a new route without a row fails.

The rows are `tests/security/matrix.txt`, read by people: one line a method and route, the statuses of
nobody, a stranger, the clerk of another organisation, the owner (maker or backer of the object), a
moderator, a finance officer and an auditor. `WRITE_MATRIX=1` writes it anew, to be read as a diff.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Thread
from uuid import UUID, uuid4

import pytest
import websockets
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backend.accounts import operations as accounts
from backend.accounts.doors import HAT
from backend.accounts.models import Membership
from backend.common import clock, encryption, files
from backend.common.actors import Actor, Role
from backend.common.states import MACHINES, MoveForbidden, MoveRefused, Stateful
from backend.disputes.models import Case, Evidence
from backend.judging.models import Application, Call, Judge, Objection, ObjectionFile
from backend.judging.operations import proofs
from backend.moderation import appeals
from backend.notifications import operations as notifications
from backend.notifications.kinds import KINDS
from backend.projects.models import Passport, Picture
from backend.projects.operations import passports
from crowdfunding.campaigns.models import Batch, Campaign, Deposit
from crowdfunding.campaigns.operations import pledges, stretches, talk
from crowdfunding.diary.models import Entry, Step
from crowdfunding.freight.models import Quote
from crowdfunding.fulfilment.models import Parcel
from crowdfunding.fulfilment.operations import surveys
from crowdfunding.harvest.models import Clause, Shortfall
from crowdfunding.leads.models import Lead, LedRound, Report
from crowdfunding.pots.models import Pot
from marketplace.announcements.models import Announcement
from marketplace.contests.models import Contest, ContestFile, EntryFile
from marketplace.contests.models import Entry as ContestEntry
from marketplace.engagements.models import Claim, Contract, DeliveredFile, Delivery, Invoice, Message, Milestone, Review
from marketplace.errands.models import Errand, Licence, Offer, Photo, Runner, Service, Stop
from marketplace.errands.operations.runners import number_place
from marketplace.ideas.models import Idea, Solicitation
from marketplace.keeping.models import SavedSearch
from marketplace.knowledge.models import Article, Change, Gap, Version
from marketplace.microtasks.models import Answer, Item, Job, Participant, Plea, Sheet
from marketplace.profiles.models import Piece, Profile
from marketplace.tasks.models import Bid, Inquiry, Task, TaskFile, TermsVersion
from marketplace.tasks.operations.locks import lock_until
from tests.builders import acting, document, draft, live_campaign, offer, passport, person, reserve
from tests.conftest import SITE_PORT
from tests.security.doors import signed_in, token_of

TABLE = Path(__file__).with_name("matrix.txt")
ROLES = ("nobody", "stranger", "clerk", "owner", "moderator", "finance", "auditor")
ELSEWHERE = ("back-office/", "accounts/", "static/", "^static")
"""Django's admin has a test of its own below; django-allauth's pages are its own."""

BACKERS_OWN = (
    "pledge_id",
    "token_id",
    "report_id",
    "case_id",
    "sheet_id",
    "microtasks/answers",
    "v1/answers",
    "offer_id",
    "change_id",
    "my/services",
    "services/<uuid:service_id>/remove",
    "errands/card",
)


def routes(resolver: URLResolver, prefix: str = ""):
    for item in resolver.url_patterns:
        if isinstance(item, URLPattern):
            yield prefix + str(item.pattern)
        else:
            yield from routes(item, prefix + str(item.pattern))


def every_route() -> list[str]:
    return sorted({route for route in routes(get_resolver()) if not route.startswith(ELSEWHERE)})


@pytest.fixture
def world(db, monkeypatch):
    """One of each thing, the private and the public, and a browser for each role, who proved who they are just now.

    The whole table can take longer than a proof lasts.
    """
    monkeypatch.setattr(settings, "ACCOUNT_REAUTHENTICATION_TIMEOUT", 3_600)
    maker, backer, clerk_of, clerk = (
        person(name="制作人"),
        person(name="支持者"),
        person(name="厂长"),
        person(name="经办"),
    )
    private = draft(maker)
    tier = offer(private, maker)
    public, reward = live_campaign(price_fen=10_000)
    made = reserve(public, reward, backer)
    question = talk.ask(campaign_id=public.pk, text="什么时候发货", by=acting(backer), at=clock.now())
    at = clock.now()
    firm = accounts.found_organisation(
        founder=maker, name="竹器厂", uscc="91350100M000100Y43", county="421223", at=at, level="O2"
    )
    other = accounts.found_organisation(
        founder=clerk_of, name="茶厂", uscc="91421200MA00DEM00H", county="421223", at=at, level="O2"
    )
    scopes = {"read", "pledge", "campaigns", "money"}
    accounts.authorise(
        organisation_id=other.pk,
        by=clerk_of,
        user=clerk,
        role="clerk",
        scopes=scopes,
        until=at + timedelta(days=9),
        at=at,
    )
    stretch = stretches.add_stretch(
        campaign_id=private.pk, at_fen=10**9, promise="p", cost="c", is_physical=False, by=acting(maker), at=at
    )
    surveys.open_survey(campaign_id=private.pk, at=at)
    parcel = Parcel.objects.create(campaign=private, pledge=made, no=1, state_at=at)
    deposit = Deposit.objects.create(campaign=private, amount_fen=1, created_at=at, state_at=at)
    step = Step.objects.create(campaign=private, title="t", planned_on=at.date(), first_planned_on=at.date())
    entry = Entry.objects.create(
        campaign=private, day=at.date(), text="t", at=at, mime="application/pdf",
        sha256=files.keep("a.pdf", b"%PDF-").sha256,
    )  # fmt: skip
    batch = Batch.objects.create(campaign=private, name="b", unit="u", total=9, left=9, created_at=at)
    Clause.objects.create(campaign=private, least_percent=60, basis="b", created_at=at)
    said = Shortfall.objects.create(
        campaign=private, percent=80, account="a", declared_by=maker.party_id, declared_at=at, state_at=at,
        mime="application/pdf", sha256=files.keep("a.pdf", b"%PDF-").sha256,
    )  # fmt: skip
    quote = Quote.objects.create(
        county="421202", carrier="c", covers="c", first_g=1, first_fen=1, step_g=1, step_fen=1, from_day=at.date(),
        basis="b", created_at=at, created_by=maker.party_id,
    )  # fmt: skip
    LedRound.objects.create(campaign=private, state_at=at)
    lead = Lead.objects.create(
        campaign=private, party=backer.party, stake_fen=1, created_at=at, state_at=at, terms="t", conflicts="c"
    )
    report = Report.objects.create(lead=lead, no=1, due_at=at)
    case = Case.objects.create(
        subject_kind="pledge", subject_id=made.pk, about_id=private.pk, title="t", claimant=backer.party,
        respondent=maker.party, claim="c", claimed_at=at, facts="f", wanted_fen=1, stake_fen=1, hold_id=made.pk,
        filed_at=at, state_at=at, due_at=at,
    )  # fmt: skip
    evidence = Evidence.objects.create(
        case=case, party_id=backer.party_id, name="a.pdf", mime="application/pdf", size=5,
        sha256=files.keep("a.pdf", b"%PDF-").sha256, received_sha256="0" * 64, at=at,
    )  # fmt: skip
    pot = Pot.objects.create(
        sponsor=firm, title="t", purpose="p", amount_fen=1, ratio_bp=1, per_project_fen=1, per_person_fen=1,
        opens_at=at, closes_at=at + timedelta(days=9), created_at=at, state_at=at,
    )  # fmt: skip
    venture = passport(maker)
    paper = document(venture, maker)
    shown = Picture.objects.create(
        passport=venture, caption="c", mime="application/pdf", sha256=paper.sha256, width=1, height=1, at=at
    )
    Campaign.objects.filter(pk=private.pk).update(passport=venture)
    passports.start(name="私有", by=acting(maker), at=at)
    judge = acting(person(name="审核"), Role.MODERATOR)
    passports.hide(venture.pk, "r", judge, at)
    appeal = appeals.file_appeal(kind="project", subject_id=venture.pk, text="字" * 10, by=acting(maker), at=at)
    passports.restore(venture.pk, "r", judge, at)
    work = _work(maker, backer, pledges.intent_of(made.pk), at)
    work |= _contests(maker, backer, pledges.intent_of(made.pk), at)
    work |= _microtasks(maker, backer, pledges.intent_of(made.pk), at)
    work |= _ideas(maker, backer, at)
    work |= _knowledge(maker, backer, pledges.intent_of(made.pk), at)
    work |= _announcements(maker, at)
    work |= _errands(maker, backer, pledges.intent_of(made.pk), at)
    token, _text = accounts.make_token(user=backer, party_id=backer.party_id, name="t", scopes=scopes, at=at)
    clients = {"nobody": Client(raise_request_exception=False), "stranger": signed_in(person(name="别人"))}
    clients |= {"clerk": signed_in(clerk), "maker": signed_in(maker), "backer": signed_in(backer)}
    session = clients["clerk"].session
    session[HAT] = str(other.pk)
    session.save()
    for role in ("moderator", "finance", "auditor"):
        user = person(name=role)
        accounts.appoint(user=user, role=role)
        user.refresh_from_db()
        clients[role] = signed_in(user, factor=True)
    return {
        "clients": clients,
        "campaign_id": private.pk, "tier_id": tier.pk, "pledge_id": made.pk, "question_id": question.pk,
        "organisation_id": firm.pk, "membership_id": Membership.objects.get(organisation=firm).pk,
        "token_id": token.pk, "number": "P0", "kind": "payout", "key": uuid4(), "name": "payouts",
        "stretch_id": stretch.pk, "public": public.pk, "parcel_id": parcel.pk, "form": "list",
        "case_id": case.pk, "evidence_id": evidence.pk, "lead_id": lead.pk, "report_id": report.pk,
        "pot_id": pot.pk, "passport_id": Passport.objects.get(name="私有").pk, "document_id": paper.pk,
        "picture_id": shown.pk, "what": "picture", "token": "x", "published": venture.pk,
        "appeal_id": appeal.pk, "deposit_id": deposit.pk, "step_id": step.pk, "entry_id": entry.pk, "batch_id": batch.pk, "shortfall_id": said.pk, "quote_id": quote.pk, "subject_id": private.pk,
    } | work  # fmt: skip


def _work(client, worker, intent, at) -> dict[str, object]:
    """A draft of a task, one that takes bids, and a contract between the two with one of everything under it."""
    kept = files.keep("a.pdf", b"%PDF-")
    words = {"owner": client.party, "title": "任务", "budget_fen": 10_000, "created_at": at, "state_at": at}
    words |= {"category": "design", "brief": "b", "stages": [{"title": "s", "percent": 100}]}
    draft_, open_, closed_ = (Task(**words, invite_code=code) for code in ("a" * 32, "b" * 32, "c" * 32))
    for each in (open_, closed_):
        each.state, each.opens_at, each.closes_at = "open", at, at + timedelta(days=9)
    closed_.visibility = "invited"
    for each in (draft_, open_, closed_):
        each.save(force_insert=True)
    TermsVersion.objects.create(task=open_, no=1, body={}, at=at)
    lock_until(open_, open_.closes_at)
    bid = Bid.objects.create(
        task=draft_, bidder=worker.party, person_id=worker.party_id, terms_no=1, seal="x", digest="0" * 64,
        first_lock=1, last_lock=1, made_at=at, state_at=at,
    )  # fmt: skip
    file = TaskFile.objects.create(task=draft_, **vars(kept))
    inquiry = Inquiry.objects.create(task=open_, asker=worker.party, text="t", asked_at=at)
    contract = Contract.objects.create(
        client=client.party, worker=worker.party, subject_kind="bid", subject_id=bid.pk, title="t", scope="s",
        rights="transfer", accept_days=7, rounds_most=3, total_fen=100, digest="0" * 64, offered_at=at, state_at=at,
        state="active",
    )  # fmt: skip
    stage = Milestone.objects.create(
        contract=contract,
        no=1,
        title="s",
        amount_fen=100,
        days=1,
        state_at=at,
        state="submitted",
        submitted_at=at,
        paid_by=intent,
    )
    delivery = Delivery.objects.create(milestone=stage, round_no=1, text="t", digest="0" * 64, at=at)
    delivered = DeliveredFile.objects.create(delivery=delivery, **vars(kept))
    claim = Claim.objects.create(milestone=stage, side="client", wanted_fen=1, reason="r", made_at=at, answer_by=at)
    message = Message.objects.create(
        contract=contract, side="client", person_id=client.party_id, text="t", name="a.pdf", mime=kept.mime,
        sha256=kept.sha256, at=at,
    )  # fmt: skip
    review = Review.objects.create(
        contract=contract, side="worker", about=client.party, stars=5, text="t", at=at, is_shown=True
    )
    Invoice.objects.create(
        milestone=stage, number="1" * 20, amount_fen=100, issued_on=at.date(), name="a.pdf", mime=kept.mime,
        sha256=kept.sha256, attached_at=at,
    )  # fmt: skip
    saved = SavedSearch.objects.create(party=client.party, kind="task", name="n", query="q=1", at=at)
    return {
        "task_id": draft_.pk, "open_task": open_.pk, "bid_id": bid.pk, "file_id": file.pk, "inquiry_id": inquiry.pk,
        "contract_id": contract.pk, "milestone_id": stage.pk, "claim_id": claim.pk, "message_id": message.pk,
        "review_id": review.pk, "delivered_id": delivered.pk, "search_id": saved.pk, "party_id": client.party_id,
        "code": "b" * 32, "invited_task": closed_.pk, "invitation": "c" * 32,
    }  # fmt: skip


def _contests(host, maker, intent, at) -> dict[str, object]:
    """A contest of each kind that doors tell apart: a draft, one that takes entries, one whose result is public."""
    kept = files.keep("a.pdf", b"%PDF-")
    words = {"owner": host.party, "title": "赛事", "category": "design", "prizes": [1_000], "total_fen": 1_000}
    words |= {"criteria": [{"key": "c1", "title": "c", "weight": 100}], "tie_rule": "share", "gallery": "winners"}
    draft_, open_, public = (Contest(**words, created_at=at, state_at=at) for _ in range(3))
    for made, state in ((open_, "open"), (public, "publicity")):
        made.state, made.opens_at, made.closes_at, made.paid_by = state, at, at + timedelta(days=9), intent
    open_.secrecy_years, open_.secret, open_.secret_html = 2, "s", "<p>s</p>"
    for made in (draft_, open_, public):
        made.save(force_insert=True)
    judged = {"owner": host.party, "title": "t", "seats": 1, "tie_rule": "share", "judge_days": 7, "publicity_days": 5}
    calls = [
        Call.objects.create(
            **judged, subject_kind="contest", subject_id=made.pk, url=f"/contests/{made.pk}/", state=state,
            criteria=words["criteria"], judge_code=code * 32, state_at=at, closed_at=at, decided_at=at,
        )
        for made, state, code in ((open_, "collecting", "b"), (public, "publicity", "c"))
    ]  # fmt: skip
    ranked = Application.objects.create(
        call=calls[1], party=maker.party, person_id=maker.party_id, no=1, submitted_at=at, state_at=at, place=2,
        state="ranked",
    )  # fmt: skip
    entry = ContestEntry.objects.create(
        contest=public, application=ranked, entrant=maker.party, person_id=maker.party_id, title="t", made_at=at,
        changed_at=at,
    )  # fmt: skip
    seat = Judge.objects.create(call=calls[0], party=maker.party, invited_at=at, state_at=at)
    said = Objection.objects.create(
        call=calls[1], application=ranked, aim="against", by=host.party, person_id=host.party_id, grounds="g",
        raised_at=at, state_at=at, answer_by=at,
    )  # fmt: skip
    paper = ObjectionFile.objects.create(objection=said, person_id=host.party_id, at=at, **vars(kept))
    proof = proofs.record(party_id=maker.party_id, title="t", sha256="0" * 64, at=at)
    return {
        "contest_id": draft_.pk, "open_contest": open_.pk, "call_id": calls[1].pk, "application_id": ranked.pk,
        "contest_entry": entry.pk, "judge_id": seat.pk, "objection_id": said.pk, "objection_file": paper.pk,
        "proof_id": proof.pk, "contest_file": ContestFile.objects.create(contest=draft_, **vars(kept)).pk,
        "secret_file": ContestFile.objects.create(contest=open_, is_secret=True, **vars(kept)).pk,
        "entry_file": EntryFile.objects.create(entry=entry, use="shown", **vars(kept)).pk,
    }  # fmt: skip


def _microtasks(poster, worker, intent, at) -> dict[str, object]:
    """A draft of a job, and one under way: an answer that was sent back and is contested, and one in hand."""
    words = {"owner": poster.party, "title": "计件", "category": "data", "price_fen": 20, "options": ["是", "否"]}
    draft_, open_ = Job(**words, created_at=at, state_at=at), Job(**words, created_at=at, state_at=at)
    open_.state, open_.opens_at, open_.closes_at, open_.paid_by, open_.total_fen = (
        "open", at, at + timedelta(days=9), intent, 40,
    )  # fmt: skip
    for made in (draft_, open_):
        made.save(force_insert=True)
    items = [
        Item.objects.create(job=open_, key=str(rank), rank=rank, text="t", need=1, **counts)
        for rank, counts in enumerate(({"done_n": 1}, {"leased_n": 1}), 1)
    ]
    part = Participant.objects.create(job=open_, person_id=worker.party_id, party=worker.party, joined_at=at)
    sheet = Sheet.objects.create(
        participant=part, person_id=worker.party_id, taken_at=at, until=at + timedelta(hours=1)
    )
    mine = {"participant": part, "sheet": sheet, "person_id": worker.party_id}
    back = Answer.objects.create(
        item=items[0], **mine, value="是", answered_at=at, state="rejected", rejected_at=at, reason="r"
    )
    Answer.objects.create(item=items[1], **mine)
    plea = Plea.objects.create(answer=back, job=open_, about="work", grounds="g", made_at=at)
    return {
        "job_id": draft_.pk, "open_job": open_.pk, "item_id": items[0].pk, "answer_id": back.pk,
        "sheet_id": sheet.pk, "plea_id": plea.pk,
    }  # fmt: skip


def _ideas(poster, author, at) -> dict[str, object]:
    """A draft of a solicitation, and an open one with an idea."""
    words = {"owner": poster.party, "title": "征集", "category": "design", "created_at": at, "state_at": at}
    draft_, open_ = (
        Solicitation(**words),
        Solicitation(**words, state="open", opens_at=at, closes_at=at + timedelta(days=9)),
    )
    for made in (draft_, open_):
        made.save(force_insert=True)
    proof = proofs.record(party_id=author.party_id, title="t", sha256="2" * 64, at=at)
    idea = Idea.objects.create(
        solicitation=open_, author=author.party, person_id=author.party_id, title="t", text="t", proof_id=proof.pk, made_at=at
    )  # fmt: skip
    return {"solicitation_id": draft_.pk, "open_solicitation": open_.pk, "idea_id": idea.pk}


def _knowledge(poster, author, intent, at) -> dict[str, object]:
    """A published entry, a change to it that waits for a reviewer, a bounty that is open; and a piece of somebody's profile."""
    words = {"title": "知识", "text": "字" * 100, "licence": "by", "author": author.party, "made_at": at}
    entry = Article.objects.create(
        founder=author.party, title="知识", category="tech", licence="by", current_no=1, state="published", made_at=at
    )
    reader = person(name="评审").party
    first = Change.objects.create(
        article=entry, person_id=author.party_id, reviewer=reader, state="published", state_at=at, **words
    )
    said = {name: words[name] for name in ("title", "text", "licence", "author")}
    Version.objects.create(
        article=entry, no=1, change=first, html="", note="", sha256="", reviewer=reader, at=at, **said
    )
    waits = Change.objects.create(
        article=entry, person_id=author.party_id, state="review", state_at=at, base_no=1, until=at, **words
    )
    gap = Gap.objects.create(
        owner=poster.party, title="悬赏", wanted="w", category="tech", fen=100, paid_by=intent, state="open",
        closes_at=at + timedelta(days=9), created_at=at, state_at=at,
    )  # fmt: skip
    kept = files.keep("a.pdf", b"%PDF-")
    profile = Profile.objects.create(party=poster.party)
    piece = Piece.objects.create(
        profile=profile, title="t", mime=kept.mime, sha256=kept.sha256, width=1, height=1, at=at
    )
    return {"article_id": entry.pk, "no": 1, "change_id": waits.pk, "gap_id": gap.pk, "piece_id": piece.pk}


def _announcements(poster, at) -> dict[str, object]:
    """An announcement about the draft of a task, which is nobody else's to read."""
    return {
        "announcement_id": Announcement.objects.create(
            kind="task", subject_id=uuid4(), owner=poster.party, text="t", told_n=1, at=at
        ).pk
    }


def _errands(poster, runner, intent, at) -> dict[str, object]:
    """A draft of an errand, and an open one: a stop that was refused, and a free one that the runner is offered."""
    words = {"owner": poster.party, "title": "现场", "created_at": at, "state_at": at}
    draft_, open_ = Errand(**words), Errand(**words)
    open_.state, open_.opens_at, open_.paid_by, open_.total_fen, open_.stops_n = "open", at, intent, 200, 2
    for made in (draft_, open_):
        made.save(force_insert=True)
    where = {"latitude": 29.84, "longitude": 114.32, "east": 12_725_000, "north": 3_490_000}
    who = Runner.objects.create(party=runner.party, kinds=["survey"], created_at=at, **where)
    window = {"from_at": at - timedelta(hours=1), "until_at": at + timedelta(days=3), "opens_at": at, "price_fen": 100}
    refused, free = (
        Stop.objects.create(errand=open_, key=str(rank), rank=rank, due_at=at + timedelta(days=3), **where, **window, **more)
        for rank, more in enumerate(({"runner": who, "state": "refused", "refusal": "r"}, {}), 1)
    )  # fmt: skip
    kept = files.keep("a.pdf", b"%PDF-")
    shot = Photo.objects.create(stop=refused, mime=kept.mime, size=kept.size, sha256=kept.sha256, added_at=at)
    paper = Licence(
        runner=who, kind="food", number_masked="JK**23", valid_from=at.date(), valid_until=at.date() + timedelta(days=99),
        created_at=at,
    )  # fmt: skip
    paper.number_sealed = encryption.encrypt("JK0023", place=number_place(paper.pk))
    paper.save(force_insert=True)
    offer = Offer.objects.create(stop=free, runner=who, away_m=0, made_at=at, until=at + timedelta(hours=1))
    line = Service.objects.create(runner=who, kind="repair", title="维修", unit="visit", price_fen=5_000, created_at=at)
    return {
        "service_id": line.pk, "runner_id": who.pk,
        "errand_id": draft_.pk, "open_errand": open_.pk, "stop_id": refused.pk, "photo_id": shot.pk,
        "licence_id": paper.pk, "offer_id": offer.pk,
    }  # fmt: skip


ACTS = {
    "knowledge": "unhide",
    "errands": "copy",
    "ideas": "withdraw",
    "microtasks": "copy",
    "contests": "copy",
    "entries": "withdraw",
    "judging": "renew-code",
    "objections": "withdraw",
    "pledges": "cancel",
    "create": "submit",
    "review": "approve",
    "finance": "check",
    "api": "suspension",
    "fulfilment": "send-again",
    "leads": "agree",
    "cases": "offer",
    "pots": "withdraw",
    "projects": "archive",
    "appeals": "withdraw",
    "campaigns": "write",
    "harvest": "withdraw",
    "work": "cancel",
    "contracts": "propose-end",
    "milestones": "approve",
    "claims": "withdraw",
}
API_ACTS = {
    "work/pieces": "hide",
    "api/v1/pieces": "hide",
    "knowledge/changes": "withdraw",
    "knowledge/gaps/<uuid:gap_id>/finding": "for",
    "knowledge/gaps/<uuid:gap_id>/review": "freeze",
    "knowledge/gaps": "accept",
    "api/v1/articles/<uuid:article_id>/moderation": "hide",
    "api/v1/changes": "withdraw",
    "api/v1/gaps/<uuid:gap_id>/finding": "for",
    "api/v1/gaps/<uuid:gap_id>/review": "freeze",
    "api/v1/gaps": "accept",
    "api/v1/services/<uuid:service_id>/moderation": "hide",
    "api/v1/announcements/<uuid:announcement_id>/moderation": "hide",
    "work/announcements/<uuid:announcement_id>": "hide",
    "errands/stops/<uuid:stop_id>/finding": "for",
    "errands/stops": "accept",
    "errands/offers": "decline",
    "errands/licences": "confirm",
    "errands/<uuid:errand_id>/draft": "forecast",
    "errands/<uuid:errand_id>/review": "approve",
    "api/v1/errands/<uuid:errand_id>/review": "approve",
    "api/v1/errands": "copy",
    "api/v1/stops/<uuid:stop_id>/finding": "for",
    "api/v1/stops": "accept",
    "api/v1/offers": "decline",
    "api/v1/licences": "confirm",
    "ideas/one": "endorse",
    "ideas/<uuid:solicitation_id>/review": "approve",
    "api/v1/solicitations/<uuid:solicitation_id>/review": "approve",
    "api/v1/solicitations": "submission",
    "api/v1/ideas/<uuid:idea_id>/moderation": "hide",
    "api/v1/ideas": "endorse",
    "api/v1/microtasks/<uuid:job_id>/review": "approve",
    "microtasks/<uuid:job_id>/review": "approve",
    "microtasks/sheets": "extend",
    "microtasks/answers": "redo",
    "microtasks/pleas": "agree",
    "api/v1/microtasks": "copy",
    "api/v1/sheets": "extension",
    "api/v1/pleas/<uuid:plea_id>/finding": "for",
    "api/v1/pleas": "agree",
    "api/v1/contests/<uuid:contest_id>/review": "approve",
    "api/v1/contests": "copy",
    "api/v1/calls": "renew-code",
    "api/v1/applications": "shortlist",
    "api/v1/objections": "withdraw",
    "contests/<uuid:contest_id>/review": "approve",
    "judging/<uuid:call_id>/works": "shortlist",
    "api/v1/tasks/<uuid:task_id>/review": "approve",
    "api/v1/tasks": "submission",
    "api/v1/bids": "shortlist",
    "api/v1/contracts": "propose-end",
    "api/v1/milestones": "approve",
    "api/v1/claims": "withdraw",
    "work/<uuid:task_id>/review": "approve",
    "work/<uuid:task_id>/bids": "shortlist",
    "work/<uuid:task_id>/bid/": "withdraw",
}
"""What is tried where the act depends on more than the first word of the route; the longest that fits comes first."""


TODAY = datetime.now(UTC).date().isoformat()

BODIES: dict[str, dict[str, object]] = {
    "pieces": {"title": "t", "name": "b.png", "content": "JVBERi0x"},
    "gaps": {"title": "竹材防虫", "wanted": "字" * 30, "category": "engineering", "fen": 10_000, "open_days": 9},
    "ideas": {"title": "创意", "text": "字" * 30},
    "stops": {
        "key": "Z1",
        "latitude": 29.8,
        "longitude": 114.3,
        "price_fen": 500,
        "from_at": "2030-01-01T00:00:00Z",
        "until_at": "2030-01-02T00:00:00Z",
    },
    "forecast": {"target_percent": 80},
    "photos": {"name": "b.png", "content": "JVBERi0x"},
    "confirm": {"reason": "r"},
    "licences": {"kind": "care", "number": "A12345", "valid_from": "2020-01-01", "valid_until": "2099-01-01"},
    "hide": {"words": "字" * 12},
    "for": {"words": "字" * 12},
    "services": {"kind": "repair", "title": "修锁", "unit": "visit", "price_fen": 9_000},
    "orders": {
        "quantity": 1,
        "price_fen": 5_000,
        "latitude": 29.8,
        "longitude": 114.3,
        "address": "a",
        "from_at": "2030-01-01T00:00:00Z",
        "until_at": "2030-01-02T00:00:00Z",
    },
    "plea": {"grounds": "字" * 12},
    "items": {"content": "id,text\n1,a"},
    "tiers": {"title": "回报", "price_fen": 100},
    "approval": {"checklist": []},
    "return": {"reason": "r"},
    "cancellation": {"reason": "r"},
    "ending": {"reason": "r"},
    "suspension": {"reason": "r"},
    "refund": {"reason": "r"},
    "answer": {"agree": True},
    "harvest": {"percent": 80, "account": "字" * 20},
    "batches": {"name": "又一批", "unit": "斤", "total": 5},
    "calendar": {"title": "又一步", "planned_on": TODAY},
    "diary": {"day": TODAY, "text": "t"},
    "freight": {
        "county": "421202",
        "carrier": "c",
        "covers": "c",
        "first_g": 1,
        "first_fen": 1,
        "step_g": 1,
        "step_fen": 1,
        "from_day": TODAY,
        "basis": "b",
    },
    "outside": {"text": "已当面交付并收妥一件"},
    "updates": {"title": "t", "body": "b"},
    "questions": {"text": "可以吗"},
    "pledges": {"amount_fen": 1_000},
    "stretches": {"at_fen": 10**10, "promise": "p", "cost": "c"},
    "settlement": {"act": "refund"},
    "shipments": {"rows": [{"no": 1, "carrier": "SF", "tracking_no": "SF123456"}]},
    "leads": {"stake_fen": 1, "reward_kind": "none", "terms": "t", "diligence": "d", "conflicts": "c"},
    "projects": {"name": "又一个"},
    "appeals": {"kind": "campaign", "subject_id": str(UUID(int=0)), "text": "字" * 10},
    "deny": {"reason": "r"},
    "documents": {"kind": "origin", "number": "1", "issuer": "i", "name": "b.pdf", "content": "JVBERi0x"},
    "pictures": {"name": "b.png", "content": "JVBERi0x", "caption": "c"},
    "needs": {"kind": "money", "text": "t"},
    "team": {"token": "x", "shown_name": "n", "role": "r"},
    "pots": {
        "title": "title",
        "purpose": "p",
        "amount_fen": 1,
        "ratio_bp": 1,
        "per_project_fen": 1,
        "per_person_fen": 1,
        "opens_at": "2030-01-01T00:00:00Z",
        "closes_at": "2030-02-01T00:00:00Z",
    },
    "following": {"lead_id": str(UUID(int=0))},
    "extension": {"days": 3, "reason": "r"},
    "reminder": {"is_wanted": False},
    "filing": {"body": "字" * 30},
    "complaint": {"facts": "f", "wanted_fen": 1},
    "evidence": {"name": "b.pdf", "content": "JVBERi0x"},
    "offer": {"amount_fen": 1},
    "tasks": {"like": ""},
    "bids": {"amount_fen": 1_000, "days": 3, "text": "字" * 30, "terms_no": 1},
    "inquiries": {"text": "可以提问吗"},
    "reply": {"text": "一句答复"},
    "reconfirmation": {"terms_no": 1},
    "files": {"name": "b.pdf", "content": "JVBERi0x"},
    "signature": {"digest": "0" * 64},
    "messages": {"text": "t"},
    "review": {"stars": 5, "text": "字" * 10},
    "deliveries": {"text": "字" * 30},
    "claims": {"wanted_fen": 1, "reason": "字" * 12},
    "dispute": {"text": "f"},
    "propose-end": {"text": "r"},
    "entries": {"title": "作品", "text": "字" * 30},
    "objections": {"aim": "against", "grounds": "字" * 12},
    "proofs": {"title": "t", "sha256": "1" * 64},
    "searches": {"kind": "task", "name": "n", "query": "q=1"},
    "disputes": {"order": "P0", "provider_no": "CB", "amount_fen": 1},
}
"""A well-formed body by the last word of an API route, so that permission and not form is what answers."""


PUTS: dict[str, dict[str, object]] = {
    "covers": {"name": "b.png", "content": "JVBERi0x"},
    "services": {"kind": "repair", "title": "修锁", "unit": "visit", "price_fen": 9_000},
    "profile": {"headline": "h", "text": "t", "version": 1},
    "errands": {
        "title": "现场",
        "summary": "s",
        "brief": "b",
        "kind": "survey",
        "mode": "booking",
        "photos_least": 1,
        "version": 1,
    },
    "stops": {
        "content": "task_id,latitude,longitude,price_yuan\nA1,29.8,114.3,70",
        "from_at": "2030-01-01T00:00:00Z",
        "until_at": "2030-01-02T00:00:00Z",
    },
    "runner": {"latitude": 29.8, "longitude": 114.3, "reach_km": 5, "kinds": ["survey"]},
    "solicitations": {
        "title": "征集",
        "summary": "s",
        "brief": "b",
        "category": "design",
        "level": "L1",
        "open_days": 9,
        "version": 1,
    },
    "items": {"content": "id,text\n1,a"},
    "microtasks": {
        "title": "计件",
        "summary": "s",
        "brief": "b",
        "category": "data",
        "question": "q",
        "form": "choice",
        "options": ["是", "否"],
        "price_fen": 20,
        "answers_each": 3,
        "gold_percent": 0,
        "gold_least": 70,
        "agree_percent": 60,
        "lease_minutes": 30,
        "sheet_size": 5,
        "open_days": 7,
        "version": 1,
    },
    "notifications": {"kind": "update", "in_inbox": True, "mail": "daily"},
    "invoice": {  # fmt: skip
        "invoice_no": "2" * 20,
        "amount_fen": 100,
        "issued_on": TODAY,
        "file": {"name": "b.pdf", "content": "JVBERi0x"},
    },
    "contests": {
        "title": "赛事",
        "summary": "s",
        "brief": "b",
        "category": "design",
        "mode": "single",
        "prizes": [1_000],
        "criteria": [{"title": "c", "weight": 100}],
        "tie_rule": "share",
        "rights": "transfer",
        "gallery": "after",
        "entry_limit": 1,
        "entry_days": 9,
        "judge_days": 9,
        "publicity_days": 5,
        "version": 1,
    },
    "changes": {"title": "知识", "summary": "s", "text": "字" * 100, "note": "n", "version": 1},
    "gaps": {"title": "竹材防虫", "wanted": "字" * 30, "category": "engineering", "fen": 10_000, "open_days": 9},
    "entries": {"title": "作品", "text": "字" * 30},
    "score": {"marks": {"c1": 80}},
    "tasks": {
        "title": "任务",
        "summary": "s",
        "brief": "b",
        "category": "design",
        "budget_fen": 20_000,
        "bid_days": 9,
        "work_days": 9,
        "accept_days": 7,
        "rights": "transfer",
        "stages": [{"title": "s", "percent": 100}],
        "version": 1,
    },
    "led": {"is_led": True},
    "late": {"last_day": TODAY},
    "batches": {"total": 20},
    "freight": {"last_day": TODAY},
    "shipping": {"shipping_fen": 100},
    "harvest-clause": {"least_percent": 70, "basis": "b"},
    "calendar": {"planned_on": TODAY},
    "passport": {"passport_id": None},
    "following": {"is_wanted": True},
    "survey": {"questions": "颜色：红|蓝"},
    "parcel": {"recipient": "王", "phone": "13812345678", "region": "湖北省", "street": "中山路 1 号"},
}
TERMS: dict[str, object] = {
    "version": 2, "title": "t", "summary": "s", "story": "s", "risks": "r", "category": "tea", "county": "",
    "rule": "keep_it_all", "goal_fen": 100, "days": 9, "promised_on": None,
}  # fmt: skip
PROFILE: dict[str, object] = {
    "version": 9, "name": "n", "summary": "s", "story": "s", "stage": "idea", "category": "tea", "county": "",
}  # fmt: skip


def _last_word(path: str) -> str:
    """The last part of a route that is no id."""
    return next(part for part in reversed(path.split("/")) if len(part) != 36)


def filled(route: str, world: dict, *, missing: bool = False, public: bool = False) -> str:
    """The route with the world's own ids in it, or with ids of nothing."""
    path = route
    for kind in ("uuid", "str", "slug", "int"):
        while f"<{kind}:" in path:
            name = path.split(f"<{kind}:", 1)[1].split(">", 1)[0]
            value = ACTS[route.split("/", 1)[0]] if name == "act" else world[name]
            if name == "act" and route.startswith("api/v1/finance"):
                value = "check"
            if name == "act" and route.startswith("api/v1/leads"):
                value = "agree"
            if name == "act" and route.startswith("api/v1/cases"):
                value = "offer"
            if name == "act" and route.startswith("api/v1/pots"):
                value = "approve"
            if name == "act" and route.startswith("api/v1/projects"):
                value = "archive"
            if name == "act" and route.startswith("api/v1/appeals"):
                value = "deny"
            if name == "kind" and route.startswith("appeals"):
                value = "campaign"
            if name == "act" and "diary/steps" in route:
                value = "move"
            if name == "act" and "outside" in route:
                value = "agree"
            if name == "act" and ("documents" in route):
                value = "verify" if "api" in route else "withdraw"
            if name == "act" and "shortfalls" in route:
                value = "confirm"
            known = next((act for start, act in API_ACTS.items() if route.startswith(start)), "")
            if name == "act" and known:
                value = known
            if name == "file_id" and "contract" in route:
                value = world["delivered_id"]
            if name == "entry_id" and ("/entries/" in f"/{route}"):
                value = world["contest_entry"]
            for start, key in (
                ("contests", "contest_file"),
                ("entries", "entry_file"),
                ("objections", "objection_file"),
            ):
                if name == "file_id" and f"/{start}/" in f"/{route}":
                    value = world[key]
            if name == "job_id" and (
                public or any(word in route for word in ("sheets", "/answers", "items/<", "reject"))
            ):
                value = world["open_job"]
            if name == "errand_id" and (public or "/stops/<" in route):
                value = world["open_errand"]
            if public and name == "solicitation_id":
                value = world["open_solicitation"]
            has_secret = "/secret" in route or "contest_id>/pledge" in route
            if name == "contest_id" and (public or has_secret):
                value = world["open_contest"]
            if name == "file_id" and has_secret:
                value = world["secret_file"]
            if public and name == "task_id":
                value = world["open_task"]
            if public and name == "passport_id":
                value = world["published"]
            if ("announcements/" in route or "covers/" in route) and name in ("kind", "subject_id"):
                value = "task" if name == "kind" else world["task_id"]
            if "favourites/" in route and name in ("kind", "subject_id"):
                value = "task" if name == "kind" else world["open_task"]
            if ("/invited/" in route or "/invitations/" in route) and name in ("kind", "subject_id", "code"):
                value = {"kind": "task", "subject_id": world["invited_task"], "code": world["invitation"]}[name]
            if "searches/" in route and name == "kind":
                value = "task"
            if public and name == "campaign_id":
                value = world["public"]
            if missing and name.endswith("_id"):
                value = uuid4()
            path = path.replace(f"<{kind}:{name}>", str(value))
    return f"/{path}"


def status(client: Client, method: str, path: str) -> int:
    """What comes back; whatever it did is undone."""
    more = {"HTTP_IDEMPOTENCY_KEY": uuid4().hex} if path.startswith("/api/v1") else {}
    kind = "application/json" if path.startswith("/api/v1") else "application/x-www-form-urlencoded"
    with transaction.atomic():
        body = BODIES.get(path.rsplit("/", 1)[-1], {}) if "/pledges/" not in path or "cancel" not in path else {}
        body = PUTS.get(_last_word(path), PROFILE if "/projects/" in path else TERMS) if method == "PUT" else body
        cookies = client.cookies.copy()
        reply = client.generic(method, path, json.dumps(body) if more else "", content_type=kind, **more)
        client.cookies = cookies  # what signs out here is signed in again for the next row
        transaction.set_rollback(True)
    return reply.status_code


def row(route: str, method: str, world: dict, *, public: bool = False) -> str:
    owner = "backer" if any(name in route for name in BACKERS_OWN) else "maker"
    path = filled(route, world, public=public)
    found = [status(world["clients"][owner if role == "owner" else role], method, path) for role in ROLES]
    name = f"{route}{'  (public)' if public else ''}"
    return f"{method:6} {name:74} " + " ".join(str(code) for code in found)


def rows(world: dict) -> list[str]:
    found = [f"{'method':6} {'route':74} " + " ".join(ROLES)]
    for route in every_route():
        methods = ("GET", "POST", "PUT", "DELETE") if route.startswith("api/v1") else ("GET", "POST")
        for method in methods:
            lines = [row(route, method, world)]
            if any(name in route for name in ("campaign_id", "passport_id", "task_id", "job_id", "solicitation_id")):
                lines.append(row(route, method, world, public=True))
            found += [line for line in lines if set(line.split()[-7:]) != {"405"}]
    return found


def test_every_route_and_method_answers_each_role_as_its_row_says(world):
    found = rows(world)
    if os.environ.get("WRITE_MATRIX"):
        TABLE.write_text("\n".join(found) + "\n", encoding="utf-8")
    known = TABLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in found if line not in known] == []
    assert [line for line in known if line not in found] == []
    assert not [line for line in found if any(code.startswith("5") for code in line.split()[-7:])]


def test_what_is_missing_is_not_found_for_whoever_could_see_it(world):
    wrong = []
    for route in every_route():
        if "_id>" not in route:
            continue
        path = filled(route, world, missing=True)
        for role, client in world["clients"].items():
            for method in ("GET", "POST"):
                code = status(client, method, path)
                if code not in (302, 400, 401, 403, 404, 405):
                    wrong.append((method, path, role, code))
    assert wrong == []


FIELDS = (
    "reason", "title", "body", "text", "name", "summary", "story", "risks", "promise", "cost", "note", "facts", "number",
    "issuer", "identifier", "code", "shown_name", "role", "login", "holder", "recipient", "phone", "street", "region",
    "tracking_no", "carrier", "purpose", "terms", "diligence", "conflicts", "questions", "answer", "uscc", "county",
    "passport", "category", "q", "back", "remark", "ruling",
)  # fmt: skip


def test_a_nul_in_a_form_is_an_answer_and_not_a_fault(world):
    """PostgreSQL keeps no NUL; whoever types one is told so, or it is dropped, and nothing breaks."""
    faults = []
    for route in every_route():
        if route.startswith("api/"):
            continue
        path = filled(route, world)
        for role in ("maker", "backer", "moderator", "finance"):
            client = world["clients"][role]
            cookies = client.cookies.copy()
            with transaction.atomic():
                code = client.post(path, dict.fromkeys(FIELDS, "那么\x00长的一句话，足够十个字")).status_code
                transaction.set_rollback(True)
            client.cookies = cookies
            asked = client.get(path, dict.fromkeys(FIELDS, "\x00")).status_code
            if max(code, asked) >= 500:
                faults.append((path, role, code, asked))
    assert faults == []


@pytest.mark.parametrize("scope", ["read", "pledge", "campaigns"])
def test_a_token_reaches_no_further_than_its_scopes(db, scope):
    maker = person()
    reply = Client().post(
        "/api/v1/campaigns", {}, content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {token_of(maker, {scope})}", HTTP_IDEMPOTENCY_KEY=uuid4().hex,
    )  # fmt: skip
    assert reply.status_code == (201 if scope == "campaigns" else 403)
    assert Campaign.objects.filter(owner_id=maker.party_id).count() == (1 if scope == "campaigns" else 0)


def test_a_token_never_carries_a_staff_role(db):
    user = person()
    accounts.appoint(user=user, role="finance")
    reply = Client().get("/api/v1/finance/payouts", HTTP_AUTHORIZATION=f"Bearer {token_of(user)}")
    assert reply.status_code == 403


def test_staff_without_their_second_factor_are_nobody(db):
    for role, path, api in (
        ("moderator", "/review/", f"/api/v1/campaigns/{uuid4()}/approval"),
        ("finance", "/finance/", "/api/v1/finance/payouts"),
    ):
        user = person(name=role)
        accounts.appoint(user=user, role=role)
        user.refresh_from_db()
        client = signed_in(user)
        assert client.get(path).status_code == 403
        assert (
            client.generic(
                "POST" if role == "moderator" else "GET", api, "{}", content_type="application/json"
            ).status_code
            == 403
        )
        assert client.get("/back-office/").status_code == 302


def subclasses(model: type[Stateful]) -> list[type[Stateful]]:
    return [one for child in model.__subclasses__() for one in (child, *subclasses(child))]


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_each_move_is_refused_to_every_role_that_the_table_does_not_name(db, name):
    model = next(one for one in subclasses(Stateful) if not one._meta.abstract and one.machine.name == name)
    machine, at = MACHINES[name], clock.now()
    for move in machine.moves:
        for source in move.sources:
            for role in Role:
                lone = model(pk=uuid4(), state=source)
                expected = MoveRefused if role in machine.step(move.event, source).roles else MoveForbidden
                with pytest.raises(expected):  # the row does not exist, so an allowed move finds nothing to move
                    lone.move(move.event, by=Actor(None, None, frozenset({role})), at=at)


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda one: one._meta.label))
def test_the_back_office_shows_everything_and_changes_nothing(world, model):
    base = f"/back-office/{model._meta.app_label}/{model._meta.model_name}"
    for role in ("moderator", "finance", "auditor"):
        client = world["clients"][role]
        assert client.get(f"{base}/").status_code == 200
        assert client.get(f"{base}/add/").status_code == 403
        row_ = model._default_manager.first()
        if row_ is not None:
            assert client.get(f"{base}/{row_.pk}/delete/").status_code == 403
            assert client.post(f"{base}/{row_.pk}/change/", {}).status_code == 403
            acted = client.post(f"{base}/", {"action": "delete_selected", "_selected_action": [str(row_.pk)]})
            assert acted.status_code in (302, 403, 200)
            assert model._default_manager.filter(pk=row_.pk).exists()
    for role in ("nobody", "stranger", "maker"):
        assert world["clients"][role].get(f"{base}/").status_code == 302


def test_a_form_without_its_token_is_refused(db):
    maker = person()
    client = Client(enforce_csrf_checks=True)
    client.force_login(maker, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/create/").status_code == 403
    assert not Campaign.objects.filter(owner_id=maker.party_id).exists()


def test_a_socket_opens_for_what_is_public_and_for_nothing_else(site):
    public, _tier = live_campaign()
    private = draft(person())

    async def first(path: str) -> object:
        address = f"ws://localhost:{SITE_PORT + 1}/{path}"
        try:
            async with websockets.connect(address, origin=site, open_timeout=5) as connected:
                return json.loads(await asyncio.wait_for(connected.recv(), 5))
        except (websockets.WebSocketException, OSError):
            return "refused"

    def watch(path: str) -> object:
        seen: list[object] = []
        thread = Thread(target=lambda: seen.append(asyncio.run(first(path))))
        thread.start()
        thread.join(15)
        return seen[0]

    assert watch(f"ws/campaigns/{public.pk}/") == {"raised_fen": 0, "pledges": 0, "percent": 0, "state": "live"}
    for path in (
        f"ws/campaigns/{private.pk}/",
        f"ws/campaigns/{uuid4()}/",
        "ws/",
        "ws/campaigns/x/",
        "ws/finance/",
        "ws/inbox/",
    ):
        assert watch(path) == "refused", path


def test_an_inbox_tells_its_owner_what_is_unread_until_the_session_ends(site):
    owner, other, heard = person(), person(), Queue()
    client = Client()
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    async def watch() -> None:
        address = f"ws://localhost:{SITE_PORT + 1}/ws/inbox/"
        async with websockets.connect(address, origin=site, additional_headers={"Cookie": cookie}) as connected:
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    heard.put(json.loads(await connected.recv()))
        heard.put(connected.close_code)

    def tell(*parties: UUID) -> None:
        notifications.tell(parties, key=str(uuid4()), kind=next(iter(KINDS)), zh="到了", en="here", at=clock.now())

    thread = Thread(target=lambda: asyncio.run(watch()), daemon=True)
    thread.start()
    assert heard.get(timeout=15) == {"unread": 0}
    tell(other.party_id)
    tell(other.party_id, owner.party_id)
    assert heard.get(timeout=15) == {"unread": 1}
    client.logout()
    tell(owner.party_id)
    assert heard.get(timeout=15) == 4401
    thread.join(15)
