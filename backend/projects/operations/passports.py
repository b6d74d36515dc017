"""A passport's life: started, written, reviewed, published, taken down, archived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import people_behind
from backend.common import locks, outbox, richtext, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.listings import operations as listings
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.moderation import operations as moderation
from backend.moderation.appeals import Contested, Subject
from backend.projects.errors import NotWritable, PassportIncomplete, PassportKnown, PassportStale, Withheld
from backend.projects.events import PassportMoved, StageReached
from backend.projects.kinds import STAGES
from backend.projects.models import Evidence, Passport, Teammate, key_of
from backend.projects.states import Proving, Showing

MOST_OF_A_HOLDER = 20


@dataclass(frozen=True)
class Profile:
    """What a founder writes of a venture."""

    name: str
    summary: str
    story: str
    stage: str
    category: str
    county: str
    founded_on: date | None


def locked(passport_id: UUID) -> Passport:
    """The passport, its row held.

    Raises:
        NotFound: there is none.
    """
    found = Passport.objects.select_for_update(no_key=True).filter(pk=passport_id).first()
    if found is None:
        raise NotFound
    return found


def require_holder(passport: Passport, by: Actor) -> None:
    """Go on only for the holder; to others what is not published does not exist.

    Raises:
        NotFound: not the holder's hat.
        Forbidden: the hat's mandate does not cover campaigns.
    """
    if by.party_id is None or by.party_id != passport.holder_id:
        raise NotFound
    if "campaigns" not in by.scopes:
        raise Forbidden


def people_of(passport: Passport) -> frozenset[UUID]:
    """Everybody behind a venture: who may act for its holder, and its team."""
    team = Teammate.objects.filter(passport=passport).values_list("party_id", flat=True)
    return people_behind(passport.holder_id) | frozenset(team)


def require_neutral(passport: Passport, by: Actor) -> None:
    """A moderator who belongs neither to the holder nor to the team.

    Raises:
        Forbidden: no moderator.
        Withheld: a conflict.
    """
    if Role.MODERATOR not in by.roles or by.person_id is None:
        raise Forbidden
    if by.person_id in people_of(passport):
        raise Withheld


def step(passport: Passport, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a passport whose row is held, set when the clock looks again, and announce it."""
    passport.move(event, by=by, at=at, reason=reason)
    passport.state_at, passport.touched_at, passport.reason = at, at, reason[:300]
    passport.due_at = _next_due(passport)
    passport.save(update_fields=["state_at", "touched_at", "due_at", "reason"])
    show(passport)
    outbox.record(
        PassportMoved(
            at=at,
            passport_id=passport.id,
            holder_id=passport.holder_id,
            move=event,
            reason=reason[:300],
            by_clock=by.person_id is None,
        )
    )


def _next_due(passport: Passport) -> datetime | None:
    match passport.state:
        case Showing.DRAFT | Showing.RETURNED:
            return passport.touched_at + rules.days("projects.draft_days", at=passport.touched_at)
        case Showing.REVIEW:
            return passport.state_at + rules.days("projects.review_days", at=passport.state_at)
        case Showing.PUBLISHED:
            return passport.touched_at + rules.days("projects.stale_days", at=passport.touched_at)
        case Showing.HIDDEN:
            return passport.state_at + rules.days("projects.hidden_days", at=passport.state_at)
    return None


def touch(passport: Passport, at: datetime) -> None:
    """Note that a passport whose row is held was worked on: what is kept up to date is not archived as stale."""
    passport.touched_at = at
    passport.due_at = _next_due(passport)
    passport.save(update_fields=["touched_at", "due_at"])


def show(passport: Passport) -> None:
    """Bring the passport's listing up to date; only what is published is listed for others."""
    listings.show(
        listings.Shown(
            kind="project",
            subject_id=passport.id,
            title=passport.name,
            summary=passport.summary,
            owner_id=passport.holder_id,
            owner_name=passport.holder.masked_name,
            category=passport.category,
            county=passport.county,
            state=passport.stage,
            is_public=passport.state == Showing.PUBLISHED,
            is_open=passport.state == Showing.PUBLISHED,
            goal_fen=0,
            raised_fen=0,
            people_n=passport.followers_n,
            opens_at=None,
            closes_at=None,
            listed_at=passport.created_at,
        )
    )


@transaction.atomic
def start(*, name: str, by: Actor, at: datetime) -> Passport:
    """A new, empty passport of one's own (新建档案).

    Raises:
        Forbidden: the hat's mandate does not cover campaigns.
        PassportKnown: the venture has a live one.
        Invalid: no name, or too many passports.
    """
    if by.party_id is None or "campaigns" not in by.scopes:
        raise Forbidden
    holder = Party.objects.select_for_update(no_key=True).get(pk=by.party_id)
    cleaned = _name(name)
    require_only(key_of(cleaned), people_behind(holder.pk), None)
    if Passport.objects.filter(holder=holder, state__in=Showing.LIVE).count() >= MOST_OF_A_HOLDER:
        raise Invalid("档案数量已达上限", "There are too many passports", field="name")
    passport = Passport(
        holder=holder,
        name=cleaned,
        key=key_of(cleaned),
        county=holder.county,
        created_at=at,
        touched_at=at,
        state_at=at,
    )
    passport.due_at = _next_due(passport)
    passport.save(force_insert=True)
    show(passport)
    return passport


def _name(text: str) -> str:
    cleaned = clean_name(text)
    if not 2 <= len(cleaned) <= 60 or len(key_of(cleaned)) < 2:
        raise Invalid("项目名称须为 2 到 60 字", "A name has 2 to 60 characters", field="name")
    return cleaned


def require_only(key: str, people: frozenset[UUID], passport_id: UUID | None) -> None:
    """One live passport a venture: of these people, and called so, there is none but this one.

    Raises:
        PassportKnown: there is another.
    """
    locks.alone(f"passport:{key}")
    others = Passport.objects.filter(key=key, state__in=Showing.LIVE).order_by("pk")[:100]
    if any(people & people_of(other) for other in others if other.pk != passport_id):
        raise PassportKnown(field="name")


@transaction.atomic
def write(*, passport_id: UUID, profile: Profile, version: int, by: Actor, at: datetime) -> Passport:
    """Save what a venture says of itself (保存). What is published is seen at once, and read by a moderator after.

    Raises:
        NotWritable: in review, taken down or archived.
        PassportStale: another window saved first.
        PassportKnown: the new name is another live passport's of the same people.
        Invalid: all that is wrong, together.
    """
    passport = locked(passport_id)
    require_holder(passport, by)
    if passport.state not in Showing.WRITABLE:
        raise NotWritable
    if version != passport.version:
        raise PassportStale
    name = _name(profile.name)
    refuse_any(_wrong(profile))
    if key_of(name) != passport.key:
        require_only(key_of(name), people_behind(passport.holder_id), passport.pk)
    grown = passport.state == Showing.PUBLISHED and profile.stage != passport.stage
    passport.name, passport.key, passport.summary = name, key_of(name), clean_name(profile.summary)[:160]
    passport.story, passport.story_html = profile.story, richtext.render(profile.story)
    passport.stage, passport.category, passport.county = profile.stage, profile.category, profile.county
    passport.founded_on, passport.touched_at, passport.version = profile.founded_on, at, passport.version + 1
    passport.due_at = _next_due(passport)
    passport.save()
    show(passport)
    if passport.state == Showing.PUBLISHED:
        refuse_any(_gaps(passport))
        enqueue(passport, at)
    if grown:
        outbox.record(StageReached(at=at, passport_id=passport.id, stage=profile.stage))
    return passport


def _wrong(profile: Profile) -> list[Refusal | None]:
    def choice(value: str, known: object, field: str) -> Refusal | None:
        return None if value in known else Invalid("没有这个选项", "There is no such choice", field=field)  # type: ignore[operator]

    return [
        choice(profile.stage, STAGES, "stage"),
        choice(profile.category, CATEGORY_KEYS, "category"),
        choice(profile.county, ("", *COUNTIES), "county"),
        Invalid("项目介绍过长", "The story is too long", field="story") if len(profile.story) > 20_000 else None,
    ]


def _gaps(passport: Passport) -> list[Refusal | None]:
    def gap(is_missing: bool, zh: str, en: str, field: str) -> Refusal | None:
        return PassportIncomplete(what_zh=zh, what_en=en, field=field) if is_missing else None

    return [
        gap(not passport.summary, "请填写一句话介绍", "Say in a sentence what it is", "summary"),
        gap(len(passport.story.strip()) < 50, "项目介绍至少 50 字", "The story needs at least 50 characters", "story"),
    ]


@transaction.atomic
def submit(passport_id: UUID, reason: str, by: Actor, at: datetime) -> Passport:
    """Send a passport to review (提交审核).

    Raises:
        LevelTooLow, PassportIncomplete: all that fail, together.
    """
    passport = locked(passport_id)
    require_holder(passport, by)
    refuse_any([*limits.failures(passport.holder, "publish", at=at), *_gaps(passport)])
    step(passport, "submit", by=by.wears(Role.OWNER), at=at)
    enqueue(passport, at)
    return passport


def enqueue(passport: Passport, at: datetime) -> None:
    """Let a moderator read a passport, its changes or its documents; it waits in the queue once."""
    moderation.enqueue(
        kind="project",
        subject_id=passport.pk,
        title=f"项目：{passport.name}"[:80],
        owner_name=passport.holder.name[:60],
        at=at,
    )


def leave_queue(passport: Passport, decision: str, reason: str, by: Actor, at: datetime) -> None:
    """Nothing of a passport waits for a moderator any more, and why."""
    moderation.decide(
        kind="project", subject_id=passport.pk, decision=decision, reason=reason, checklist=(), by=by, at=at
    )


def _decide(event: str, decision: str) -> Callable[[UUID, str, Actor, datetime], Passport]:
    @transaction.atomic
    def decide(passport_id: UUID, reason: str, by: Actor, at: datetime) -> Passport:
        passport = locked(passport_id)
        require_neutral(passport, by)
        if not reason.strip():
            raise Invalid("请填写理由", "Please give a reason", field="reason")
        step(passport, event, by=by, at=at, reason=reason.strip())
        _close_review(passport, decision, reason, by, at)
        return passport

    return decide


approve = _decide("approve", "approve")
send_back = _decide("return", "return")
hide = _decide("hide", "hide")
restore = _decide("restore", "restore")


def _close_review(passport: Passport, decision: str, reason: str, by: Actor, at: datetime) -> None:
    """The queue's entry is done, but where documents still wait to be checked it is there again."""
    leave_queue(passport, decision, reason, by, at)
    if passport.state in Showing.LIVE and passport.evidence.filter(state=Proving.FILED).exists():
        enqueue(passport, at)


@transaction.atomic
def look_through(passport_id: UUID, reason: str, by: Actor, at: datetime) -> Passport:
    """A moderator has read what changed on a published passport and leaves it (已阅)."""
    passport = locked(passport_id)
    require_neutral(passport, by)
    if passport.state == Showing.REVIEW:
        raise passport.machine.refusal(passport.state)
    _close_review(passport, "seen", reason.strip() or "已阅", by, at)
    return passport


@transaction.atomic
def archive(passport_id: UUID, reason: str, by: Actor, at: datetime) -> Passport:
    """Put a passport away; its documents stand for it no more, and its name is free again (归档)."""
    passport = locked(passport_id)
    require_holder(passport, by)
    _archive(passport, by.wears(Role.OWNER), at)
    return passport


def _archive(passport: Passport, by: Actor, at: datetime) -> None:
    step(passport, "archive", by=by, at=at)
    for document in Evidence.objects.select_for_update(no_key=True).filter(
        passport=passport, state__in=Proving.STANDING
    ):
        document.move("withdraw", by=SYSTEM, at=at)
        document.due_at = None
        document.save(update_fields=["due_at"])
    leave_queue(passport, "lapsed", "已归档", SYSTEM, at)


@transaction.atomic
def advance(*, passport_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes."""
    passport = locked(passport_id)
    if passport.due_at is None or at < passport.due_at:
        return
    if passport.state == Showing.REVIEW:
        step(passport, "return", by=CLOCK, at=at, reason="逾期未审核，请再次提交")
        leave_queue(passport, "lapsed", "逾期未审核", CLOCK, at)
    else:
        _archive(passport, CLOCK, at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Passport]] = {
    "submit": submit,
    "archive": archive,
    "approve": approve,
    "return": send_back,
    "hide": hide,
    "restore": restore,
    "seen": look_through,
}
"""What is decided about a whole passport, by name."""


# --- appeals ---------------------------------------------------------------------------------------------------


def _contested(passport_id: UUID) -> Contested | None:
    """What of a moderator's stands against a passport."""
    found = Passport.objects.filter(pk=passport_id).first()
    if found is None:
        return None
    act = {Showing.RETURNED: "project.return", Showing.HIDDEN: "project.hide"}.get(found.state, "")
    return Contested(found.holder_id, found.name, act, found.state_at, found.state == Showing.RETURNED)


def _grant(passport_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    passport = locked(passport_id)
    if passport.state == Showing.HIDDEN:
        step(passport, "restore", by=by, at=at, reason=reason)
    else:
        step(passport, "reconsider", by=by, at=at, reason=reason)
        enqueue(passport, at)


def _is_affiliated(passport_id: UUID, by: Actor) -> bool:
    return by.person_id in people_of(Passport.objects.get(pk=passport_id))


APPEALS = Subject(_contested, _grant, _is_affiliated, url="/my/projects/{}/", staff_url="/projects/{}/review/")
