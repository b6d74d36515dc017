"""Runners and their licences (接单人与证照): where they start, what they run, what they are licensed for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import encryption, files, outbox
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Forbidden, Invalid, NotFound, refuse_any
from backend.common.rules import SHANGHAI
from backend.moderation import operations as moderation
from marketplace.errands import geography
from marketplace.errands.errors import NotRegistered
from marketplace.errands.events import LicenceMoved
from marketplace.errands.kinds import KINDS, LICENCES
from marketplace.errands.models import Licence, Runner, Stop
from marketplace.errands.operations import hands
from marketplace.errands.operations.shared import held_runner, runner_of
from marketplace.errands.records import EAST, NORTH, SOUTH, WEST
from marketplace.errands.states import At, Licensed
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Affiliated

QUEUE = "licence"
REACH_MOST_KM = 50


@transaction.atomic
def register(
    *, place: tuple[float, float], reach_km: int, kinds: Sequence[str], takes_offers: bool, by: Actor, at: datetime
) -> Runner:  # fmt: skip
    """Say, or say anew, from where one starts, how far one goes and what one runs (登记接单).

    Raises:
        NotFound, Forbidden: not under this hat; a runner is a natural person.
        Invalid, Refusals: all that does not fit.
    """
    if by.party_id is None or by.person_id is None or by.party_id != by.person_id:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    party = Party.objects.get(pk=by.party_id)
    latitude, longitude = place
    is_place = SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST
    refuse_any(
        [
            *limits.failures(party, "work", at=at),
            None if is_place else Invalid("坐标不在中国境内", "The place is not in China", field="latitude"),
            None
            if 1 <= reach_km <= REACH_MOST_KM
            else Invalid(f"半径须为 1 至 {REACH_MOST_KM} 公里", f"1 to {REACH_MOST_KM} km", field="reach_km"),
            None
            if kinds and set(kinds) <= set(KINDS)
            else Invalid("至少选择一类", "Choose at least one kind", field="kinds"),
        ]
    )
    east, north = geography.on_map(latitude, longitude)
    terms = {
        "latitude": latitude,
        "longitude": longitude,
        "east": east,
        "north": north,
        "reach_km": reach_km,
        "kinds": [kind for kind in KINDS if kind in kinds],
        "takes_offers": takes_offers,
    }
    Runner.objects.get_or_create(party=party, defaults=terms | {"created_at": at})
    found = held_runner(party=party)
    if found is None:
        raise NotRegistered
    for name, value in terms.items():
        setattr(found, name, value)
    found.save()
    return found


@dataclass(frozen=True)
class Paper:
    """A licence as it is handed in; `picture` is its photo, name and content."""

    kind: str
    number: str
    valid_from: date
    valid_until: date
    picture: tuple[str, bytes] | None = None


def number_place(licence_id: UUID) -> str:
    """What a licence's number is sealed for."""
    return f"errands_licence.number:{licence_id}"


def hand_in(*, paper: Paper, by: Actor, at: datetime) -> Licence:
    """Hand a licence in to be checked (提交证照).

    Raises:
        NotRegistered: not a runner yet.
        Invalid: a kind that needs none, dates that are over, or one that waits to be checked already.
    """
    today = at.astimezone(SHANGHAI).date()
    number = clean_name(paper.number)
    fits = 4 <= len(number) <= 40 and number.isascii() and number.isalnum()
    refuse_any(
        [
            None if paper.kind in LICENCES else Invalid("这类任务不需要证照", "This kind needs no licence", field="kind"),
            None if fits else Invalid("证号须为 4 至 40 位字母或数字", "4 to 40 letters or digits", field="number"),
            None
            if paper.valid_from < paper.valid_until and paper.valid_until >= today
            else Invalid("有效期已过或起止颠倒", "It is over, or ends before it begins", field="valid_until"),
        ]
    )  # fmt: skip
    kept = files.keep_picture(*paper.picture)[0] if paper.picture else None
    with transaction.atomic():
        runner = runner_of(by)
        if runner.licences.filter(kind=paper.kind, state=Licensed.SUBMITTED).exists():
            raise Invalid("该证照正在核验", "This licence is being checked", field="kind")
        made = Licence(
            runner=runner,
            kind=paper.kind,
            number_masked=number[:2] + "*" * (len(number) - 4) + number[-2:],
            valid_from=paper.valid_from,
            valid_until=paper.valid_until,
            picture_sha256=kept.sha256 if kept else "",
            picture_mime=kept.mime if kept else "",
            created_at=at,
            due_at=datetime.combine(paper.valid_until + timedelta(days=1), time(0), SHANGHAI),
        )
        made.number_sealed = encryption.encrypt(number, place=number_place(made.pk))
        made.save(force_insert=True)
        title = f"{LICENCES[paper.kind][0]}：{runner.party.masked_name}"
        moderation.enqueue(kind=QUEUE, subject_id=made.pk, title=title, owner_name=runner.party.name, at=at)
        return made


def _held(licence_id: UUID) -> tuple[Runner, Licence]:
    """A licence and its runner, both rows held, the runner's first."""
    runner_id = Licence.objects.filter(pk=licence_id).values_list("runner_id", flat=True).first()
    if runner_id is None:
        raise NotFound
    runner = held_runner(pk=runner_id)
    if runner is None:
        raise NotFound
    return runner, Licence.objects.select_for_update(no_key=True).get(pk=licence_id)


def _move(licence: Licence, runner: Runner, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    licence.move(event, by=by, at=at, reason=reason)
    licence.reason = reason[:300]
    if licence.state not in (Licensed.SUBMITTED, Licensed.IN_FORCE):
        licence.due_at = None
    licence.save()
    outbox.record(LicenceMoved(at=at, licence_id=licence.pk, party_id=runner.party_id, move=event))


@transaction.atomic
def check(*, licence_id: UUID, act: str, reason: str, by: Actor, at: datetime) -> Licence:
    """Confirm a licence with the register, refuse it, or revoke it (核验证照).

    Stops that can no longer be done with it go back to be taken by others.

    Raises:
        Affiliated: it is the moderator's own.
        Invalid: no reason.
    """
    runner, licence = _held(licence_id)
    if runner.party_id in (by.party_id, by.person_id):
        raise Affiliated
    if not reason.strip():
        raise Invalid("请写明核验依据或理由", "Say what it was checked against, or why", field="reason")
    licence.machine.step(act, licence.state)
    _move(licence, runner, act, by=by, at=at, reason=reason.strip())
    moderation.decide(
        kind=QUEUE, subject_id=licence_id, decision=act, reason=reason, checklist=(), by=by, at=at
    )  # fmt: skip
    if act == "revoke":
        moderation.note(act="licence.revoke", subject_id=licence_id, reason=reason, by=by, at=at)
        _release(runner, licence.kind, at)
    return licence


def _release(runner: Runner, kind: str, at: datetime) -> None:
    """Free the stops that this runner holds without a licence in force for them."""
    booked = Stop.objects.filter(runner=runner, state=At.BOOKED, errand__kind=kind).order_by("pk")
    for stop in booked[:200]:
        if hands.licence_for(runner, kind, stop) is None:
            hands.end(stop.pk, "release", by=SYSTEM, at=at, reason="证照不再有效")


@transaction.atomic
def expire(*, licence_id: UUID, at: datetime) -> None:
    """A licence whose last day is over has ended. Safe to repeat."""
    runner, licence = _held(licence_id)
    if licence.due_at is None or licence.due_at > at:
        return
    _move(licence, runner, "end", by=CLOCK, at=at, reason="有效期已满")
    moderation.decide(
        kind=QUEUE, subject_id=licence_id, decision="end", reason="有效期已满", checklist=(), by=CLOCK, at=at
    )  # fmt: skip
    _release(runner, licence.kind, at)


CHECKS: dict[str, Callable[[UUID, str, Actor, datetime], Licence]] = {
    act: (lambda key, why, by, at, act=act: check(licence_id=key, act=act, reason=why, by=by, at=at))  # type: ignore[misc]
    for act in ("confirm", "refuse", "revoke")
}
"""What a moderator decides about a licence, by the word in the address; pages and API alike."""
