"""Documents that prove something of a venture: filed once, checked by a moderator, valid for a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.operations import clean_name
from backend.common import files, outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Invalid, NotFound, refuse_any
from backend.moderation import operations as moderation
from backend.projects.errors import FactKnown, FactTaken, NotWritable
from backend.projects.events import EvidenceMoved
from backend.projects.kinds import DOCUMENTS
from backend.projects.models import Evidence
from backend.projects.operations.passports import enqueue, leave_queue, locked, require_holder, require_neutral, touch
from backend.projects.states import Proving, Showing

MOST_OF_A_PASSPORT = 60


@dataclass(frozen=True)
class Fact:
    """What a founder says of a document."""

    kind: str
    number: str
    issuer: str
    valid_from: date | None
    valid_until: date | None


@transaction.atomic
def file_document(*, passport_id: UUID, fact: Fact, name: str, body: bytes, by: Actor, at: datetime) -> Evidence:
    """File a document of a venture (提交凭证).

    Raises:
        NotWritable: the passport is taken down or archived.
        FactKnown: it is filed or verified already; nobody types a verified fact again.
        FactTaken: it is verified for another venture.
        Invalid: all that is wrong, together.
    """
    passport = locked(passport_id)
    require_holder(passport, by)
    if passport.state not in (*Showing.WRITABLE, Showing.REVIEW):
        raise NotWritable
    number, issuer = "".join(fact.number.split()).upper()[:40], clean_name(fact.issuer)[:60]
    today = at.astimezone(rules.SHANGHAI).date()
    refuse_any(
        [
            None if fact.kind in DOCUMENTS else Invalid("没有这个选项", "There is no such choice", field="kind"),
            None if number else Invalid("请填写编号", "Enter its number", field="number"),
            None if issuer else Invalid("请填写出具单位", "Say who issued it", field="issuer"),
            Invalid("凭证已过有效期", "It is no longer valid", field="valid_until")
            if fact.valid_until is not None and fact.valid_until < today
            else None,
            Invalid("有效期止须不早于起", "It ends before it begins", field="valid_until")
            if fact.valid_from is not None and fact.valid_until is not None and fact.valid_until < fact.valid_from
            else None,
        ]
    )
    _require_new(passport_id, fact.kind, number)
    if Evidence.objects.filter(passport=passport).count() >= MOST_OF_A_PASSPORT:
        raise Invalid("凭证数量已达上限", "There are too many documents", field="file")
    kept = files.keep(name, body)
    made = Evidence(
        passport=passport,
        kind=fact.kind,
        number=number,
        issuer=issuer,
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
        name=kept.name,
        mime=kept.mime,
        size=kept.size,
        sha256=kept.sha256,
        filed_at=at,
        due_at=at + rules.days("projects.check_days", at=at),
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise FactKnown(field="number") from error
    touch(passport, at)
    if passport.state != Showing.DRAFT:
        enqueue(passport, at)
    return made


def _require_new(passport_id: UUID, kind: str, number: str) -> None:
    same = Evidence.objects.filter(kind=kind, number=number)
    if same.filter(passport_id=passport_id, state__in=Proving.STANDING).exists():
        raise FactKnown(field="number")
    if same.filter(state=Proving.VERIFIED).exists():
        raise FactTaken(field="number")


def _held(evidence_id: UUID) -> Evidence:
    """A document, its passport's row held before its own."""
    passport_id = Evidence.objects.filter(pk=evidence_id).values_list("passport_id", flat=True).first()
    if passport_id is None:
        raise NotFound
    locked(passport_id)
    return (
        Evidence.objects.select_for_update(of=("self",), no_key=True)
        .select_related("passport__holder")
        .get(pk=evidence_id)
    )


def _step(document: Evidence, event: str, *, by: Actor, at: datetime, remark: str = "") -> None:
    document.move(event, by=by, at=at, reason=remark)
    document.due_at = _end_of(document.valid_until) if document.state == Proving.VERIFIED else None
    if Role.MODERATOR in by.roles:
        document.checked_by, document.checker, document.checked_at = by.person_id, by.name[:60], at
    document.remark = remark[:300] or document.remark
    document.save(update_fields=["due_at", "checked_by", "checker", "checked_at", "remark"])
    outbox.record(EvidenceMoved(at=at, evidence_id=document.id, holder_id=document.passport.holder_id, move=event))


def _end_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), rules.SHANGHAI)


def _check(event: str) -> Callable[[UUID, str, Actor, datetime], Evidence]:
    @transaction.atomic
    def check(evidence_id: UUID, reason: str, by: Actor, at: datetime) -> Evidence:
        document = _held(evidence_id)
        require_neutral(document.passport, by)
        if not reason.strip():
            raise Invalid("请写明核对了什么", "Say what you compared it with", field="reason")
        try:
            with transaction.atomic():
                _step(document, event, by=by, at=at, remark=reason.strip())
        except IntegrityError as error:
            raise FactTaken from error
        moderation.note(act=f"evidence.{event}", subject_id=document.pk, reason=reason, by=by, at=at)
        _leave_queue(document, by, at)
        return document

    return check


def _leave_queue(document: Evidence, by: Actor, at: datetime) -> None:
    """The last document of a passport that waits for nothing else takes it out of the queue."""
    passport = document.passport
    if passport.state == Showing.REVIEW or passport.evidence.filter(state=Proving.FILED).exists():
        return
    leave_queue(passport, "checked", "没有待核验的凭证", by, at)


verify = _check("verify")
decline = _check("decline")
revoke = _check("revoke")


@transaction.atomic
def withdraw(evidence_id: UUID, reason: str, by: Actor, at: datetime) -> Evidence:
    """The holder takes a document down (撤下凭证)."""
    document = _held(evidence_id)
    require_holder(document.passport, by)
    _step(document, "withdraw", by=by.wears(Role.OWNER), at=at)
    if document.passport.state == Showing.RETURNED:  # of a published one a moderator has still to read the words
        _leave_queue(document, SYSTEM, at)
    return document


@transaction.atomic
def advance(*, evidence_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes: nobody checked it, or it is no longer valid."""
    document = _held(evidence_id)
    if document.due_at is None or at < document.due_at:
        return
    if document.state == Proving.FILED:
        _step(document, "decline", by=CLOCK, at=at, remark="逾期未核验，请再次提交")
        if document.passport.state == Showing.RETURNED:
            _leave_queue(document, CLOCK, at)
    else:
        _step(document, "expire", by=CLOCK, at=at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Evidence]] = {
    "verify": verify,
    "decline": decline,
    "revoke": revoke,
    "withdraw": withdraw,
}
"""What is decided about a document, by name."""
