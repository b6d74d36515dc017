"""What is done at a stop and what the poster says to it (完成与验收): photos, handing in, accepting, refusing, contesting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import files, rules
from backend.common.actors import CLOCK, Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.common.rules import SHANGHAI
from backend.moderation import operations as moderation
from marketplace.errands import geography
from marketplace.errands.errors import LicenceMissing, OutsideWindow, PhotosMissing, RedoneAlready
from marketplace.errands.kinds import LICENCES, needs_licence
from marketplace.errands.models import Errand, Photo, Runner, Stop
from marketplace.errands.operations import hands
from marketplace.errands.operations.shared import (
    errand_of,
    held_runner,
    held_stop,
    is_affiliated,
    move_stop,
    of_owner,
    runner_of,
)
from marketplace.errands.states import At
from marketplace.tasks.errors import Affiliated

QUEUE = "stop"
LEAST_REASON, MOST_REASON, MOST_GROUNDS = 5, 300, 500


def _in_hands(stop_id: UUID, by: Actor) -> tuple[Errand, Runner, Stop]:
    """A stop of this runner's, rows held.

    Raises:
        NotFound: not theirs.
    """
    errand = hands.shared(errand_of(stop_id))
    runner = runner_of(by)
    stop = held_stop(stop_id)
    if stop.runner_id != runner.pk:
        raise NotFound
    return errand, runner, stop


def add_photo(*, stop_id: UUID, name: str, body: bytes, by: Actor, at: datetime) -> Stop:
    """Keep a photo of what was done; the same one is kept once (上传现场照片).

    Raises:
        NotFound: not this runner's stop.
        MoveRefused: it is handed in or over.
        Invalid: no picture, or too many.
    """
    with transaction.atomic():
        _photographed(stop_id, by)
    kept, _width, _height = files.keep_picture(name, body)
    with transaction.atomic():
        stop = _photographed(stop_id, by)
        if stop.photos.count() >= rules.value("errands.photos_most", at=at):
            raise Invalid("照片太多", "Too many photos", field="file")
        Photo.objects.get_or_create(
            stop=stop, sha256=kept.sha256, defaults={"mime": kept.mime, "size": kept.size, "added_at": at}
        )
        return stop


def _photographed(stop_id: UUID, by: Actor) -> Stop:
    _errand, _runner, stop = _in_hands(stop_id, by)
    if stop.state not in (At.BOOKED, At.REFUSED):
        raise stop.machine.refusal(stop.state)
    return stop


@transaction.atomic
def submit(
    *, stop_id: UUID, words: str, place: tuple[float, float] | None = None, by: Actor, at: datetime
) -> Stop:  # fmt: skip
    """Hand a stop in, with where one stands if the device says so; it must be in its window (提交完成).

    Raises:
        NotFound: not this runner's stop.
        OutsideWindow: too early or too late, by the server's clock.
        PhotosMissing: fewer than asked for.
        LicenceMissing: the licence is no longer in force.
    """
    errand, runner, stop = _in_hands(stop_id, by)
    stop.machine.step("submit", stop.state)
    if not stop.from_at <= at <= stop.until_at:
        start, end = (one.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") for one in (stop.from_at, stop.until_at))
        raise OutsideWindow(start=start, end=end)
    if needs_licence(errand.kind, at=at) and hands.licence_for(runner, errand.kind, stop) is None:
        zh, en = LICENCES[errand.kind]
        until = stop.until_at.astimezone(SHANGHAI).strftime("%Y-%m-%d")
        raise LicenceMissing(until=until, licence_zh=zh, licence_en=en)
    _hand_in(errand, stop, "submit", words, place, by, at)
    runner.in_hand_n -= 1
    runner.save(update_fields=["in_hand_n"])
    return stop


def _hand_in(
    errand: Errand, stop: Stop, event: str, words: str, place: tuple[float, float] | None, by: Actor, at: datetime
) -> None:  # fmt: skip
    photos = stop.photos.count()
    if photos < errand.photos_least:
        raise PhotosMissing(least=errand.photos_least, n=photos)
    stop.words = words.strip()[:500]
    stop.submitted_at = at
    stop.away_m = round(geography.metres(place, stop.place)) if place else None
    move_stop(
        stop, event, by=by.wears(Role.WORKER), at=at, due_at=at + rules.days("errands.accept_days", at=at)
    )  # fmt: skip


@transaction.atomic
def redo(
    *, stop_id: UUID, words: str, place: tuple[float, float] | None = None, by: Actor, at: datetime
) -> Stop:  # fmt: skip
    """Hand in again what was refused, once (重做).

    Raises:
        NotFound: not this runner's stop.
        RedoneAlready: it was done again before.
    """
    errand, _runner, stop = _in_hands(stop_id, by)
    stop.machine.step("redo", stop.state)
    if stop.redone_n >= 1:
        raise RedoneAlready
    stop.redone_n += 1
    _hand_in(errand, stop, "redo", words, place, by, at)
    return stop


@transaction.atomic
def contest(*, stop_id: UUID, grounds: str, by: Actor, at: datetime) -> Stop:
    """Ask the platform to decide about a refusal (提出异议).

    Raises:
        NotFound: not this runner's stop.
        Invalid: no grounds.
    """
    errand, _runner, stop = _in_hands(stop_id, by)
    stop.machine.step("contest", stop.state)
    stop.grounds = _said(grounds, "grounds", MOST_GROUNDS)
    move_stop(
        stop, "contest", by=by.wears(Role.WORKER), at=at, due_at=at + rules.days("errands.ruling_days", at=at)
    )  # fmt: skip
    title = f"现场任务异议：{errand.title} {stop.key}"[:80]
    moderation.enqueue(kind=QUEUE, subject_id=stop.pk, title=title, owner_name=stop.errand.owner.name, at=at)
    return stop


def _said(text: str, field: str, most: int) -> str:
    if not LEAST_REASON <= len(text.strip()) <= most:
        raise Invalid(f"请用 {LEAST_REASON} 至 {most} 字写明理由", f"Say why, in {LEAST_REASON} to {most} characters", field=field)  # fmt: skip
    return text.strip()


def _of_poster(stop_id: UUID, by: Actor) -> tuple[Stop, Actor]:
    _errand, actor = of_owner(errand_of(stop_id), by)
    key = Stop.objects.values_list("runner_id", flat=True).get(pk=stop_id)
    if key is not None:
        held_runner(pk=key)
    return held_stop(stop_id), actor


@transaction.atomic
def accept(*, stop_id: UUID, by: Actor, at: datetime) -> Stop:
    """Say that a stop was done; it is paid at once (验收通过).

    Raises:
        NotFound: not the poster's.
        MoveRefused: it is not handed in.
    """
    stop, actor = _of_poster(stop_id, by)
    accepted(stop, "accept", by=actor, at=at)
    return stop


def accepted(stop: Stop, event: str, *, by: Actor, at: datetime) -> None:
    """Count a stop as done, whoever said so; the clock pays it next. Its row is held, and its runner's before it."""
    move_stop(stop, event, by=by, at=at, due_at=at)
    runner = held_runner(pk=stop.runner_id)
    if runner is not None:
        runner.reputation += rules.value("errands.gain_done", at=at)
        runner.done_n += 1
        runner.save(update_fields=["reputation", "done_n"])
    hands.remember(stop, is_done=True, at=at)


@transaction.atomic
def refuse(*, stop_id: UUID, reason: str, by: Actor, at: datetime) -> Stop:
    """Say what was not done; the runner does it again or contests it (验收不通过).

    Raises:
        NotFound: not the poster's.
        MoveRefused: it is not handed in.
        Invalid: no reason.
    """
    stop, actor = _of_poster(stop_id, by)
    stop.machine.step("refuse", stop.state)
    stop.refusal = _said(reason, "reason", MOST_REASON)
    move_stop(
        stop, "refuse", by=actor, at=at, reason=stop.refusal, due_at=at + rules.days("errands.answer_days", at=at)
    )  # fmt: skip
    return stop


@transaction.atomic
def find(*, stop_id: UUID, for_runner: bool, reason: str, by: Actor, at: datetime) -> Stop:
    """Decide about a contested refusal (裁定).

    Raises:
        Affiliated: the moderator belongs to the poster or is the runner.
        Invalid: no reason.
    """
    errand = hands.shared(errand_of(stop_id))
    found = Stop.objects.select_related("runner").get(pk=stop_id)
    if is_affiliated(errand, by) or (found.runner is not None and found.runner.party_id in (by.party_id, by.person_id)):
        raise Affiliated
    why = _said(reason, "reason", MOST_REASON)
    if found.runner_id is not None:
        held_runner(pk=found.runner_id)
    stop = held_stop(stop_id)
    stop.machine.step("find_for" if for_runner else "find_against", stop.state)
    stop.finding = why
    if for_runner:
        accepted(stop, "find_for", by=by, at=at)
    else:
        stop.save(update_fields=["finding"])
        hands.end(stop_id, "find_against", by=by, at=at, reason=why)
        stop = held_stop(stop_id)
    close_case(stop_id, "for" if for_runner else "against", why, by, at)
    return stop


def close_case(stop_id: UUID, decision: str, reason: str, by: Actor, at: datetime) -> None:
    """Take a contested stop out of the moderators' queue."""
    moderation.decide(kind=QUEUE, subject_id=stop_id, decision=decision, reason=reason, checklist=(), by=by, at=at)


@transaction.atomic
def advance(*, stop_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes with a stop, if it is due. Safe to repeat."""
    errand_id = errand_of(stop_id)
    hands.shared(errand_id)
    key = Stop.objects.values_list("runner_id", flat=True).get(pk=stop_id)
    if key is not None:
        held_runner(pk=key)
    stop = held_stop(stop_id)
    if stop.due_at is None or stop.due_at > at or stop.runner_id != key:
        return
    match stop.state:
        case At.READY:
            hands.end(stop_id, "lapse", by=CLOCK, at=at, reason="到期无人接单")
        case At.BOOKED:
            hands.end(stop_id, "miss", by=CLOCK, at=at, reason="到期未提交")
        case At.SUBMITTED:
            accepted(stop, "accept", by=CLOCK, at=at)
        case At.REFUSED:
            hands.end(stop_id, "let_go", by=CLOCK, at=at, reason="逾期未重做也未提出异议")
        case At.CONTESTED:
            stop.finding = "逾期未裁定，按接单人意见"
            accepted(stop, "find_for", by=CLOCK, at=at)
            close_case(stop_id, "for", stop.finding, CLOCK, at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Stop]] = {
    "book": lambda key, _why, by, at: hands.book(stop_id=key, by=by, at=at),
    "give-up": lambda key, _why, by, at: hands.give_up(stop_id=key, by=by, at=at),
    "accept": lambda key, _why, by, at: accept(stop_id=key, by=by, at=at),
    "refuse": lambda key, why, by, at: refuse(stop_id=key, reason=why, by=by, at=at),
    "contest": lambda key, why, by, at: contest(stop_id=key, grounds=why, by=by, at=at),
}
"""What is decided about a stop with words alone, by the word in the address; pages and API alike."""
