"""The course of a call: opened, closed, tallied or decided by the published default, made public, settled (评审流程)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.db import transaction
from django.db.models import F

from backend.accounts.models import Party
from backend.common import ids, outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid, NotFound
from backend.judging import ranking
from backend.judging.errors import ScoresMissing
from backend.judging.events import CallReminded
from backend.judging.models import Application, Call, Judge, Objection, Scoring
from backend.judging.operations.shared import (
    as_owner,
    criteria_of,
    held,
    held_application,
    move,
    move_application,
    move_judge,
    move_objection,
    tell_of_application,
    tell_of_judge,
    ties_of,
)
from backend.judging.ranking import Criterion, Scored
from backend.judging.states import Calling, Objecting, Sitting, Standing


@dataclass(frozen=True)
class Terms:
    """How a call is judged: criteria (weights 100 together), places, tie rule, blind or not, days to judge and of publicity.

    `stage` counts the rounds of a thing; the winners of one that is not the last go on to the next.
    """

    criteria: tuple[Criterion, ...]
    seats: int
    tie_rule: str
    is_blind: bool
    judge_days: int
    publicity_days: int
    stage: int = 1
    is_last: bool = True
    is_public: bool = True


def open_call(*, subject: tuple[str, UUID], owner_id: UUID, title: str, url: str, terms: Terms, at: datetime) -> Call:
    """Begin to take applications for a thing of a higher package, in the caller's transaction."""
    call = Call(
        subject_kind=subject[0],
        subject_id=subject[1],
        stage=terms.stage,
        is_last=terms.is_last,
        is_public=terms.is_public,
        owner_id=owner_id,
        title=title[:60],
        url=url,
        criteria=[vars(one) for one in terms.criteria],
        seats=terms.seats,
        tie_rule=terms.tie_rule,
        is_blind=terms.is_blind,
        judge_days=terms.judge_days,
        publicity_days=terms.publicity_days,
        judge_code=ids.entropy(16).hex(),
        state_at=at,
    )
    call.save(force_insert=True)
    return call


def seat_again(call: Call, before: Call, *, at: datetime) -> None:
    """Ask the panel of an earlier round to judge the next one too, in the caller's transaction; each declares anew."""
    for seat in before.judges.filter(state=Sitting.RISEN).order_by("invited_at", "pk"):
        judge = Judge(call=call, party_id=seat.party_id, invited_at=at, state_at=at)
        judge.save(force_insert=True)
        tell_of_judge(judge, "invite", at)


def apply(*, call: Call, party_id: UUID, person_id: UUID, at: datetime) -> Application:
    """Take a work into a call whose row is held, in the caller's transaction; the number says nothing of who made it."""
    if call.state != Calling.COLLECTING:
        raise call.machine.refusal(call.state)
    call.applied_n += 1
    call.save(update_fields=["applied_n"])
    made = Application(
        call=call, party_id=party_id, person_id=person_id, no=call.applied_n, submitted_at=at, state_at=at
    )
    made.save(force_insert=True)
    tell_of_application(made, "apply", at)
    return made


def close(call: Call, *, at: datetime) -> None:
    """Take no more applications and begin to judge; without one the call is void. In the caller's transaction (截止)."""
    call.closed_at = at
    if not call.applications.filter(state=Standing.SUBMITTED).exists():
        _rise(call, at)
        move(call, "void", by=CLOCK, at=at, reason="没有作品")
        return
    if not call.judges.filter(state__in=Sitting.SEATED).exists():
        # who named nobody judges alone, if a person: entrants with a tie to the owner were refused
        owner = Party.objects.get(pk=call.owner_id)
        if owner.kind == Party.PERSON:
            Judge(call=call, party=owner, invited_at=at, state_at=at).save(force_insert=True)
    move(call, "close", by=CLOCK, at=at)


@transaction.atomic
def exclude(*, application_id: UUID, reason: str, by: Actor, at: datetime) -> Application:
    """The owner finds a work outside what was asked, for a reason that its maker reads and may object to (不符合要求).

    Raises:
        MoveRefused: it is placed already, or withdrawn.
        Invalid: no reason.
    """
    call, application = held_application(application_id)
    actor = as_owner(call, by)
    if call.state != Calling.JUDGING:
        raise call.machine.refusal(call.state)
    if len(reason.strip()) < 5:
        raise Invalid("请用至少 5 字写明理由，参评人可见", "Say why, in 5 characters at least", field="reason")
    move_application(application, "exclude", by=actor, at=at, reason=reason.strip())
    return application


@transaction.atomic
def shortlist(*, application_id: UUID, on: bool, by: Actor, at: datetime) -> Application:
    """Put a work among the finalists, who share the prizes should nobody decide, or take it out again (入围)."""
    call, application = held_application(application_id)
    actor = as_owner(call, by)
    if call.state != Calling.JUDGING:
        raise call.machine.refusal(call.state)
    move_application(application, "shortlist" if on else "drop", by=actor, at=at)
    return application


# --- from scores to a result ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """The scores of a call: those of judges who scored everything they have no tie to, by work; and how many are lacking."""

    complete: dict[UUID, list[Scoring]]
    lacking: int

    @property
    def is_enough(self) -> bool:
        """Whether every work has a score that counts."""
        return all(self.complete.values())


def sheet(call: Call, at: datetime) -> Sheet:
    """What declared judges gave the works that are judged; a judge who left one out does not count for any."""
    works = {one.pk: one for one in call.applications.filter(state__in=Standing.LIVE).order_by("no")}
    complete: dict[UUID, list[Scoring]] = {key: [] for key in works}
    lacking = 0
    for judge in call.judges.filter(state=Sitting.DECLARED).order_by("invited_at", "pk"):
        tied = ties_of(judge.party_id, {one.party_id for one in works.values()}, at)
        theirs = {key for key, one in works.items() if one.party_id not in tied}
        given = list(judge.scorings.filter(application__in=theirs).order_by("pk"))
        lacking += len(theirs) - len(given)
        if len(given) == len(theirs):
            for one in given:
                complete[one.application_id].append(one)
    return Sheet(complete, lacking)


@transaction.atomic
def tally(*, call_id: UUID, by: Actor, at: datetime) -> Call:
    """Rank all works by what the judges gave, and begin the publicity (公布评分结果).

    Raises:
        MoveRefused: not being judged.
        ScoresMissing: a judge has not scored every work.
    """
    call = held(call_id)
    actor = as_owner(call, by)
    call.machine.step("tally", call.state)
    found = sheet(call, at)
    if found.lacking or not found.is_enough:
        raise ScoresMissing(count=max(1, found.lacking))
    _publish(call, "tally", found, actor, at)
    return call


def _publish(call: Call, event: str, found: Sheet, by: Actor, at: datetime) -> None:
    """What counts is marked once, so that nothing that comes later changes the order of those who stay."""
    Scoring.objects.filter(judge__call=call).update(is_counted=False)
    keys = [one.pk for given in found.complete.values() for one in given]
    Scoring.objects.filter(pk__in=keys).update(is_counted=True)
    call.round_no += 1
    call.decided_at = call.decided_at or at
    _place(call, at)
    move(call, event, by=by, at=at)


def _place(call: Call, at: datetime) -> None:
    """Give every live work its place by the scores that count, and make the first ones provisional winners."""
    works = {one.pk: one for one in call.applications.select_for_update().filter(state__in=Standing.LIVE)}
    scores: dict[UUID, list[Scoring]] = {}
    for one in Scoring.objects.filter(application__in=works, is_counted=True).order_by("pk"):
        scores.setdefault(one.application_id, []).append(one)
    criteria, trim_from = criteria_of(call), rules.value("judging.trim_from", at=call.closed_at or at)
    entries = [
        Scored(
            key=key,
            totals=tuple(ranking.total_of(one.marks, criteria) for one in given),
            mains=tuple(int(one.marks[criteria[0].key]) for one in given),
            submitted_at=works[key].submitted_at,
        )
        for key, given in scores.items()
    ]
    groups = ranking.rank(entries, tie_rule=call.tie_rule, trim_from=trim_from)
    for place, entry in ranking.places(groups):
        works[entry.key].call = call
        mean = ranking.mean(entry.totals, trim_from=trim_from)
        _put(works[entry.key], place, mean, is_winner=place <= call.seats, at=at)


def _put(application: Application, place: int, mean: Fraction | None, *, is_winner: bool, at: datetime) -> None:
    application.place = place
    application.score_milli = None if mean is None else round(mean * 1000)
    if application.state == (Standing.PROVISIONAL if is_winner else Standing.RANKED):
        application.save(update_fields=["place", "score_milli"])
        return
    application.save(update_fields=["place", "score_milli"])  # a winner has a place
    move_application(application, "propose" if is_winner else "rank", by=SYSTEM, at=at)


def _default(call: Call, at: datetime) -> None:
    """Nobody decided: the finalists, or else all eligible works, are equal and share the prizes (逾期未评的默认处理)."""
    call.is_defaulted = True
    finalists = list(call.applications.select_for_update().filter(state=Standing.SHORTLISTED))
    winners = finalists or list(call.applications.select_for_update().filter(state=Standing.SUBMITTED))
    for application in winners:
        application.call = call
        _put(application, 1, None, is_winner=True, at=at)
    for rest in call.applications.select_for_update().filter(state=Standing.SUBMITTED).order_by("no"):
        rest.call = call
        _put(rest, len(winners) + 1, None, is_winner=False, at=at)
    call.round_no += 1
    call.decided_at = call.decided_at or at
    move(call, "default", by=CLOCK, at=at)


def place_again(call: Call, *, by: Actor, at: datetime) -> None:
    """After a work was disqualified: the next in line moves up, and a fresh publicity begins (递补并重新公示)."""
    if call.state == Calling.JUDGING:
        return
    call.round_no += 1
    if call.is_defaulted:
        _share_again(call, at)
    else:
        _place(call, at)
    move(call, "renew", by=by, at=at)


def _share_again(call: Call, at: datetime) -> None:
    """Where the default held and no finalist is left, the other works share the prizes."""
    if call.applications.filter(state=Standing.PROVISIONAL).exists():
        return
    for rest in call.applications.select_for_update().filter(state=Standing.RANKED).order_by("no"):
        rest.call = call
        _put(rest, 1, None, is_winner=True, at=at)


def revoke(application: Application, *, reason: str, by: Actor, at: datetime) -> None:
    """Take an award back after the result was settled: everybody stands where they would, had the work not been there (撤销奖项).

    The rows of the call and of the application are held, in the caller's transaction.
    """
    call, place = application.call, application.place or 0
    move_application(application, "revoke", by=by, at=at, reason=reason)
    application.place = None
    application.save(update_fields=["place"])
    others = call.applications.filter(state__in=(Standing.AWARDED, Standing.NOT_PLACED), place__isnull=False)
    others.filter(place__gt=place).update(place=F("place") - 1)
    heirs = others.select_for_update().filter(state=Standing.NOT_PLACED)
    if not call.is_defaulted:
        heirs = heirs.filter(place__lte=call.seats)
    elif others.filter(state=Standing.AWARDED).exists():
        heirs = heirs.none()  # those who shared by the default share what comes back
    for one in heirs.order_by("place", "no"):
        one.call = call
        move_application(one, "move_up", by=SYSTEM, at=at)


def judge_again(call: Call, *, by: Actor, at: datetime) -> None:
    """After a work was let in again: everybody is judged with it (重新评审)."""
    for one in call.applications.select_for_update().filter(state__in=Standing.PLACED).order_by("no"):
        one.call = call
        move_application(one, "judge_again", by=SYSTEM, at=at)
        one.place = one.score_milli = None
        one.save(update_fields=["place", "score_milli"])
    if call.state == Calling.PUBLICITY:
        call.is_defaulted = False
        move(call, "reopen", by=by, at=at)


# --- the clock ------------------------------------------------------------------------------------------------


@transaction.atomic
def advance(*, call_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat."""
    call = held(call_id)
    if call.due_at is None or call.due_at > at:
        return
    if call.state == Calling.JUDGING:
        _end_judging(call, at)
    elif call.state == Calling.PUBLICITY:
        _settle(call, at)


def _end_judging(call: Call, at: datetime) -> None:
    """The judges are reminded once; what they did not decide, the published default decides."""
    if call.until is not None and at < call.until:
        call.is_reminded, call.due_at = True, call.until
        call.save(update_fields=["is_reminded", "due_at"])
        outbox.record(CallReminded(at=at, call_id=call.pk, owner_id=call.owner_id))
        return
    waiting = call.objections.filter(state__in=Objecting.OPEN).exists()
    if waiting:
        call.due_at = at + rules.days("judging.remind_days", at=at)  # a finding comes first
        call.save(update_fields=["due_at"])
        return
    found = sheet(call, at)
    if found.is_enough:
        _publish(call, "tally", found, CLOCK, at)
    else:
        _default(call, at)


def _settle(call: Call, at: datetime) -> None:
    """The publicity is over: who is in place is awarded, unless something objected is not decided yet."""
    if call.objections.filter(state__in=Objecting.OPEN).exists():
        call.due_at = at + rules.days("judging.remind_days", at=at)
        call.save(update_fields=["due_at"])
        return
    for one in call.applications.select_for_update().filter(state=Standing.PROVISIONAL).order_by("place", "no"):
        one.call = call
        move_application(one, "award", by=CLOCK, at=at)
    rest = call.applications.select_for_update().filter(state__in=(Standing.RANKED, Standing.INELIGIBLE))
    for one in rest.order_by("no"):
        one.call = call
        move_application(one, "pass_over", by=CLOCK, at=at)
    _rise(call, at)
    move(call, "settle", by=CLOCK, at=at)


def _rise(call: Call, at: datetime) -> None:
    """The panel has done its work."""
    for judge in call.judges.select_for_update().filter(state__in=Sitting.SEATED).order_by("pk"):
        judge.call = call
        move_judge(judge, "rise", by=SYSTEM, at=at)


def void(call: Call, *, reason: str, at: datetime) -> None:
    """End a call whose row is held without a result, and everything in it; in the caller's transaction (终止)."""
    for one in call.applications.select_for_update().filter(state__in=(*Standing.LIVE, Standing.INELIGIBLE)):
        one.call = call
        move_application(one, "overtake", by=SYSTEM, at=at)
    for objection in Objection.objects.select_for_update().filter(call=call, state__in=Objecting.OPEN):
        objection.due_at = None
        move_objection(objection, "overtake", by=SYSTEM, at=at)
    _rise(call, at)
    move(call, "void", by=SYSTEM, at=at, reason=reason)


def call_of(kind: str, subject_id: UUID) -> Call:
    """The call of a thing, that of its latest round, its row held.

    Raises:
        NotFound: it has none.
    """
    rows = Call.objects.filter(subject_kind=kind, subject_id=subject_id).order_by("-stage")
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return held(found)
