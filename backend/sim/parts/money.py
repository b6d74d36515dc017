"""Money in the simulator: payers, notices, relay, workers, finance officers, and the provider's truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backend.accounts.models import User
from backend.common import outbox
from backend.common.actors import Role
from backend.common.models import Delivery, OutboxEvent
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import tasks
from backend.payments.models import Debt, Dispute, PaymentIntent, Payout, PayoutAccount, Refund, RefundBatch
from backend.payments.operations import debts, disputes, intents, notices, payouts, refunds
from backend.payments.payees import payee_of
from backend.payments.states import Batch, Disputing, Intent, Owing, Paying, Refunding
from backend.sim.gateway import PAID, SILENCES, Letter, signed
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.scheduler import Task
from backend.sim.world import World
from crowdfunding.campaigns import queries as campaigns
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State

# --- what happens ------------------------------------------------------------------------------------


def visit_cashier(world: World) -> Task | None:
    """A payer goes to the cashier, or comes back to it."""
    waiting = list(PaymentIntent.objects.filter(state__in=(Intent.CREATED, Intent.AWAITING)).order_by("number")[:20])
    if not waiting:
        return None
    intent = world.pick(waiting)

    def visit() -> None:
        intents.cashier_url(intent_id=intent.pk, phone=False, at=world.now())

    return world.task(f"payer of {intent.number[-6:]} goes to the cashier", visit)


def pay(world: World) -> Task | None:
    """A payer pays at the provider; rarely two people pay one order."""
    open_visits = world.gateway.payable(world.now())
    if not open_visits:
        return None
    visit = world.pick(open_visits)
    booked = PaymentIntent.objects.filter(trade_no__isnull=False).values_list("trade_no", flat=True)
    again = world.gateway.faulty and world.rng.random() < 0.05
    world.gateway.pay(visit, world.now(), again=again, booked=frozenset(map(str, booked)))
    return None


def deliver_letter(world: World) -> Task | None:
    """A notice arrives, in any order, sometimes an old one anew."""
    if not world.gateway.letters or world.gateway.is_silent(world.now()):
        return None
    letter = world.pick(world.gateway.letters)
    world.gateway.letters.remove(letter)

    def answered(task: Task) -> None:
        world.judge(task)
        again = task.result != notices.SUCCESS and letter.kind != "lie" and letter.tries < 8
        if again or (world.gateway.faulty and world.rng.random() < 0.1 and letter.tries < 8):
            world.gateway.letters.append(Letter(letter.fields, letter.kind, letter.tries + 1))

    name = f"{letter.kind} for {letter.fields['out_trade_no'][-6:]} of ¥{letter.fields['total_amount']}"
    return world.task(name, lambda: notices.take(signed(letter), at=world.now()), answered)


def relay(world: World) -> Task:
    """A turn of the relay; two may run at once."""
    return world.task("relay", lambda: outbox.relay(limit=4))


def sweep(world: World) -> Task:
    """A worker takes up one bell."""
    bell = world.pick([tasks.sweep_intents, tasks.send_refunds, tasks.send_payouts, tasks.watch_payouts])
    return world.task(str(bell.__name__), bell)


def pass_time(world: World) -> Task | None:
    """Time goes on: seconds, minutes, a day."""
    short = [timedelta(seconds=40), timedelta(minutes=12)] * 3 + [timedelta(minutes=45)]
    by = world.pick([*short, timedelta(hours=9), timedelta(days=3)])
    world.pass_time(by)
    world.tell(f"{by} pass")
    return None


def silence(world: World) -> Task | None:
    """The provider is gone for most of an hour, a night, or a day."""
    if world.gateway.is_silent(world.now()):
        return None
    by = world.pick(SILENCES)
    world.gateway.fall_silent(world.now() + by)
    world.tell(f"the provider falls silent for {by}")
    return None


def bank_returns(world: World) -> Task | None:
    """A payee's bank sends a payout back."""
    number = world.gateway.send_back(world.now())
    if number is not None:
        world.tell(f"the bank returns payout {number[-6:]}")
    return None


def judge_refund(world: World) -> Task | None:
    """An officer approves a refund, or refuses it; a hasty one their own."""
    waiting = list(Refund.objects.filter(state=Refunding.REQUESTED, batch=None).order_by("number")[:10])
    if not waiting:
        return None
    refund, officer = world.pick(waiting), world.person("officer")
    by = world.acting(officer, Role.FINANCE)
    if world.rng.random() < 0.75:
        return world.task(
            f"{officer.party.name} approves refund {refund.number[-6:]}",
            lambda: refunds.approve_refund(refund_id=refund.pk, by=by, at=world.now()) and None,
        )
    return world.task(
        f"{officer.party.name} refuses refund {refund.number[-6:]}",
        lambda: refunds.refuse_refund(refund_id=refund.pk, by=by, at=world.now(), reason="sim"),
    )


def goodwill(world: World) -> Task | None:
    """An officer asks for a refund of a part, out of goodwill."""
    paid = list(PaymentIntent.objects.filter(state=Intent.SUCCEEDED, duplicate_of=None).order_by("number")[:20])
    if not paid:
        return None
    intent, officer = world.pick(paid), world.person("officer")
    by, amount = world.acting(officer, Role.FINANCE), world.pick([1, intent.amount_fen // 3, intent.amount_fen])
    return world.task(
        f"{officer.party.name} asks for a refund of ¥{amount / 100:g} of {intent.number[-6:]}",
        lambda: (
            refunds.request_refund(intent_id=intent.pk, amount_fen=amount, reason="sim", by=by, at=world.now()) and None
        ),
    )


def judge_payout(world: World) -> Task | None:
    """An officer signs a payout first, second or not at all; the forgetful one signs twice."""
    waiting = list(Payout.objects.filter(state__in=(Paying.PENDING, Paying.CHECKED)).order_by("number")[:10])
    if not waiting:
        return None
    payout, officer = world.pick(waiting), world.person("officer")
    by, end = world.acting(officer, Role.FINANCE), payout.number[-6:]
    if world.rng.random() < 0.1:
        return world.task(
            f"{officer.party.name} rejects payout {end}",
            lambda: payouts.reject_payout(payout_id=payout.pk, by=by, at=world.now(), reason="sim"),
        )
    if payout.state == Paying.PENDING:
        return world.task(
            f"{officer.party.name} checks payout {end}",
            lambda: payouts.check_payout(payout_id=payout.pk, by=by, at=world.now()),
        )
    return world.task(
        f"{officer.party.name} authorises payout {end}",
        lambda: payouts.authorize_payout(payout_id=payout.pk, by=by, at=world.now()),
    )


def ask_payout(world: World) -> Task | None:
    """A maker asks for what is payable, or for more."""
    accounts = list(PayoutAccount.objects.select_related("party").order_by("holder"))
    account = world.pick(accounts)
    payable = books.available(ledger.payable_to(account.party_id))
    if payable <= 0:
        return None
    everyone = [*world.people("maker"), *world.people("worker")]
    maker = next(user for user in everyone if user.party_id == account.party_id)
    by, amount = world.acting(maker), payable + world.pick([0, 0, 0, 1])
    return world.task(
        f"{maker.party.name} asks for a payout of ¥{amount / 100:g}",
        lambda: (
            payouts.request_payout(party_id=account.party_id, amount_fen=amount, title="sim", by=by, at=world.now())
            and None
        ),
    )


def bulk_refund(world: World) -> Task | None:
    """An officer asks for a bulk refund, or another one decides on it."""
    officer = world.person("officer")
    by = world.acting(officer, Role.FINANCE)
    waiting = RefundBatch.objects.filter(state=Batch.PREVIEWED).order_by("created_at").first()
    if waiting is not None:
        batch_id = waiting.pk
        if world.rng.random() < 0.3:
            return world.task(
                f"{officer.party.name} refuses the bulk refund",
                lambda: refunds.refuse_batch(batch_id=batch_id, by=by, at=world.now(), reason="sim"),
            )
        return world.task(
            f"{officer.party.name} approves the bulk refund",
            lambda: refunds.approve_batch(batch_id=batch_id, by=by, at=world.now()),
        )
    campaign = Campaign.objects.filter(state__in=(State.PRODUCING, State.DELIVERING)).order_by("title").first()
    if campaign is None or world.rng.random() < 0.7:
        return None
    lines = campaigns.refundable_lines(campaign.pk)
    digest = refunds.preview_digest(lines)
    return world.task(
        f"{officer.party.name} asks for a bulk refund of {len(lines)}",
        lambda: (
            refunds.request_batch(
                purpose_id=campaign.pk, lines=lines, reason="sim", digest=digest, by=by, at=world.now()
            )
            and None
        ),
    )


def dispute(world: World) -> Task | None:
    """An officer records a chargeback, its evidence or its end."""
    officer = world.person("officer")
    by, at = world.acting(officer, Role.FINANCE), world.now()
    case = Dispute.objects.filter(state__in=Disputing.OPEN).order_by("opened_at").first()
    if case is not None and world.rng.random() < 0.8:
        case_id = case.pk
        end = world.pick(["wins", "wins", "loses", "files"])
        acts = {
            "wins": lambda: disputes.win_dispute(dispute_id=case_id, by=by, at=at),
            "loses": lambda: disputes.lose_dispute(dispute_id=case_id, by=by, at=at),
            "files": lambda: disputes.file_evidence(dispute_id=case_id, evidence="sim", by=by, at=at),
        }
        return world.task(f"{officer.party.name} records: chargeback {end}", acts[end])
    paid = list(PaymentIntent.objects.filter(trade_no__isnull=False, duplicate_of=None).order_by("number")[:20])
    if not paid:
        return None
    intent = world.pick(paid)
    owner = payee_of(intent)
    return world.task(
        f"{officer.party.name} records a chargeback of {intent.number[-6:]}",
        lambda: (
            disputes.open_dispute(
                intent_id=intent.pk,
                provider_no=f"CB{world.begun}",
                amount_fen=intent.amount_fen,
                payee_id=owner,
                by=by,
                at=at,
            )
            and None
        ),
    )


# --- what is never false -----------------------------------------------------------------------------


def provider_agrees(world: World) -> Iterator[str]:
    """What is booked as paid was paid, in that amount, under that trade."""
    trades = {trade.trade_no: trade for trade in world.gateway.trades}
    booked = PaymentIntent.objects.filter(trade_no__isnull=False)
    for trade_no, number, amount in booked.values_list("trade_no", "duplicate_of__number", "amount_fen"):
        trade = trades.get(str(trade_no))
        if trade is None:
            yield f"trade {trade_no} is booked and the provider does not know it"
        elif trade.amount_fen != amount or trade.status not in PAID:
            yield f"trade {trade_no} is booked as {amount}, the provider says {trade.amount_fen} {trade.status}"
        elif number is not None and trade.number != number:
            yield f"trade {trade_no} of order {trade.number} is booked as a duplicate of {number}"


def refunds_once(world: World) -> Iterator[str]:
    """Each refund that the provider made is one of ours, in our amount, and is not marked as refused."""
    ours = {row.number: row for row in Refund.objects.all()}
    for trade in world.gateway.trades:
        for number, amount in trade.refunds.items():
            refund = ours.get(number)
            if refund is None:
                yield f"the provider refunded {number}, which is no refund of ours"
            elif refund.amount_fen != amount or refund.state in (Refunding.REQUESTED, Refunding.REFUSED):
                yield f"the provider refunded {number}: {amount}; here it is {refund.amount_fen} {refund.state}"
    made = {number for trade in world.gateway.trades for number in trade.refunds}
    for number, refund in ours.items():
        if refund.state == Refunding.SUCCEEDED and number not in made:
            yield f"refund {number} is booked and the provider did not make it"


def payouts_once(world: World) -> Iterator[str]:
    """Each payout that the provider made is one of ours, and did not end as if it had not been made."""
    ours = {row.number: row for row in Payout.objects.all()}
    for number, made in world.gateway.transfers.items():
        payout = ours.get(number)
        if payout is None or payout.amount_fen != made.amount_fen:
            yield f"the provider paid out {number}: {made.amount_fen}, which is no payout of ours"
        elif payout.state in (Paying.ERROR, Paying.REJECTED) and made.status == "SUCCESS":
            yield f"payout {number} is {payout.state} here, and the provider made it"
    for number, payout in ours.items():
        if payout.state == Paying.PAID and number not in world.gateway.transfers:
            yield f"payout {number} is booked and the provider did not make it"


TWO_PEOPLE = f"""
    SELECT 'refund ' || number || ' was asked for and approved by one person'
    FROM payments_refund WHERE requested_by = approved_by
    UNION ALL
    SELECT 'payout ' || number || ' was not signed by two others' FROM payments_payout
    WHERE authorized_by IS NOT NULL AND (checked_by IS NULL OR authorized_by = checked_by
        OR party_id IN (checked_by, authorized_by) OR requested_by IN (checked_by, authorized_by))
    UNION ALL
    SELECT 'chargeback ' || d.provider_no || ' was decided by whoever recorded it' FROM payments_dispute d
    WHERE d.state NOT IN {among(*Disputing.OPEN)} AND d.opened_by = (
        SELECT person_id FROM common_statechange WHERE subject_id = d.id ORDER BY id DESC LIMIT 1)
"""

ANNOUNCED = """
    SELECT 'order ' || i.number || ' is ' || i.state || ' and nobody was told' FROM payments_paymentintent i
    WHERE i.trade_no IS NOT NULL AND i.duplicate_of_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM common_outboxevent e
        WHERE e.kind IN ('payments.PaymentSettled', 'payments.PaymentArrivedLate')
          AND e.body ->> 'intent_id' = i.id::text)
"""


def money_settled(world: World) -> Iterator[str]:
    """Nothing is under way any more, and the provider holds exactly what the books say."""
    for model, states in (
        (PaymentIntent, (Intent.CREATED, Intent.AWAITING, Intent.LATE)),
        (Refund, (Refunding.REQUESTED, Refunding.APPROVED, Refunding.SENDING, Refunding.MANUAL)),
        (Payout, Paying.IN_FLIGHT),
        (RefundBatch, (Batch.PREVIEWED, Batch.APPROVED)),
        (Dispute, Disputing.OPEN),
    ):
        for pk, state in model.objects.filter(state__in=states).values_list("pk", "state"):  # type: ignore[attr-defined]
            yield f"{model.__name__} {str(pk)[-6:]} is still {state}"
    for dead in Delivery.objects.exclude(state=Delivery.DONE).select_related("event")[:5]:
        yield f"{dead.event.kind} for {dead.handler} is {dead.state}: {dead.error[:200]}"
    if OutboxEvent.objects.filter(fanned_out=False).exists():
        yield "events wait for the relay"
    lost = sum(row.amount_fen for row in Dispute.objects.filter(state="lost"))
    held, booked = world.gateway.balance() - lost, books.balance(ledger.CLEARING)
    if held != booked:
        yield f"the provider holds {held} after chargebacks, the books say {booked}"
    if books.balance(ledger.SUSPENSE):
        yield f"{books.balance(ledger.SUSPENSE)} lie in suspense"


def repay(world: World) -> Task | None:
    """Whoever owes goes to the cashier; the forgetful one does not pay there."""
    owing = list(Debt.objects.filter(state__in=Owing.OPEN).order_by("created_at", "pk").select_related("party")[:10])
    if not owing:
        return None
    debtor = User.objects.select_related("party").filter(party_id=world.pick(owing).party_id).first()
    if debtor is None:
        return None
    by = world.acting(debtor)

    def visit() -> None:
        order = debts.order(by=by, at=world.now())
        intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

    return world.task(f"{debtor.party.name} goes to pay what it owes", visit)


PART = Part(
    name="money",
    acts=(
        Act("visit", 12, visit_cashier),
        Act("pay", 14, pay),
        Act("letter", 12, deliver_letter),
        Act("relay", 22, relay),
        Act("sweep", 16, sweep),
        Act("time", 8, pass_time),
        Act("bank returns", 1, bank_returns),
        Act("silence", 1, silence),
        Act("refund desk", 4, judge_refund),
        Act("goodwill", 2, goodwill),
        Act("payout desk", 12, judge_payout),
        Act("ask payout", 2, ask_payout),
        Act("bulk", 2, bulk_refund),
        Act("chargeback", 2, dispute),
        Act("repay", 6, repay),
    ),
    laws=(
        Law("M5", "No money leaves on the word of one natural person.", TWO_PEOPLE),
        Law("M6", "Every payment that was booked was announced.", ANNOUNCED),
    ),
    invariants=(
        Invariant("M2", "What is booked as paid was paid at the provider, in that amount.", provider_agrees),
        Invariant("M3", "The provider refunded only what we asked for, once, and we book only that.", refunds_once),
        Invariant(
            "M4", "The provider paid out only what two officers signed, once; unknown is not failure.", payouts_once
        ),
    ),
    settled=Invariant("M7", "When faults stop, all money comes to rest and equals the provider's.", money_settled),
    bells=(
        tasks.sweep_intents,
        tasks.send_refunds,
        tasks.send_payouts,
        tasks.watch_payouts,
        tasks.settle_debts,
        tasks.reconcile_bills,
    ),
)
