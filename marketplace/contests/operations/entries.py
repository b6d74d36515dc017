"""Entries: begun, given files, handed in as a proof of their hash, replaced or taken back until the window ends (参赛)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import people_behind
from backend.common import files, richtext
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.rules import SHANGHAI
from backend.judging.operations import calls, proofs
from backend.judging.operations.shared import move_application
from backend.judging.states import Sitting, Standing
from backend.moderation import screening
from marketplace.contests.errors import EntriesClosed, EntryLimit, NotFinalist, OwnContest, PledgeNeeded
from marketplace.contests.models import FINAL, SHOWN, SOURCE, Contest, Entry, EntryFile
from marketplace.contests.operations import rounds, secrecy
from marketplace.contests.operations.shared import KIND, held, is_affiliated, may_see, show
from marketplace.contests.states import Running
from marketplace.postings import SCOPE

LEAST_WORDS, MOST_WORDS, MOST_FILES = 10, 5_000, 10


def _require_open(contest: Contest, at: datetime, entry: Entry | None = None) -> None:
    if not contest.takes_entries(at) or entry is not None and entry.stage != contest.stage:
        closes_at = contest.closes_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if contest.closes_at else "—"
        raise EntriesClosed(closes_at=closes_at)


def _entrant(contest: Contest, by: Actor) -> UUID:
    """Whose entry it would be.

    Raises:
        NotFound: the contest is not there for them.
        Forbidden: the hat's mandate does not cover work.
        OwnContest: the host, a judge, or somebody who belongs to them.
        NotFinalist: the final, and the first round did not choose them.
        PledgeNeeded: something of the brief is secret, and they have not promised to keep it.
    """
    if by.party_id is None or not may_see(contest, by):
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    if is_affiliated(contest, by) or _judges(contest, by):
        raise OwnContest
    if contest.state == Running.FINAL and by.party_id not in rounds.chosen(contest):
        raise NotFinalist
    if contest.secrecy_years and not secrecy.has_promised(contest, by):
        raise PledgeNeeded
    return by.party_id


def limit_of(contest: Contest) -> int:
    """How many works one entrant may have in the round at hand; in a final one."""
    return 1 if contest.stage == FINAL else contest.entry_limit


def _judges(contest: Contest, by: Actor) -> bool:
    call = calls.call_of(KIND, contest.pk)
    sitting = call.judges.filter(state__in=Sitting.SEATED)
    return sitting.filter(party__in=people_behind(by.party_id, by.person_id)).exists()


@transaction.atomic
def begin(*, contest_id: UUID, title: str, text: str, by: Actor, at: datetime) -> Entry:
    """A new entry of one's own, to be given files and handed in (新建作品).

    Raises:
        EntriesClosed: outside the window, by the server's clock.
        OwnContest: the host, a judge, or somebody who belongs to them.
        EntryLimit: as many as the contest allows are there.
        LevelTooLow, Invalid: all that fail, together.
    """
    contest = held(contest_id)
    entrant_id = _entrant(contest, by)
    _require_open(contest, at)
    party = Party.objects.get(pk=entrant_id)
    mine = Entry.objects.filter(contest=contest, entrant=party, stage=contest.stage)
    counted = mine.exclude(application__state=Standing.WITHDRAWN).count()
    refuse_any(
        [
            *limits.failures(party, "work", at=at),
            EntryLimit(most=limit_of(contest)) if counted >= limit_of(contest) else None,
            *_check(title, text),
        ]
    )
    entry = Entry(
        contest=contest,
        stage=contest.stage,
        entrant=party,
        person_id=by.person_id or entrant_id,
        made_at=at,
        changed_at=at,
    )
    _fill(entry, title, text)
    entry.save(force_insert=True)
    return entry


def _check(title: str, text: str) -> list[Refusal | None]:
    return [
        Invalid("请填写作品名", "Give it a name", field="title") if not clean_name(title) else None,
        Invalid(f"创作说明须为 {LEAST_WORDS} 至 {MOST_WORDS} 字", f"{LEAST_WORDS} to {MOST_WORDS} characters", field="text")
        if not LEAST_WORDS <= len(text.strip()) <= MOST_WORDS
        else None,
        Invalid("作品中请勿填写联系方式或链接", "Leave out contacts and links", field="text")
        if next(screening.contacts("text", f"{title}\n{text}"), None) is not None
        else None,
    ]  # fmt: skip


def _fill(entry: Entry, title: str, text: str) -> None:
    entry.title, entry.text = clean_name(title)[:60], text.strip()
    entry.html = richtext.render(entry.text)


def own(entry_id: UUID, by: Actor) -> tuple[Contest, Entry]:
    """One's own entry and its contest, both rows held, the contest's first.

    Raises:
        NotFound: none of this hat.
        Forbidden: the hat's mandate does not cover work.
    """
    found = Entry.objects.filter(pk=entry_id, entrant_id=by.party_id).values_list("contest_id", flat=True).first()
    if by.party_id is None or found is None:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    contest = held(found)
    entry = Entry.objects.select_for_update(of=("self",)).select_related("application").get(pk=entry_id)
    entry.contest = contest
    return contest, entry


@transaction.atomic
def write(*, entry_id: UUID, title: str, text: str, by: Actor, at: datetime) -> Entry:
    """Change an entry's name and words while entries are taken; what was handed in is handed in anew (修改作品)."""
    contest, entry = own(entry_id, by)
    _require_open(contest, at, entry)
    refuse_any(_check(title, text))
    _fill(entry, title, text)
    _changed(entry, by, at)
    return entry


def _changed(entry: Entry, by: Actor, at: datetime) -> None:
    entry.changed_at = at
    entry.save()
    if entry.application is not None and entry.application.state == Standing.SUBMITTED:
        _seal(entry, at)
        entry.application.call = calls.call_of(KIND, entry.contest_id)
        move_application(entry.application, "replace", by=by.wears(Role.WORKER), at=at)


def attach(*, entry_id: UUID, use: str, name: str, body: bytes, by: Actor, at: datetime) -> EntryFile:
    """Add a file: a picture to be judged by, or a source for the host that is kept back until the prize is paid (上传作品文件).

    Raises:
        EntriesClosed: outside the window.
        Invalid: a file that is not taken, one that is there, or too many.
    """
    if use not in (SHOWN, SOURCE):
        raise Invalid("没有这个选项", "There is no such choice", field="use")
    _require_change(entry_id, by, at)
    kept = files.keep(name, body)
    if use == SHOWN and kept.mime == "application/pdf":
        raise Invalid(
            "评审展示请上传图片；PDF 作为源文件上传", "Show pictures; hand in a PDF as a source", field="file"
        )
    with transaction.atomic():
        contest, entry = own(entry_id, by)
        _require_open(contest, at, entry)
        if entry.files.count() >= MOST_FILES:
            raise Invalid(f"最多 {MOST_FILES} 个文件", f"At most {MOST_FILES} files", field="file")
        try:
            with transaction.atomic():
                made = EntryFile.objects.create(entry=entry, use=use, **vars(kept))
        except IntegrityError as error:
            raise Invalid("这份文件已在作品中", "This file is there already", field="file") from error
        _changed(entry, by, at)
        return made


@transaction.atomic
def _require_change(entry_id: UUID, by: Actor, at: datetime) -> None:
    """Look before a file is kept."""
    contest, entry = own(entry_id, by)
    _require_open(contest, at, entry)


@transaction.atomic
def detach(*, file_id: UUID, by: Actor, at: datetime) -> None:
    """Take a file out of an entry (移除作品文件)."""
    entry_id = EntryFile.objects.filter(pk=file_id).values_list("entry_id", flat=True).first()
    if entry_id is None:
        raise NotFound
    contest, entry = own(entry_id, by)
    _require_open(contest, at, entry)
    EntryFile.objects.filter(pk=file_id).delete()
    _changed(entry, by, at)


def digest_of(entry: Entry) -> str:
    """The SHA-256 of what an entry is: name, words, and the hashes of its files as they came, as JSON with sorted keys."""
    body = {
        "title": entry.title,
        "text": entry.text,
        "files": sorted(entry.files.values_list("received_sha256", flat=True)),
    }
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _seal(entry: Entry, at: datetime) -> None:
    """Put the hash of the entry as it is now on record, before anybody else sees it (O1p)."""
    digest = digest_of(entry)
    if digest == entry.digest:
        return
    entry.digest = digest
    entry.proof_id = proofs.record(party_id=entry.entrant_id, title=entry.title, sha256=digest, at=at).pk
    entry.save(update_fields=["digest", "proof_id"])


@transaction.atomic
def hand_in(*, entry_id: UUID, by: Actor, at: datetime) -> Entry:
    """Enter the contest with it; until the window ends it can be changed or taken back (提交作品).

    Raises:
        EntriesClosed, OwnContest, EntryLimit: as for a new one.
        Invalid: nothing to be judged by.
        MoveRefused: it is handed in.
    """
    contest, entry = own(entry_id, by)
    _entrant(contest, by)
    _require_open(contest, at, entry)
    if not entry.files.filter(use=SHOWN).exists() and len(entry.text) < 100:
        raise Invalid(
            "请上传至少一张评审图片，或写满 100 字的说明",
            "Add a picture, or write 100 characters at least",
            field="file",
        )
    counted = Entry.objects.filter(
        contest=contest, stage=contest.stage, entrant=entry.entrant_id, application__state=Standing.SUBMITTED
    )
    if counted.exclude(pk=entry.pk).count() >= limit_of(contest):
        raise EntryLimit(most=limit_of(contest))
    call = calls.call_of(KIND, contest.pk)
    if entry.application is None:
        entry.application = calls.apply(
            call=call, party_id=entry.entrant_id, person_id=by.person_id or entry.entrant_id, at=at
        )
        entry.save(update_fields=["application"])
    else:
        entry.application.call = call
        entry.application.submitted_at = at
        move_application(entry.application, "return", by=by.wears(Role.WORKER), at=at)
    _seal(entry, at)
    _count(contest)
    return entry


@transaction.atomic
def withdraw(*, entry_id: UUID, by: Actor, at: datetime) -> Entry:
    """Take an entry back while entries are taken (撤回作品)."""
    contest, entry = own(entry_id, by)
    _require_open(contest, at, entry)
    if entry.application is None:
        raise Invalid("作品尚未提交", "It is not handed in", field="entry")
    entry.application.call = calls.call_of(KIND, contest.pk)
    move_application(entry.application, "withdraw", by=by.wears(Role.WORKER), at=at)
    _count(contest)
    return entry


def _count(contest: Contest) -> None:
    submitted = contest.entries.filter(stage=contest.stage, application__state=Standing.SUBMITTED)
    contest.entries_n = submitted.count()
    contest.save(update_fields=["entries_n"])
    show(contest)
