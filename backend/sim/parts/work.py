"""Tenders and engagements in the simulator: posters who change their minds, workers who vanish, claims, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from backend.accounts.models import User
from backend.common.actors import Actor, Role
from backend.ledger import queries as books
from backend.payments.operations import intents, payouts
from backend.sim.dawns import BIDDING, CLAIMED, FILED, FUNDED, SIGNED, SUBMITTED, WorkDawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task as Thread
from backend.sim.world import World
from crowdfunding.campaigns.tasks import answer_by_silence
from marketplace.engagements import tasks as engagement_tasks
from marketplace.engagements.models import CLIENT, Claim, Contract, Milestone
from marketplace.engagements.operations import claims, contracts, money, work
from marketplace.engagements.states import Agreeing, Claiming, Stage
from marketplace.tasks import tasks as task_tasks
from marketplace.tasks.forms import terms_now
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.operations import awards, bids, drafts, reviews
from marketplace.tasks.operations import terms as amending
from marketplace.tasks.operations.bids import Proposal
from marketplace.tasks.operations.drafts import Terms
from marketplace.tasks.states import Bidding, Posting

WORDS = "sim: what is wanted, what makes it good, and how it is delivered. "
REASON = "sim: not what was agreed on"


def _terms(days: int) -> Terms:
    return Terms(
        title="sim task",
        summary="sim",
        brief=WORDS,
        category="design",
        skills=(),
        county="",
        visibility="public",
        budget_fen=100_000,
        bid_days=days,
        work_days=10,
        accept_days=7,
        rights="transfer",
        stages=(("first", 50), ("second", 50)),
    )


def _publish(world: World, client: User, days: int) -> Task:
    at, by = world.now(), world.acting(client)
    task = drafts.start(by=by, at=at)
    drafts.write(task_id=task.pk, terms=_terms(days), version=1, by=by, at=at)
    drafts.submit(task_id=task.pk, by=by, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    approved: Task = reviews.REVIEWING.approve(subject_id=task.pk, checklist=reviews.CHECKLIST, by=moderator, at=at)
    return approved


def _proposal(world: World) -> Proposal:
    fen = world.pick([40_000, 60_001, 100_000])
    return Proposal(fen, 6, "sim: how it would be done")  # too short to be a copy of another


def dawn(world: World, begun: WorkDawn) -> None:
    """One task as far as the beginning says, another one farther or less far, and a third that takes bids."""
    world.gateway.faulty = False
    clients, workers = world.people("client"), world.people("worker")
    for worker in workers:
        by, phone = world.acting(worker), f"1370000{workers.index(worker):04d}"
        name = worker.party.name
        payouts.set_account(party_id=worker.party_id, login=phone, holder=name, by=by, at=world.now())
    ages = (begun.age, (begun.age + 4) % 7)
    begun_tasks = [_publish(world, client, 3) for client in clients]
    for task in begun_tasks:
        for worker in world.rng.sample(workers, 3):
            by = world.acting(worker)
            bids.seal(task_id=task.pk, proposal=_proposal(world), terms_no=1, by=by, at=world.now())
    world.pass_time(timedelta(days=3, minutes=1))
    task_tasks.advance_tasks()
    for task, client, age in zip(begun_tasks, clients, ages, strict=True):
        if age > BIDDING:
            _go_on(world, task, client, age)
    _publish(world, clients[1], 4)
    world.gateway.faulty = True
    world.tell(f"the tasks are {', '.join(Task.objects.order_by('created_at', 'pk').values_list('state', flat=True))}")


def _go_on(world: World, task: Task, client: User, age: int) -> None:
    by = world.acting(client)
    chosen = Bid.objects.filter(task=task, state=Bidding.OPENED).order_by("amount_fen", "pk").first()
    if chosen is None:
        raise AssertionError("nothing was opened")
    awards.award(bid_id=chosen.pk, reason="sim: the best", by=by, at=world.now())
    contract = Contract.objects.get(subject_id=chosen.pk)
    worker = world.acting(User.objects.get(party_id=contract.worker_id))
    if age >= SIGNED:
        contracts.accept(contract_id=contract.pk, digest=contract.digest, by=worker, at=world.now())
    campaigns.pay_orders(world)
    if age < FUNDED:
        return
    stage = Milestone.objects.get(contract=contract, no=1)
    campaigns.pay_orders(world, money.order(milestone_id=stage.pk, by=by, at=world.now()))
    if age < SUBMITTED:
        return
    work.start(milestone_id=stage.pk, by=worker, at=world.now())
    work.submit(milestone_id=stage.pk, text=WORDS, attached=(), by=worker, at=world.now())
    if age >= CLAIMED:
        made = claims.make(
            milestone_id=stage.pk, wanted_fen=stage.amount_fen // 2, reason=REASON, by=by, at=world.now()
        )
        claims.refuse(made.pk, "sim", worker, world.now())
        if age == FILED:
            claims.file(claim_id=made.pk, facts="sim", by=by, at=world.now())


# --- what people do ----------------------------------------------------------------------------------------


def _user(party_id: object) -> User:
    return User.objects.select_related("party").get(party_id=str(party_id))


def bid(world: World) -> Thread | None:
    """A worker bids, bids again, confirms on changed terms, or takes the bid back."""
    found = list(Task.objects.filter(state=Posting.OPEN).order_by("created_at", "pk")[:5])
    if not found:
        return None
    task, worker = world.pick(found), world.person("worker")
    by, task_id, terms_no, proposal = world.acting(worker), task.pk, task.terms_no, _proposal(world)
    acts: dict[str, Callable[[], object]] = {
        "bids": lambda: bids.seal(task_id=task_id, proposal=proposal, terms_no=terms_no, by=by, at=world.now()),
        "confirms": lambda: bids.confirm(task_id=task_id, terms_no=terms_no, by=by, at=world.now()),
        "takes the bid back": lambda: bids.withdraw(task_id=task_id, by=by, at=world.now()),
    }
    what = world.pick(["bids", "bids", "bids", "confirms", "confirms", "takes the bid back"])
    return world.task(f"{worker.party.name} {what}", lambda: acts[what]() and None)


def post(world: World) -> Thread | None:
    """A poster changes the terms, chooses a bid, calls a task off, or chooses none."""
    live = (Posting.OPEN, Posting.SELECTING)
    found = list(Task.objects.filter(state__in=live).select_related("owner").order_by("created_at", "pk")[:5])
    if not found:
        return None
    task = world.pick(found)
    by, task_id, version = world.acting(_user(task.owner_id)), task.pk, task.version
    if task.state == Posting.SELECTING:
        rows = list(task.bids.filter(state__in=Bidding.CHOOSABLE).order_by("amount_fen", "pk")[:5])
        if rows and world.rng.random() < 0.8:
            chosen = world.pick(rows).pk
            return world.task(
                "a poster chooses",
                lambda: awards.award(bid_id=chosen, reason="sim: the best", by=by, at=world.now()) and None,
            )
        return world.task(
            "a poster chooses none",
            lambda: awards.choose_none(task_id=task_id, reason="sim: none", by=by, at=world.now()) and None,
        )
    if world.rng.random() < 0.1:
        return world.task(
            "a poster calls a task off",
            lambda: awards.cancel(task_id=task_id, reason="sim: no more", by=by, at=world.now()) and None,
        )
    days = world.pick([8, 12, 15])

    def amend() -> None:
        terms = terms_now(Task.objects.get(pk=task_id))
        changed = Terms(**(vars(terms) | {"work_days": days}))
        amending.amend(task_id=task_id, terms=changed, reason="sim", version=version, by=by, at=world.now())

    return world.task("a poster changes the terms", amend)


def _contract(world: World, *states: str) -> Contract | None:
    found = list(Contract.objects.filter(state__in=states).order_by("offered_at", "pk")[:10])
    return world.pick(found) if found else None


def sign(world: World) -> Thread | None:
    """A worker signs, or does not want it any more."""
    contract = _contract(world, Agreeing.OFFERED)
    if contract is None:
        return None
    by, key, digest = world.acting(_user(contract.worker_id)), contract.pk, contract.digest
    if world.rng.random() < 0.2:
        return world.task(
            "a worker declines",
            lambda: contracts.decline(contract_id=key, reason="sim", by=by, at=world.now()) and None,
        )
    return world.task(
        "a worker signs",
        lambda: contracts.accept(contract_id=key, digest=digest, by=by, at=world.now()) and None,
    )


def end(world: World) -> Thread | None:
    """One side proposes to end it, the other agrees."""
    contract = _contract(world, Agreeing.ACTIVE)
    if contract is None or world.rng.random() < 0.5:
        return None
    key = contract.pk
    by = world.acting(_user(world.pick([contract.client_id, contract.worker_id])))
    if contract.end_by is None:
        return world.task(
            "a side would end it",
            lambda: contracts.propose_end(contract_id=key, reason="sim", by=by, at=world.now()) and None,
        )
    return world.task(
        "a side agrees to end it", lambda: contracts.agree_end(contract_id=key, by=by, at=world.now()) and None
    )


def _stage(world: World, *states: str) -> tuple[Milestone, Actor, Actor] | None:
    """A stage with its client and its worker."""
    found = Milestone.objects.filter(state__in=states, contract__state=Agreeing.ACTIVE).select_related("contract")
    rows = list(found.order_by("state_at", "pk")[:10])
    if not rows:
        return None
    stage = world.pick(rows)
    client, worker = (
        world.acting(_user(party_id)) for party_id in (stage.contract.client_id, stage.contract.worker_id)
    )
    return stage, client, worker


def fund(world: World) -> Thread | None:
    """A client goes to the cashier with the next stage's money."""
    found = _stage(world, Stage.PLANNED)
    if found is None or found[0].until is None:
        return None
    stage, client, _worker = found

    def visit() -> None:
        order = money.order(milestone_id=stage.pk, by=client, at=world.now())
        intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

    return world.task("a client goes to fund a stage", visit)


def labour(world: World) -> Thread | None:
    """A worker begins, tells, hands in, or hands back."""
    found = _stage(world, *Stage.WITH_WORKER)
    if found is None:
        return None
    stage, _client, by = found
    key = stage.pk
    acts: dict[str, Callable[[], object]] = {
        "begins": lambda: work.start(milestone_id=key, by=by, at=world.now()),
        "tells how it goes": lambda: work.note_progress(milestone_id=key, text=WORDS, by=by, at=world.now()),
        "hands in": lambda: work.submit(milestone_id=key, text=WORDS, attached=(), by=by, at=world.now()),
        "hands back": lambda: work.abandon(milestone_id=key, reason="sim", by=by, at=world.now()),
    }
    usual = "begins" if stage.state == Stage.FUNDED else "hands in"
    what = world.pick([usual] * 5 + ["tells how it goes", "hands back"])
    return world.task(f"a worker {what}", lambda: acts[what]() and None)


def accept(world: World) -> Thread | None:
    """A client accepts, asks for changes, or would end a stage."""
    found = _stage(world, Stage.SUBMITTED, Stage.SUBMITTED, Stage.WORKING)
    if found is None:
        return None
    stage, by, _worker = found
    key = stage.pk
    acts: dict[str, Callable[[], object]] = {
        "accepts": lambda: work.approve(milestone_id=key, by=by, at=world.now()),
        "asks for changes": lambda: work.ask_changes(milestone_id=key, text=WORDS, by=by, at=world.now()),
        "ends a stage": lambda: work.abandon(milestone_id=key, reason="sim", by=by, at=world.now()),
    }
    what = world.pick(["accepts", "accepts", "asks for changes", "ends a stage"])
    return world.task(f"a client {what}", lambda: acts[what]() and None)


def claim(world: World) -> Thread | None:
    """A side claims a part of a delivered stage."""
    found = _stage(world, Stage.SUBMITTED, Stage.CHANGES)
    if found is None:
        return None
    stage, client, worker = found
    by, wanted = world.pick([client, worker]), world.pick([1, stage.amount_fen // 3, stage.amount_fen])
    key = stage.pk
    return world.task(
        "a side claims",
        lambda: claims.make(milestone_id=key, wanted_fen=wanted, reason=REASON, by=by, at=world.now()) and None,
    )


def answer(world: World) -> Thread | None:
    """The other side answers a claim; whoever made it lets it go, or goes to the deciders."""
    rows = list(
        Claim.objects.filter(state__in=Claiming.OPEN)
        .select_related("milestone__contract")
        .order_by("made_at", "pk")[:10]
    )
    if not rows:
        return None
    made = world.pick(rows)
    contract, key = made.milestone.contract, made.pk
    mine, theirs = contract.client_id, contract.worker_id
    if made.side != CLIENT:
        mine, theirs = theirs, mine
    own, other = world.acting(_user(mine)), world.acting(_user(theirs))
    acts: dict[str, Callable[[], object]] = {
        "is refused": lambda: claims.refuse(key, "sim", other, world.now()),
        "is granted": lambda: claims.grant(key, "sim", other, world.now()),
        "is withdrawn": lambda: claims.withdraw(key, "", own, world.now()),
        "goes to the deciders": lambda: claims.file(claim_id=key, facts="sim", by=own, at=world.now()),
    }
    refused = made.state == Claiming.REFUSED
    what = world.pick(["goes to the deciders"] * 4 + ["is granted"] if refused else list(acts))
    return world.task(f"a claim {what}", lambda: acts[what]() and None)


def clockwork(world: World) -> Thread:
    """A worker of ours takes up what time brought."""
    bell = world.pick([engagement_tasks.advance_engagements, task_tasks.advance_tasks])
    return world.task(str(bell.__name__), bell)


# --- what is never false -----------------------------------------------------------------------------------


UNFUNDED = f"""
    SELECT 'stage ' || right(m.id::text, 6) || ' is ' || m.state || ' without its money'
    FROM engagements_milestone m LEFT JOIN payments_paymentintent i ON i.id = m.paid_by_id
    WHERE m.state IN {among(*Stage.HOLDING)} AND (i.id IS NULL OR i.state <> 'succeeded')
"""

PAID_IN_CHARGEBACK = """
    SELECT 'stage ' || right(m.id::text, 6) || ' was paid while the bank asked for it'
    FROM engagements_milestone m JOIN ledger_transfer t ON t.key = 'milestone:' || m.id AND t.leg = 0
    JOIN payments_dispute d ON d.intent_id = m.paid_by_id
    LEFT JOIN LATERAL (SELECT min(c.at) at FROM common_statechange c WHERE c.subject_id = d.id
                       AND c.event IN ('win', 'lose', 'let_pass')) e ON true
    WHERE t.at > d.opened_at AND (e.at IS NULL OR t.at < e.at)
"""

UNACCEPTED = """
    SELECT 'stage ' || right(m.id::text, 6) || ' was paid and nobody accepted or decided'
    FROM engagements_milestone m WHERE m.state IN ('released', 'split') AND NOT EXISTS (
        SELECT 1 FROM common_statechange c WHERE c.subject_id = m.id
        AND c.event IN ('approve', 'decide_release', 'decide_split'))
"""

CHOSEN_IN_FORCE = """
    SELECT 'task ' || right(t.id::text, 6) || ' is ' || t.state || ' and its bid ' || coalesce(b.state, 'missing')
    FROM tasks_task t LEFT JOIN tasks_bid b ON b.task_id = t.id AND b.state IN ('awarded', 'contracted')
    WHERE t.state IN ('awarded', 'delivering', 'completed', 'ended') AND b.id IS NULL
"""

HELD_FOR_CASE = f"""
    SELECT 'case ' || right(c.id::text, 6) || ' is ' || c.state || ' and its stage ' || m.state
    FROM disputes_case c JOIN engagements_milestone m ON m.id = c.subject_id
    WHERE c.state IN ('filed', 'hearing', 'ruled', 'appealed') AND m.state NOT IN {among(Stage.DISPUTED)}
"""


def work_settled(world: World) -> Iterator[str]:
    """No task, bid, contract, stage or claim waits, and nothing is left in the escrow of a stage."""
    for model in (Task, Bid, Contract, Milestone, Claim):
        for row in model.objects.all():
            if row.state not in row.machine.finals:
                yield f"{model.__name__} {str(row.pk)[-6:]} is still {row.state}{_why(row)}"
    for stage in Milestone.objects.exclude(paid_by=None):
        left = books.balance(money.escrow_of(stage))
        if left:
            yield f"{left} fen are left in the escrow of the {stage.state} stage {str(stage.pk)[-6:]}"


def _why(row: object) -> str:
    """What a stage that waits waits for."""
    if not isinstance(row, Milestone):
        return ""
    states = ", ".join(f"{order.number[-6:]} {order.state}" for order in money.orders(row.pk))
    return f", its contract {row.contract.state}, its clock {row.due_at}, its orders: {states or 'none'}"


PART = Part(
    name="work",
    acts=(
        Act("bid", 10, bid),
        Act("post", 10, post),
        Act("sign", 12, sign),
        Act("end", 2, end),
        Act("fund", 20, fund),
        Act("labour", 24, labour),
        Act("accept", 12, accept),
        Act("claim", 8, claim),
        Act("answer", 12, answer),
        Act("work's clock", 16, clockwork),
    ),
    laws=(
        Law("K1", "No stage is worked on without its money.", UNFUNDED),
        Law("K2", "No stage is paid while the client's bank asks for the money.", PAID_IN_CHARGEBACK),
        Law("K3", "A stage is paid when it was accepted or decided on.", UNACCEPTED),
        Law("K4", "A task under way has its bid.", CHOSEN_IN_FORCE),
        Law("K5", "A stage whose case is open is in dispute.", HELD_FOR_CASE),
    ),
    invariants=(),
    settled=Invariant(
        "K6", "When faults stop, every task and contract ends, and no stage's escrow holds money.", work_settled
    ),
    bells=(engagement_tasks.advance_engagements, task_tasks.advance_tasks, answer_by_silence),
    dawn=dawn,
)
