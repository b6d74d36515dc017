"""Every read of micro-tasks that spans rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from marketplace.microtasks.models import Answer, Item, Job, Participant, Picture, Plea, Sheet
from marketplace.microtasks.operations.shared import JOBS
from marketplace.microtasks.states import Asking, Given, Pleading, Posted, Taking

A_HANDFUL = 200


visible, own, of_owner, counts_of, due = JOBS.visible, JOBS.own, JOBS.posted_by, JOBS.counts_of, JOBS.due


def full(*, at: datetime) -> list[UUID]:
    """Open jobs of which every item has its answers."""
    waiting = Item.objects.filter(job=OuterRef("pk"), state=Asking.OPEN, is_gold=False)
    rows = Job.objects.filter(state=Posted.OPEN, due_at__gt=at).exclude(Exists(waiting))
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def lapsed_sheets(*, at: datetime) -> list[UUID]:
    """Sheets whose time ran out."""
    rows = Sheet.objects.filter(state=Taking.LIVE, until__lte=at)
    return list(rows.order_by("until").values_list("pk", flat=True)[: A_HANDFUL * 5])


def due_answers(*, at: datetime) -> list[UUID]:
    """Rejected answers that nobody contested in time."""
    return list(Answer.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[: A_HANDFUL * 5])


def due_participants(*, at: datetime) -> list[UUID]:
    """Workers who were stopped and whose time to be heard is over."""
    return list(Participant.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def due_pleas(*, at: datetime) -> list[UUID]:
    """Pleas that nobody answered or decided in time."""
    return list(Plea.objects.filter(until__lte=at).order_by("until").values_list("pk", flat=True)[:A_HANDFUL])


@dataclass(frozen=True)
class Progress:
    """How far a job is: slots for answers, how many are handed in and in hand, and items by state; gold left out."""

    slots: int
    done: int
    leased: int
    agreed: int
    disputed: int
    open: int
    workers: int

    @property
    def percent(self) -> int:
        return self.done * 100 // self.slots if self.slots else 0


def progress(job: Job) -> Progress:
    """How far a job is; read from its items, since no row counts for all."""
    works = job.items.filter(is_gold=False)
    sums = works.aggregate(slots=Sum("need"), done=Sum("done_n"), leased=Sum("leased_n"))
    states = dict(works.values_list("state").annotate(n=Count("pk")).order_by("state"))
    agreed = states.get(Asking.AGREED, 0) + states.get(Asking.DECIDED, 0)
    return Progress(
        sums["slots"] or 0,
        sums["done"] or 0,
        sums["leased"] or 0,
        agreed,
        states.get(Asking.DISPUTED, 0),
        states.get(Asking.OPEN, 0),
        job.participants.count(),
    )


def samples(job: Job) -> list[Item]:
    """A few items as everybody may see them before they begin; never a gold one, whose answer would be asked about."""
    return list(job.items.filter(is_gold=False).select_related("picture").order_by("rank")[:3])


def part_of(job_id: UUID, actor: Actor) -> Participant | None:
    """One's part in a job; None for who has none."""
    return parts_of(actor).filter(job_id=job_id).first()


def sheet_in_hand(actor: Actor) -> Sheet | None:
    """What a person has in hand, in whatever job."""
    rows = Sheet.objects.select_related("participant__job").filter(state=Taking.LIVE)
    return rows.filter(participant__in=parts_of(actor)).first()


def own_sheet(sheet_id: UUID, actor: Actor) -> Sheet:
    """A sheet of one's own.

    Raises:
        NotFound: none of this person under this hat.
    """
    rows = Sheet.objects.select_related("participant__job__owner")
    found = rows.filter(pk=sheet_id, participant__in=parts_of(actor)).first()
    if found is None:
        raise NotFound
    return found


def answers_on(sheet: Sheet) -> list[Answer]:
    """What a sheet holds, in an order that does not tell which are gold."""
    rows = sheet.answers.select_related("item__picture").exclude(state=Given.LAPSED)
    return sorted(rows, key=lambda row: row.pk.hex[::-1])


def job_of_answer(answer_id: UUID, actor: Actor) -> UUID:
    """The job of an answer of one's own.

    Raises:
        NotFound: none of this person under this hat.
    """
    rows = Answer.objects.filter(pk=answer_id, participant__in=parts_of(actor))
    found = rows.values_list("participant__job_id", flat=True).first()
    if found is None:
        raise NotFound
    return found


def own_answers(part: Participant) -> QuerySet[Answer]:
    """One worker's answers; nobody else's, before or after (blind answers)."""
    rows = Answer.objects.filter(participant=part, state__in=Given.WRITTEN).select_related("item")
    return rows.prefetch_related("pleas")


def parts_of(actor: Actor) -> QuerySet[Participant]:
    """The jobs in which somebody takes part under this hat."""
    if actor.party_id is None or actor.person_id is None:
        return Participant.objects.none()
    return Participant.objects.filter(party_id=actor.party_id, person_id=actor.person_id).select_related("job__owner")


def counts_for(part: Participant) -> dict[str, int]:
    """How many of one worker's answers are in which state."""
    rows = part.answers.values("state").annotate(n=Count("pk")).order_by("state")
    return {row["state"]: row["n"] for row in rows}


def picture_of(job_id: UUID, picture_id: UUID, actor: Actor) -> Picture:
    """A picture for the poster, staff, those who take part, and everybody where a sample shows it.

    Raises:
        NotFound: none, or not for this reader.
    """
    job = visible(job_id, actor)
    found = Picture.objects.filter(pk=picture_id, job=job).first()
    if found is None:
        raise NotFound
    is_insider = actor.party_id == job.owner_id and actor.party_id is not None or Role.MODERATOR in actor.roles
    if is_insider or part_of(job_id, actor) or any(item.picture_id == found.pk for item in samples(job)):
        return found
    raise NotFound


def items_of(job: Job, state: str = "") -> QuerySet[Item]:
    """A job's items for its poster, gold ones included."""
    rows = job.items.select_related("picture")
    if state == "gold":
        return rows.filter(is_gold=True)
    return rows.filter(state=state, is_gold=False) if state in Asking.__dict__.values() else rows


def aliases(job: Job) -> dict[UUID, int]:
    """Workers by number, in the order in which they joined: the poster learns no names."""
    ids = job.participants.order_by("joined_at", "pk").values_list("pk", flat=True)
    return {key: number for number, key in enumerate(ids, 1)}


def given_to(items: list[Item]) -> dict[UUID, list[Answer]]:
    """The answers to some items, first answered first, by item."""
    found: dict[UUID, list[Answer]] = {item.pk: [] for item in items}
    for answer in Answer.objects.filter(item__in=items, state__in=Given.WRITTEN).order_by("answered_at", "pk"):
        found[answer.item_id].append(answer)
    return found


def export(job: Job) -> Iterator[list[str]]:
    """Every item with its result, and every answer with its worker's number, a line an answer."""
    numbers = aliases(job)
    rows = Answer.objects.filter(item__job=job, state__in=Given.WRITTEN).select_related("item")
    seen: set[UUID] = set()
    for answer in rows.order_by("item__rank", "answered_at", "pk").iterator(chunk_size=2_000):
        item = answer.item
        seen.add(item.pk)
        yield [
            item.key, item.text, item.picture_name, "gold" if item.is_gold else "", item.final or item.gold,
            "" if item.share is None else str(item.share), str(numbers.get(answer.participant_id, "")), answer.value,
            answer.state_word, answer.answered_at.isoformat() if answer.answered_at else "", answer.reason,
        ]  # fmt: skip
    for item in job.items.exclude(pk__in=seen).order_by("rank").iterator(chunk_size=2_000):
        yield [
            item.key,
            item.text,
            item.picture_name,
            "gold" if item.is_gold else "",
            item.gold,
            "",
            "",
            "",
            "",
            "",
            "",
        ]


def pleas_for(job: Job) -> QuerySet[Plea]:
    """A job's pleas, for its poster."""
    return job.pleas.select_related("answer__item", "answer__participant")


def plea_for(plea_id: UUID, actor: Actor) -> Plea:
    """A plea for its worker, the poster, and staff.

    Raises:
        NotFound: none, or not for this reader.
    """
    rows = Plea.objects.select_related("job__owner", "answer__item__picture", "answer__participant")
    found = rows.filter(pk=plea_id).first()
    if found is None:
        raise NotFound
    mine = found.answer.person_id == actor.person_id and found.answer.participant.party_id == actor.party_id
    if actor.party_id is not None and (found.job.owner_id == actor.party_id or mine):
        return found
    if actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        return found
    raise NotFound


def is_promised(job_id: UUID) -> bool:
    """Whether a job's pay is published and neither paid nor returned."""
    return Job.objects.filter(pk=job_id, state__in=Posted.HOLDING).exists()


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether micro-tasks keep a party's account from being closed."""
    if of_owner(party.pk).filter(state__in=Posted.UNDER_WAY).exists():
        return "您有未结束的计件任务", "you have micro-task jobs under way"
    waiting = Answer.objects.filter(participant__party=party, state__in=(Given.ANSWERED, Given.HELD, Given.REJECTED))
    if waiting.exists() or Plea.objects.filter(
        answer__participant__party=party, state__in=Pleading.PENDING
    ).exists():  # fmt: skip
        return "您有未结算的计件答案", "you have answers that are not paid yet"
    return None


STANDING: dict[str, str] = {
    "job gave out more than its pay (job, pay, given, back)": """
        SELECT id, total_fen, given_fen, back_fen FROM microtasks_job
        WHERE coalesce(given_fen, 0) + coalesce(back_fen, 0) > total_fen ORDER BY 1""",
    "job's slots are not what was paid in (job, slots at the price, pay)": """
        SELECT j.id, j.price_fen * sum(i.need), j.total_fen FROM microtasks_job j JOIN microtasks_item i ON i.job_id = j.id
        WHERE j.paid_by_id IS NOT NULL GROUP BY j.id HAVING j.price_fen * sum(i.need) <> j.total_fen ORDER BY 1""",
    "job's escrow differs from its state (job, state, pay, escrow, held)": """
        SELECT j.id, j.state, j.total_fen, e.fen, e.held_fen FROM microtasks_job j JOIN LATERAL (
            SELECT a.held_fen, a.credits_fen - a.debits_fen + coalesce(sum(s.credits_fen - s.debits_fen), 0) fen
            FROM ledger_account a LEFT JOIN ledger_slot s ON s.account_id = a.id
            WHERE a.code = 'escrow:microtask:' || j.id GROUP BY a.id
        ) e ON true
        JOIN LATERAL (
            SELECT coalesce(sum(i.amount_fen - coalesce(back.fen, 0)), 0) fen FROM payments_paymentintent i
            LEFT JOIN LATERAL (SELECT sum(r.amount_fen) fen FROM payments_refund r
                               WHERE r.intent_id = i.id AND r.state = 'succeeded') back ON true
            WHERE i.subject_kind = 'microtask' AND i.subject_id = j.id AND i.state = 'succeeded' AND i.id <> j.paid_by_id
        ) twice ON true
        WHERE j.paid_by_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM payments_dispute d JOIN payments_paymentintent p ON p.id = d.intent_id
            WHERE p.subject_kind = 'microtask' AND p.subject_id = j.id)
          AND e.fen - twice.fen <> CASE WHEN j.state IN ('open', 'checking', 'paying', 'frozen')
              THEN j.total_fen - coalesce(j.given_fen, 0)
                   - (SELECT coalesce(sum(r.amount_fen), 0) FROM payments_refund r
                      WHERE r.intent_id = j.paid_by_id AND r.state = 'succeeded')
              ELSE e.held_fen END ORDER BY 1""",
    "job's transfer without its job (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN microtasks_job j ON j.id = t.cause_id
        WHERE t.cause_kind = 'microtask' AND j.id IS NULL ORDER BY t.seq""",
    "item's counts are not its answers (item, in hand, handed in, good; counted)": """
        SELECT i.id, i.leased_n, i.done_n, i.good_n, a.leased, a.done, a.good FROM microtasks_item i JOIN LATERAL (
            SELECT count(*) FILTER (WHERE state = 'leased') leased,
                   count(*) FILTER (WHERE state IN ('answered', 'held', 'rejected', 'paid')) done,
                   count(*) FILTER (WHERE state IN ('answered', 'paid')) good
            FROM microtasks_answer WHERE item_id = i.id
        ) a ON true WHERE (i.leased_n, i.done_n, i.good_n) IS DISTINCT FROM (a.leased, a.done, a.good) ORDER BY 1""",
    "answer in hand on a sheet that is over (answer, sheet)": """
        SELECT a.id, s.id FROM microtasks_answer a JOIN microtasks_sheet s ON s.id = a.sheet_id
        WHERE a.state = 'leased' AND s.state <> 'live' ORDER BY 1""",
    "worker was paid other than for the answers that count (participant, paid, answers, price)": """
        SELECT p.id, p.paid_fen, a.n, j.price_fen FROM microtasks_participant p JOIN microtasks_job j ON j.id = p.job_id
        JOIN LATERAL (SELECT count(*) n FROM microtasks_answer WHERE participant_id = p.id AND state = 'paid') a ON true
        WHERE NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = j.paid_by_id)
          AND coalesce(p.paid_fen, 0) <> a.n * j.price_fen ORDER BY 1""",
    "pieces paid differ from the job's sum (job, given, paid)": """
        SELECT j.id, j.given_fen, sum(p.paid_fen) FROM microtasks_job j
        LEFT JOIN microtasks_participant p ON p.job_id = j.id GROUP BY j.id, j.given_fen
        HAVING coalesce(j.given_fen, 0) <> coalesce(sum(p.paid_fen), 0) ORDER BY 1""",
    "piece pay is not what its transfers say (participant, net, fee, tax, posted net, fee, tax)": """
        SELECT p.id, p.paid_fen - p.fee_fen - p.tax_fen, p.fee_fen, p.tax_fen, t.net, t.fee, t.tax
        FROM microtasks_participant p LEFT JOIN LATERAL (
            SELECT coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'payable'), 0) net,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'fees'), 0) fee,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'tax'), 0) tax
            FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id WHERE t.key = 'pieces:' || p.id
        ) t ON true
        WHERE p.paid_fen IS NOT NULL
          AND (p.paid_fen - p.fee_fen - p.tax_fen, p.fee_fen, p.tax_fen) IS DISTINCT FROM (t.net, t.fee, t.tax)
        ORDER BY 1""",
    "tax on piece pay is not on record (participant, recorded, withheld)": """
        SELECT p.id, w.tax_fen, p.tax_fen FROM microtasks_participant p LEFT JOIN tax_withheld w ON w.cause_id = p.id
        WHERE p.paid_fen IS NOT NULL
          AND (w.paid_fen, w.fee_fen, w.tax_fen) IS DISTINCT FROM (p.paid_fen, p.fee_fen, p.tax_fen) ORDER BY 1""",
    "answer counts in a job that is over (job, state, answers)": """
        SELECT j.id, j.state, count(*) FROM microtasks_job j JOIN microtasks_participant p ON p.job_id = j.id
        JOIN microtasks_answer a ON a.participant_id = p.id
        WHERE j.state IN ('completed', 'failed', 'cancelled') AND a.state IN ('leased', 'answered', 'held', 'rejected')
          AND NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = j.paid_by_id)
        GROUP BY 1, 2 ORDER BY 1""",
}
