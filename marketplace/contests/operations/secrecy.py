"""What of a brief is secret: promised to be kept before it is read, and every reading on record (保密协议)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.days import years_after
from backend.common.errors import Forbidden, Invalid, NotFound, refuse_any
from backend.common.rules import SHANGHAI
from backend.judging.models import Judge
from backend.judging.operations import proofs
from backend.judging.states import Sitting
from marketplace.contests.errors import PledgeClosed, PledgeNeeded
from marketplace.contests.models import Contest, ContestFile, Pledge, SecretRead
from marketplace.contests.operations import rounds
from marketplace.contests.operations.shared import KIND, held, may_see
from marketplace.contests.states import Running
from marketplace.postings import SCOPE

SIGNER, STAFF = "signer", "staff"


def pledge_text(contest: Contest, promiser: str) -> str:
    """What is promised, whole: nothing of it is written anywhere else (保密协议正文).

    Source: 《民法典》 art. 501 (secrets learnt in making a contract are kept, whether it is made or not).
    """
    return (
        f"保密协议\n\n"
        f"披露方：{contest.owner.name}（《{contest.title}》的主办方）\n"
        f"承诺方：{promiser}\n"
        f"保密内容：《{contest.title}》的保密说明和保密附件，摘要（SHA-256）{digest_of(contest)}\n\n"
        f"一、承诺方只为参加或评审本赛事使用保密内容，不向任何他人披露，不用于其他目的。\n"
        f"二、承诺方须让确需接触的人员负同样的义务，并对其行为负责。\n"
        f"三、已为公众所知、承诺方此前已合法知悉、或依法必须披露的内容不受本协议限制。\n"
        f"四、保密期自签署之日起 {contest.secrecy_years} 年，不因赛事结束、未入选或未获奖而终止。\n"
        f"五、违反本协议的，依《民法典》第五百零一条及有关法律承担责任。\n"
        f"六、签署以平台记录为准：签署人、时间和本文摘要随签署存证，保密内容的每次查阅均有记录，主办方可见。\n"
    )


def text_for(contest: Contest, by: Actor) -> str:
    """What somebody would sign, under the hat they wear."""
    party = Party.objects.filter(pk=by.party_id).first() if by.party_id is not None else None
    return pledge_text(contest, party.name if party else "")


def hash_of(text: str) -> str:
    """The SHA-256 of a promise's words, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(contest: Contest) -> str:
    """The SHA-256 of what is secret: the words, then the hashes of the secret files in order."""
    hashes = contest.files.filter(is_secret=True).order_by("received_sha256").values_list("received_sha256", flat=True)
    return hashlib.sha256("\n".join([contest.secret, *hashes]).encode()).hexdigest()


def has_promised(contest: Contest, by: Actor) -> bool:
    """Whether the person at hand has promised, under the hat they wear."""
    if by.person_id is None or by.party_id is None:
        return False
    return Pledge.objects.filter(contest=contest, person=by.person_id, party=by.party_id).exists()


def may_promise(contest: Contest, by: Actor) -> bool:
    """Whether it is of use to somebody: whoever may still enter, the finalists' people, and those who judge."""
    if not contest.secrecy_years or by.party_id is None or by.party_id == contest.owner_id:
        return False
    if contest.state == Running.OPEN:
        return True
    if contest.state not in (Running.JUDGING, Running.PUBLICITY, Running.FINAL):
        return False
    if contest.state == Running.FINAL and by.party_id in rounds.chosen(contest):
        return True
    seats = Judge.objects.filter(call__subject_kind=KIND, call__subject_id=contest.pk, state__in=Sitting.SEATED)
    return seats.filter(party=by.person_id).exists()


@transaction.atomic
def promise(*, contest_id: UUID, sha256: str, by: Actor, at: datetime) -> Pledge:
    """Sign the promise whose hash was shown; again changes nothing (签署保密协议).

    Raises:
        NotFound: no such contest for this reader, or nothing of it is secret.
        Forbidden: the hat's mandate does not cover work.
        PledgeClosed: nobody new is shown the secret now.
        Invalid: what was shown is not what would be signed.
        LevelTooLow: not verified.
    """
    contest = held(contest_id)
    if by.person_id is None or by.party_id is None or not may_see(contest, by) or not contest.secrecy_years:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    found = Pledge.objects.filter(contest=contest, person=by.person_id, party=by.party_id).first()
    if found is not None:
        return found
    if not may_promise(contest, by):
        raise PledgeClosed
    party = Party.objects.get(pk=by.party_id)
    refuse_any(limits.failures(party, "work", at=at))
    text = text_for(contest, by)
    digest = hash_of(text)
    if sha256 != digest:
        raise Invalid("协议内容已变更，请重新阅读后签署", "It has changed: read it again, then sign", field="sha256")
    proof = proofs.record(party_id=party.pk, title=f"保密协议：{contest.title}", sha256=digest, at=at)
    return Pledge.objects.create(
        contest=contest,
        party=party,
        person_id=by.person_id,
        text=text,
        sha256=digest,
        proof_id=proof.pk,
        at=at,
        until=years_after(at.astimezone(SHANGHAI), contest.secrecy_years),
    )


@transaction.atomic
def read(
    *, contest_id: UUID, file_id: UUID | None = None, by: Actor, at: datetime
) -> tuple[Contest, ContestFile | None]:
    """What is secret, for its host, who promised, and staff; whoever is not the host is put on record (查阅保密内容).

    Raises:
        NotFound: no such contest for this reader, nothing of it is secret, or no such file.
        PledgeNeeded: not promised.
    """
    contest = Contest.objects.select_related("owner").filter(pk=contest_id).first()
    if contest is None or not may_see(contest, by) or not contest.secrecy_years:
        raise NotFound
    role = _door(contest, by)
    file = ContestFile.objects.filter(pk=file_id, contest=contest, is_secret=True).first() if file_id else None
    if file_id is not None and file is None:
        raise NotFound
    if role and by.person_id is not None:
        SecretRead.objects.create(
            contest=contest,
            person_id=by.person_id,
            file_name=file.name if file else "",
            file_sha256=file.sha256 if file else "",
            role=role,
            at=at,
        )
    return contest, file


def _door(contest: Contest, by: Actor) -> str:
    """By what right somebody reads it; empty for the host."""
    if by.party_id is not None and by.party_id == contest.owner_id:
        return ""
    if has_promised(contest, by):
        return SIGNER
    if by.roles & {Role.MODERATOR, Role.AUDITOR}:
        return STAFF
    raise PledgeNeeded
