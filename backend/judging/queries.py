"""Every read of judging that spans rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import fmean, pstdev
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.judging import ranking
from backend.judging.models import (
    AGAINST,
    FOR,
    Application,
    Call,
    Judge,
    Likeness,
    Objection,
    ObjectionFile,
    Proof,
    Scoring,
)
from backend.judging.operations.objections import hears, looks_back_until
from backend.judging.operations.shared import criteria_of, ties_of
from backend.judging.states import Calling, Objecting, Sitting, Standing
from backend.judging.subjects import SUBJECTS, Work

A_HANDFUL = 200
MOST_WORKS = 500


def due(*, at: datetime) -> list[UUID]:
    """Calls whose clock has something to do."""
    return list(Call.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def objections_due(*, at: datetime) -> list[UUID]:
    """Objections whose clock has something to do."""
    return list(Objection.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def one(call_id: UUID) -> Call:
    """A call; it is as public as the thing it belongs to.

    Raises:
        NotFound: none.
    """
    found = Call.objects.select_related("owner").filter(pk=call_id).first()
    if found is None:
        raise NotFound
    return found


def readable(call_id: UUID, actor: Actor) -> Call:
    """A call of something that is there for this reader.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = one(call_id)
    if not SUBJECTS[found.subject_kind].may_see(found.subject_id, actor):
        raise NotFound
    return found


def url_of(application_id: UUID) -> str:
    """Where an application's call is read.

    Raises:
        NotFound: none.
    """
    found = Call.objects.filter(applications=application_id).values_list("url", flat=True).first()
    if found is None:
        raise NotFound
    return found


def of_subject(kind: str, subject_id: UUID) -> Call | None:
    """The call of a thing, that of its latest round."""
    return rounds_of(kind, subject_id).last()


def rounds_of(kind: str, subject_id: UUID) -> QuerySet[Call]:
    """The calls of a thing, in order of its rounds."""
    return Call.objects.select_related("owner").filter(subject_kind=kind, subject_id=subject_id).order_by("stage")


def by_code(code: str) -> Call:
    """The call that a judges' address opens.

    Raises:
        NotFound: none.
    """
    found = Call.objects.select_related("owner").filter(judge_code=code).first()
    if found is None:
        raise NotFound
    return found


def seat_of(call: Call, actor: Actor) -> Judge | None:
    """One's own seat on a panel."""
    return Judge.objects.filter(call=call, party_id=actor.person_id).first() if actor.person_id else None


def seats_of(person_id: UUID | None) -> QuerySet[Judge]:
    """The panels that a person sits on."""
    return Judge.objects.filter(party=person_id).select_related("call")


def panel(call: Call) -> list[Judge]:
    """Who sits on a panel, in order of invitation."""
    return list(call.judges.select_related("party").order_by("invited_at", "pk")[:50])


def may_judge(call: Call, actor: Actor) -> bool:
    """Whether somebody may see the works while they are judged: a judge that did not leave, the owner, a moderator."""
    if actor.party_id == call.owner_id or actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        return call.state != Calling.COLLECTING
    seat = seat_of(call, actor)
    return seat is not None and seat.state in (Sitting.DECLARED, Sitting.RISEN) and call.state != Calling.COLLECTING


@dataclass(frozen=True)
class Row:
    """One work with its application, what it resembles, one's own scores, who made it where that may be known, and whether one has a tie to them."""

    application: Application
    work: Work
    likenesses: tuple[Likeness, ...]
    mine: Scoring | None
    maker: str
    is_tied: bool


def rows(call: Call, actor: Actor) -> list[Row]:
    """The works of a call as those who judge them see them, those in place first; at most five hundred.

    Raises:
        NotFound: not for this reader.
    """
    if not may_judge(call, actor):
        raise NotFound
    seat = seat_of(call, actor)
    found = list(
        call.applications.exclude(state=Standing.WITHDRAWN).select_related("party").order_by("place", "no")[:MOST_WORKS]
    )
    keys = [one.pk for one in found]
    works = SUBJECTS[call.subject_kind].works(keys)
    tied = ties_of(seat.party_id, {one.party_id for one in found}, clock.now()) if seat else {}
    mine = {one.application_id: one for one in Scoring.objects.filter(application__in=keys, judge=seat)} if seat else {}
    alike: dict[UUID, list[Likeness]] = {}
    near = Likeness.objects.filter(application__in=keys).select_related("other__call").order_by("-percent", "pk")
    for one in near[: 5 * MOST_WORKS]:
        alike.setdefault(one.application_id, []).append(one)
    return [
        Row(
            application,
            works[application.pk],
            tuple(alike.get(application.pk, ())),
            mine.get(application.pk),
            application.party.masked_name if call.names_are_shown else "",
            application.party_id in tied,
        )
        for application in found
        if application.pk in works
    ]


@dataclass(frozen=True)
class Placed:
    """One work in a published result: its place, its maker's masked name, and what each judge gave, in points of 100."""

    application: Application
    maker: str
    totals: tuple[Decimal, ...]

    @property
    def score(self) -> str:
        """The counted mean in points, to two places; empty where the default held."""
        milli = self.application.score_milli
        return "" if milli is None else f"{Decimal(milli) / 1000:.2f}"


def result(call: Call) -> list[Placed]:
    """What everyone may read of a decided call, best first (公示); empty before."""
    if call.state not in Calling.DECIDED:
        return []
    found = list(
        call.applications.filter(place__isnull=False).select_related("party").order_by("place", "no")[:MOST_WORKS]
    )
    criteria = criteria_of(call)
    totals: dict[UUID, list[Decimal]] = {}
    counted = Scoring.objects.filter(application__in=[one.pk for one in found], is_counted=True)
    for one in counted.order_by("judge__invited_at", "judge_id"):
        total = ranking.total_of(one.marks, criteria)
        totals.setdefault(one.application_id, []).append(Decimal(total.numerator) / Decimal(total.denominator))
    return [Placed(one, one.party.masked_name, tuple(totals.get(one.pk, ()))) for one in found]


@dataclass(frozen=True)
class Lean:
    """How one judge marks beside the others: how many points above or below the mean of all, and how widely."""

    judge: int
    works: int
    above: float
    spread: float

    @property
    def centre(self) -> int:
        """Where a bar ends whose middle is the mean of all, of 100: two parts a point."""
        return max(0, min(100, round(50 + 2 * self.above)))


@dataclass(frozen=True)
class Fairness:
    """What shows whether a result is fair (公平面板): who wins how often with this owner, how judges differ, how long it took.

    `days` are from the end of the window to the first publication; `repeats` are winners' names with how many of this
    owner's calls they won before.
    """

    applied: int
    makers: int
    days: int | None
    leans: tuple[Lean, ...]
    repeats: tuple[tuple[str, int], ...]
    objections: int
    upheld: int
    disqualified: int


def fairness(call: Call) -> Fairness | None:
    """The figures of a decided call; None before."""
    if call.state not in Calling.DECIDED or call.closed_at is None or call.decided_at is None:
        return None
    live = call.applications.exclude(state=Standing.WITHDRAWN)
    sums = live.aggregate(
        n=Count("pk"),
        makers=Count("party", distinct=True),
        out=Count("pk", filter=Q(state__in=(Standing.DISQUALIFIED, Standing.REVOKED))),
    )
    said = call.objections.aggregate(n=Count("pk"), upheld=Count("pk", filter=Q(state=Objecting.UPHELD)))
    return Fairness(
        applied=sums["n"],
        makers=sums["makers"],
        days=(call.decided_at - call.closed_at).days,
        leans=tuple(_leans(call)),
        repeats=tuple(_repeats(call)),
        objections=said["n"],
        upheld=said["upheld"],
        disqualified=sums["out"],
    )


def _leans(call: Call) -> list[Lean]:
    criteria = criteria_of(call)
    points: dict[UUID, list[tuple[UUID, float]]] = {}
    for one in Scoring.objects.filter(judge__call=call, is_counted=True).order_by("pk")[: 15 * MOST_WORKS]:
        points.setdefault(one.judge_id, []).append((one.application_id, float(ranking.total_of(one.marks, criteria))))
    by_work: dict[UUID, list[float]] = {}
    for given in points.values():
        for key, total in given:
            by_work.setdefault(key, []).append(total)
    return [
        Lean(
            judge=number,
            works=len(given),
            above=fmean(total - fmean(by_work[key]) for key, total in given),
            spread=pstdev([total for _key, total in given]),
        )
        for number, given in enumerate(points.values(), 1)
    ]


def _repeats(call: Call) -> list[tuple[str, int]]:
    winners = call.applications.filter(state__in=(Standing.PROVISIONAL, Standing.AWARDED)).values("party_id")
    before = (
        Application.objects.filter(
            call__owner=call.owner_id,
            call__is_last=True,
            call__is_public=True,
            state=Standing.AWARDED,
            party__in=winners,
        )
        .exclude(call=call)
        .values("party_id")
        .annotate(n=Count("pk"))
        .order_by("-n", "party_id")[:20]
    )
    found = {row["party_id"]: row["n"] for row in before}
    return [(party.masked_name, found[key]) for key, party in Party.objects.in_bulk(list(found)).items()]


# --- objections -----------------------------------------------------------------------------------------------


def objections(call: Call) -> list[Objection]:
    """What was objected in a call, in order; at most two hundred."""
    return list(call.objections.select_related("application").order_by("raised_at", "pk")[:A_HANDFUL])


def may_object(application: Application, actor: Actor, at: datetime) -> str:
    """With what aim this reader may object to a work of a decided call now; empty where they may not."""
    if actor.party_id is None:
        return ""
    call, is_mine = application.call, application.party_id == actor.party_id
    if call.state == Calling.PUBLICITY and is_mine:
        return FOR if application.state == Standing.INELIGIBLE else ""
    until = looks_back_until(call)
    if call.state == Calling.PUBLICITY and application.state in Standing.LIVE:
        return AGAINST
    return AGAINST if until and at < until and application.state == Standing.AWARDED and not is_mine else ""


def objections_waiting() -> QuerySet[Objection]:
    """What waits for a decider."""
    return Objection.objects.filter(state__in=Objecting.OPEN).select_related("call", "application")


def objection_for(objection_id: UUID, actor: Actor) -> Objection:
    """An objection for whoever is a side of it: who raised it, who answers it, the owner, a moderator.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Objection.objects.select_related("call__owner", "application__party", "by").filter(pk=objection_id).first()
    if found is None:
        raise NotFound
    is_staff = bool(actor.roles & {Role.MODERATOR, Role.AUDITOR})
    if not is_staff and (
        actor.party_id is None or actor.party_id not in (found.by_id, hears(found), found.call.owner_id)
    ):
        raise NotFound
    return found


def objection_file(objection_id: UUID, file_id: UUID, actor: Actor) -> ObjectionFile:
    """A file of evidence.

    Raises:
        NotFound: none, or not for this reader.
    """
    objection_for(objection_id, actor)
    found = ObjectionFile.objects.filter(pk=file_id, objection_id=objection_id).first()
    if found is None:
        raise NotFound
    return found


# --- proofs ---------------------------------------------------------------------------------------------------


def proofs_of(party_id: UUID | None) -> QuerySet[Proof]:
    """A party's proofs."""
    return Proof.objects.filter(party=party_id)


def proof(proof_id: UUID) -> Proof:
    """One proof; whoever has its address may check it.

    Raises:
        NotFound: none.
    """
    found = Proof.objects.filter(pk=proof_id).first()
    if found is None:
        raise NotFound
    return found


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether works in judging keep a party's account from being closed."""
    mine = Application.objects.filter(party=party)
    if mine.filter(state__in=(*Standing.LIVE, Standing.INELIGIBLE)).exists():
        return "您有评审中的作品", "you have works that are being judged"
    if mine.filter(objections__state__in=Objecting.OPEN).exists():
        return "您获奖的作品有未裁定的异议", "a work of yours that won is objected to"
    return None


STANDING: dict[str, str] = {
    "call is settled and an objection of before is open (call, objection)": """
        SELECT c.id, o.id FROM judging_call c JOIN judging_objection o ON o.call_id = c.id
        WHERE c.state IN ('settled', 'void') AND o.raised_at < c.state_at
          AND o.state IN ('raised', 'answered', 'unanswered') ORDER BY 1, 2""",
    "work won without being in place, or before the call was settled (application, place)": """
        SELECT a.id, a.place FROM judging_application a JOIN judging_call c ON c.id = a.call_id
        WHERE a.state = 'awarded' AND (c.state <> 'settled' OR a.place > c.seats) ORDER BY 1""",
    "work stands before another with a better score (application, other)": """
        SELECT a.id, b.id FROM judging_application a JOIN judging_application b ON b.call_id = a.call_id
        WHERE a.place < b.place AND a.score_milli < b.score_milli
          AND a.state IN ('ranked', 'provisional', 'awarded', 'not_placed')
          AND b.state IN ('ranked', 'provisional', 'awarded', 'not_placed') ORDER BY 1, 2""",
    "place stayed empty though a work was next in line (call, place)": """
        SELECT a.call_id, min(a.place) FROM judging_application a JOIN judging_call c ON c.id = a.call_id
        WHERE c.state = 'settled' AND a.state = 'not_placed' AND a.place IS NOT NULL
          AND (SELECT count(*) FROM judging_application w WHERE w.call_id = c.id AND w.state = 'awarded') < c.seats
          AND NOT c.is_defaulted GROUP BY 1 ORDER BY 1""",
    "proof is not linked to the one before it (proof)": """
        SELECT p.id FROM judging_proof p LEFT JOIN judging_proof q ON q.no = p.no - 1
        WHERE p.no > 1 AND p.before IS DISTINCT FROM q.link ORDER BY 1""",
}
