"""Every read of engagements that spans rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet, Sum

from backend.accounts.models import Party
from backend.accounts.queries import circles
from backend.common import rules
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.common.fen import Fen
from backend.common.models import StateChange
from marketplace.engagements.models import (
    CLIENT,
    WORKER,
    Claim,
    Contract,
    DeliveredFile,
    Delivery,
    Invoice,
    Message,
    Milestone,
    Review,
)
from marketplace.engagements.states import Agreeing, Claiming, Stage

A_HANDFUL = 200
READERS = {Role.MODERATOR, Role.AUDITOR}


def contracts_due(*, at: datetime) -> list[UUID]:
    """Offers whose time to be answered is over."""
    found = Contract.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def milestones_due(*, at: datetime) -> list[UUID]:
    """Milestones whose clock has something to do."""
    found = Milestone.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def claims_due(*, at: datetime) -> list[UUID]:
    """Claims whose time to be brought before the deciders is over."""
    found = Claim.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def reviews_due(*, at: datetime) -> list[UUID]:
    """Contracts whose time to be reviewed is over, and what was said is not shown yet."""
    found = Contract.objects.filter(reviews_until__lte=at, reviews_shown_at=None).order_by("reviews_until")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def worker_of(milestone_id: UUID) -> UUID | None:
    """Who a stage's money is for."""
    return Milestone.objects.filter(pk=milestone_id).values_list("contract__worker_id", flat=True).first()


def visible(contract_id: UUID, actor: Actor) -> Contract:
    """A contract for its two sides; a moderator or auditor reads one that came before the deciders.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Contract.objects.select_related("client", "worker").filter(pk=contract_id).first()
    if found is None:
        raise NotFound
    if actor.party_id not in (found.client_id, found.worker_id):
        filed = Claim.objects.filter(milestone__contract=found, state=Claiming.FILED)
        if not (actor.roles & READERS and filed.exists()):
            raise NotFound
    return found


def visible_milestone(milestone_id: UUID, actor: Actor) -> Milestone:
    """A milestone of a contract that one may read.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Milestone.objects.filter(pk=milestone_id).first()
    if found is None:
        raise NotFound
    found.contract = visible(found.contract_id, actor)
    return found


def visible_claim(claim_id: UUID, actor: Actor) -> Claim:
    """A claim of a contract that one may read.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Claim.objects.select_related("milestone").filter(pk=claim_id).first()
    if found is None:
        raise NotFound
    visible(found.milestone.contract_id, actor)
    return found


def delivered(contract_id: UUID, file_id: UUID, actor: Actor) -> DeliveredFile:
    """A delivered file, for those who may read its contract.

    Raises:
        NotFound: none, or not for this reader.
    """
    visible(contract_id, actor)
    found = DeliveredFile.objects.filter(pk=file_id, delivery__milestone__contract_id=contract_id).first()
    if found is None:
        raise NotFound
    return found


def message_with_file(contract_id: UUID, message_id: UUID, actor: Actor) -> Message:
    """A message that has a file, for those who may read its contract.

    Raises:
        NotFound: none, or not for this reader.
    """
    visible(contract_id, actor)
    found = Message.objects.filter(pk=message_id, contract_id=contract_id).exclude(sha256="").first()
    if found is None:
        raise NotFound
    return found


def invoice_file(milestone_id: UUID, actor: Actor) -> Invoice:
    """An attached invoice, for those who may read its contract.

    Raises:
        NotFound: none, or not for this reader.
    """
    visible_milestone(milestone_id, actor)
    found = Invoice.objects.filter(milestone_id=milestone_id, attached_at__isnull=False).first()
    if found is None:
        raise NotFound
    return found


def of_party(party_id: UUID) -> QuerySet[Contract]:
    """The contracts of a party, on either side."""
    found = Contract.objects.filter(Q(client_id=party_id) | Q(worker_id=party_id))
    return found.select_related("client", "worker")


def of_subject(kind: str, subject_id: UUID) -> Contract | None:
    """The contract that came of a bid, an entry or an order."""
    return Contract.objects.filter(subject_kind=kind, subject_id=subject_id).select_related("client", "worker").first()


def stages(contract: Contract) -> list[Milestone]:
    """A contract's milestones in order, with what was handed in, asked for and claimed."""
    found = contract.milestones.order_by("no").select_related("invoice")
    rows = list(found.prefetch_related("deliveries__files", "remarks", "claims"))
    for row in rows:
        row.contract = contract
    return rows


def messages(contract: Contract) -> QuerySet[Message]:
    """What the two sides wrote."""
    return Message.objects.filter(contract=contract)


@dataclass(frozen=True)
class Waiting:
    """Something that waits for somebody: what, for whom, and what happens when nobody acts."""

    contract: Contract
    milestone: Milestone | None
    is_mine: bool
    until: datetime | None
    what: str


WAITS_FOR = {
    Stage.PLANNED: CLIENT,
    Stage.FUNDED: WORKER,
    Stage.WORKING: WORKER,
    Stage.CHANGES: WORKER,
    Stage.SUBMITTED: CLIENT,
    Stage.APPROVED: "",
    Stage.DISPUTED: "",
}


def waiting(party_id: UUID) -> list[Waiting]:
    """What of a party's contracts is under way, what ends first at the top; at most a hundred."""
    mine = of_party(party_id)
    offers = list(mine.filter(state=Agreeing.OFFERED).order_by("due_at", "pk")[:100])
    found = [Waiting(each, None, each.worker_id == party_id, each.due_at, "offered") for each in offers]
    live = Milestone.objects.filter(contract__in=mine.filter(state=Agreeing.ACTIVE).values("pk"))
    rows = live.exclude(state__in=Stage.FINAL).exclude(state=Stage.PLANNED, until=None)
    for row in rows.select_related("contract__client", "contract__worker").order_by(
        F("until").asc(nulls_last=True), "pk"
    )[:100]:
        side = CLIENT if row.contract.client_id == party_id else WORKER
        found.append(Waiting(row.contract, row, WAITS_FOR[row.state] == side, row.until, row.state))
    return found


@dataclass(frozen=True)
class Reputation:
    """What others say of a party: how many reviews, their mean stars in tenths, and the last of them."""

    reviews: int
    tenths: int
    latest: list[Review]


def reputation(party_id: UUID) -> Reputation:
    """What is shown of a party's reviews."""
    shown = Review.objects.filter(about_id=party_id, is_shown=True)
    sums = shown.aggregate(n=Count("pk"), mean=Avg("stars"))
    latest = list(shown.select_related("contract").order_by("-at", "-pk")[:20])
    return Reputation(sums["n"], round(10 * (sums["mean"] or 0)), latest)


def reputations(party_ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many reviews several parties have, and their mean stars in tenths; one statement."""
    rows = Review.objects.filter(about_id__in=party_ids, is_shown=True).values("about_id")
    return {
        row["about_id"]: (row["n"], round(10 * row["mean"])) for row in rows.annotate(n=Count("pk"), mean=Avg("stars"))
    }


def completed_by(party_ids: list[UUID]) -> dict[UUID, int]:
    """How many contracts several workers have completed; one statement."""
    rows = Contract.objects.filter(worker_id__in=party_ids, state=Agreeing.COMPLETED).values("worker_id")
    return {row["worker_id"]: row["n"] for row in rows.annotate(n=Count("pk"))}


@dataclass(frozen=True)
class Record:
    """How a party keeps its contracts on one side; None where there are too few to say (features.md F7).

    `days` is the median from delivery to acceptance for a client, `percent_disputed` of paid stages, `percent_done`
    of contracts that were completed.
    """

    cases: int
    days: float
    percent_disputed: int
    percent_done: int


def record_of(party_id: UUID, side: str, *, at: datetime) -> Record | None:
    """A party's record as client or as worker, over its last two hundred stages."""
    mine = Q(contract__client_id=party_id) if side == CLIENT else Q(contract__worker_id=party_id)
    settled = Milestone.objects.filter(mine, state__in=(*Stage.PAID, Stage.REFUNDED, Stage.ABANDONED))
    rows = list(settled.order_by("-state_at", "-pk").values_list("pk", "submitted_at")[:A_HANDFUL])
    if len(rows) < rules.value("engagements.record_least", at=at):
        return None
    ids = [pk for pk, _submitted in rows]
    changes = StateChange.objects.filter(subject_id__in=ids, machine="milestone")
    approved = dict(changes.filter(event="approve").values_list("subject_id", "at"))
    disputed = changes.filter(event="dispute").values("subject_id").distinct().count()
    waits = sorted((approved[pk] - at_) / timedelta(days=1) for pk, at_ in rows if pk in approved and at_ is not None)
    over = Contract.objects.filter(Q(client_id=party_id) if side == CLIENT else Q(worker_id=party_id))
    over = over.filter(state__in=Agreeing.OVER)
    done = over.filter(state=Agreeing.COMPLETED).count()
    return Record(
        len(rows),
        round(waits[len(waits) // 2], 1) if waits else 0.0,
        round(100 * disputed / len(rows)),
        round(100 * done / max(1, over.count())),
    )


@dataclass(frozen=True)
class Earned:
    """What a worker earned, in fen: paid out of escrow, kept as fee, withheld as tax; and how much is still in escrow."""

    paid: Fen
    fee: Fen
    tax: Fen
    held: Fen


def earned(party_id: UUID) -> Earned:
    """The sums of a worker's milestones."""
    mine = Milestone.objects.filter(contract__worker_id=party_id)
    sums = mine.filter(state__in=Stage.PAID).aggregate(paid=Sum("given_fen"), fee=Sum("fee_fen"), tax=Sum("tax_fen"))
    held = mine.filter(state__in=Stage.HOLDING).aggregate(fen=Sum("amount_fen"))["fen"]
    return Earned(sums["paid"] or 0, sums["fee"] or 0, sums["tax"] or 0, held or 0)


def last_deliveries(milestone: Milestone) -> list[Delivery]:
    """What was handed in for a milestone, newest first; at most fifty."""
    return list(milestone.deliveries.prefetch_related("files").order_by("-at", "-pk")[:50])


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether contracts keep a party's account from being closed."""
    if of_party(party.pk).filter(state__in=Agreeing.OPEN).exists():
        return "您有未结束的承接协议", "you have contracts under way"
    return None


STANDING: dict[str, str] = {
    "milestone's escrow differs from its state (milestone, state, amount, escrow, held)": """
        SELECT m.id, m.state, m.amount_fen, e.fen, e.held_fen FROM engagements_milestone m JOIN LATERAL (
            SELECT a.held_fen, a.credits_fen - a.debits_fen + coalesce(sum(s.credits_fen - s.debits_fen), 0) fen
            FROM ledger_account a LEFT JOIN ledger_slot s ON s.account_id = a.id
            WHERE a.code = 'escrow:milestone:' || m.id GROUP BY a.id
        ) e ON true
        WHERE m.paid_by_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = m.paid_by_id)
          AND e.fen <> CASE WHEN m.state IN ('funded', 'working', 'submitted', 'changes', 'approved', 'disputed')
              THEN m.amount_fen - (SELECT coalesce(sum(r.amount_fen), 0) FROM payments_refund r
                                   WHERE r.intent_id = m.paid_by_id AND r.state = 'succeeded')
              ELSE e.held_fen END ORDER BY 1""",
    "milestone is planned and paid for (milestone)": """
        SELECT id FROM engagements_milestone WHERE state = 'planned' AND paid_by_id IS NOT NULL ORDER BY 1""",
    "milestone's transfer without its milestone (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN engagements_milestone m ON m.id = t.cause_id
        WHERE t.cause_kind = 'milestone' AND m.id IS NULL ORDER BY t.seq""",
    "tax withheld differs from the records (milestone, recorded, posted)": """
        SELECT m.id, w.tax_fen, m.tax_fen FROM engagements_milestone m LEFT JOIN tax_withheld w ON w.cause_id = m.id
        WHERE m.given_fen IS NOT NULL
          AND (w.paid_fen, w.fee_fen, w.tax_fen) IS DISTINCT FROM (m.given_fen, m.fee_fen, m.tax_fen) ORDER BY 1""",
    "milestone gave out more than it took in (milestone, amount, given, back)": """
        SELECT id, amount_fen, given_fen, back_fen FROM engagements_milestone
        WHERE coalesce(given_fen, 0) + coalesce(back_fen, 0) > amount_fen ORDER BY 1""",
    "milestone's payment differs from its transfers (milestone, net, fee, tax, posted net, fee, tax)": """
        SELECT m.id, m.given_fen - m.fee_fen - m.tax_fen, m.fee_fen, m.tax_fen, t.net, t.fee, t.tax
        FROM engagements_milestone m LEFT JOIN LATERAL (
            SELECT coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'payable'), 0) net,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'fees'), 0) fee,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'tax'), 0) tax
            FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id
            WHERE t.key = 'milestone:' || m.id
        ) t ON true
        WHERE m.given_fen IS NOT NULL
          AND (m.given_fen - m.fee_fen - m.tax_fen, m.fee_fen, m.tax_fen) IS DISTINCT FROM (t.net, t.fee, t.tax)
        ORDER BY 1""",
    "milestone is paid and not accepted, or accepted and not paid (milestone, state)": """
        SELECT m.id, m.state FROM engagements_milestone m
        WHERE (m.state IN ('released', 'split')) <> (m.given_fen IS NOT NULL) ORDER BY 1""",
    "contract's stages do not make up its price (contract, price, sum)": """
        SELECT c.id, c.total_fen, sum(m.amount_fen) FROM engagements_contract c
        JOIN engagements_milestone m ON m.contract_id = c.id GROUP BY 1, 2
        HAVING c.total_fen <> sum(m.amount_fen) ORDER BY 1""",
    "contract is over and a stage is not (contract, state, milestone, state)": """
        SELECT c.id, c.state, m.id, m.state FROM engagements_contract c JOIN engagements_milestone m ON m.contract_id = c.id
        WHERE c.state NOT IN ('offered', 'active') AND m.state NOT IN ('released', 'split', 'refunded', 'abandoned', 'void')
        ORDER BY 1, 3""",
}


def recent_ties(one: UUID, others: Collection[UUID], at: datetime) -> dict[UUID, tuple[str, str]]:
    """Which of others had a contract in the last years with a party, or with one it acts for (features.md D4)."""
    years = rules.value("judging.tie_years", at=at)
    since = at.replace(year=at.year - years, day=min(at.day, 28))
    mine = circles([one])[one]
    sides = Q(client__in=mine, worker__in=others) | Q(client__in=others, worker__in=mine)
    rows = Contract.objects.filter(sides, signed_at__gte=since).values_list("client_id", "worker_id")
    why = (f"{years} 年内有承接协议", f"a contract within {years} years")
    return {side: why for row in rows for side in row if side in others}
