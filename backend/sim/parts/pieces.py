"""Micro-tasks in the simulator: posters, workers who miss gold and change their minds, rejections, pleas, and the clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

from backend.accounts.models import User
from backend.common.actors import Role
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.operations import disputes, intents, payouts
from backend.sim.dawns import CHECKED, CONTESTED, OPENED, PieceDawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task as Thread
from backend.sim.world import World
from crowdfunding.campaigns.tasks import answer_by_silence
from marketplace.microtasks import tasks as microtask_tasks
from marketplace.microtasks.models import Answer, Item, Job, Participant, Plea, Sheet
from marketplace.microtasks.operations import answers, checks, course, drafts, leases, money, pleas, reviews
from marketplace.microtasks.operations.drafts import Terms
from marketplace.microtasks.states import Asking, Given, Pleading, Posted, Taking

WORDS = "sim: look at the item and say yes or no; "
GROUNDS = "sim: it is not so"


def _terms(price_fen: int, each: int) -> Terms:
    return Terms(
        title="sim pieces",
        summary="sim",
        brief=WORDS,
        category="data",
        skills=(),
        county="",
        question="yes?",
        form="choice",
        options=("yes", "no"),
        price_fen=price_fen,
        answers_each=each,
        gold_percent=40,
        gold_least=60,
        agree_percent=60,
        lease_minutes=30,
        sheet_size=4,
        open_days=5,
    )


def _items(works: int) -> bytes:
    rows = [{"id": f"w{number}", "text": f"item {number}"} for number in range(works)]
    rows += [{"id": f"g{number}", "text": f"item g{number}", "gold": "yes"} for number in range(4)]
    return json.dumps(rows).encode()


def _write(world: World, who: User, works: int, price_fen: int, each: int) -> Job:
    at, by = world.now(), world.acting(who)
    made = drafts.start(by=by, at=at)
    drafts.write(job_id=made.pk, terms=_terms(price_fen, each), version=1, by=by, at=at)
    drafts.load(job_id=made.pk, body=_items(works), by=by, at=at)
    drafts.submit(job_id=made.pk, by=by, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator, at=at)
    return made


def _publish(world: World, who: User, works: int, price_fen: int, each: int) -> Job:
    made = _write(world, who, works, price_fen, each)
    campaigns.pay_orders(world, money.order(job_id=made.pk, by=world.acting(who), at=world.now()))
    return Job.objects.get(pk=made.pk)


def _hand_in(world: World, sheet: Sheet, who: User, value: str, gold: str) -> None:
    rows = Answer.objects.filter(sheet=sheet, state=Given.LEASED).select_related("item").order_by("pk")
    for row in rows:
        if row.item.note and row.note_read_at is None:
            answers.read_note(answer_id=row.pk, by=world.acting(who), at=world.now())
    values = {row.item_id: gold if row.item.is_gold else value for row in rows}
    answers.hand_in(sheet_id=sheet.pk, values=values, by=world.acting(who), at=world.now())


def dawn(world: World, begun: PieceDawn) -> None:
    """One job as far as the beginning says, and another that is open."""
    world.gateway.faulty = False
    posters, workers = world.people("client"), world.people("worker")
    for number, worker in enumerate(workers):
        payouts.set_account(
            party_id=worker.party_id,
            login=f"1370000{number:04d}",
            holder=worker.party.name,
            by=world.acting(worker),
            at=world.now(),
        )
    first = _publish(world, posters[0], 6, 10_001, 2)
    if begun.age > OPENED:
        _work(world, first, workers, begun)
    if begun.is_charged:
        _charge(world, first)
    _publish(world, posters[1], 3, 500, 1)
    world.gateway.faulty = True
    world.tell(f"the jobs are {', '.join(Job.objects.order_by('created_at').values_list('state', flat=True))}")


def _work(world: World, job: Job, workers: list[User], begun: PieceDawn) -> None:
    """Two workers answer, one of whom misses every gold item and is stopped; a rejection; and the time to check."""
    for number, worker in enumerate(workers[:2]):
        for _ in range(2):
            sheet = leases.take(job_id=job.pk, by=world.acting(worker), at=world.now())
            _hand_in(world, sheet, worker, "yes", "no" if number else "yes")
    if begun.age >= CHECKED:
        world.pass_time(timedelta(days=4))
        _ring(world)
    if begun.age >= CONTESTED:
        rows = Answer.objects.filter(item__job=job, person_id=workers[0].party_id, state=Given.ANSWERED)
        good, by = rows.filter(item__is_gold=False).order_by("pk")[0], world.acting(_user(job.owner_id))
        checks.reject(job_id=job.pk, answer_id=good.pk, reason=GROUNDS, by=by, at=world.now())
        plea = pleas.plead(answer_id=good.pk, grounds=GROUNDS, by=world.acting(workers[0]), at=world.now())
    if begun.age >= CHECKED:
        pleas.reply(plea_id=plea.pk, agrees=False, words=GROUNDS, by=by, at=world.now())
        pleas.escalate(plea_id=plea.pk, by=world.acting(workers[0]), at=world.now())
        world.pass_time(timedelta(days=1, minutes=1))
        _ring(world)


def _ring(world: World) -> None:
    for _ in range(3):
        microtask_tasks.advance_jobs()
        campaigns.pay_orders(world)


def _charge(world: World, job: Job) -> None:
    """The poster's bank asks for the pay."""
    officer = world.acting(world.people("officer")[0], Role.FINANCE)
    disputes.open_dispute(
        intent_id=Job.objects.values_list("paid_by", flat=True).get(pk=job.pk),  # type: ignore[arg-type]  # it is funded
        provider_no="CB-SIM",
        amount_fen=job.total_fen,
        payee_id=None,
        by=officer,
        at=world.now(),
    )


# --- what people do ----------------------------------------------------------------------------------------


def _user(party_id: object) -> User:
    return User.objects.select_related("party").get(party_id=str(party_id))


def work(world: World) -> Thread | None:
    """A worker takes a sheet, or does something with the one in hand."""
    who = world.person("worker")
    by = world.acting(who)
    sheet = Sheet.objects.filter(person_id=who.party_id, state=Taking.LIVE).first()
    if sheet is None:
        open_jobs = list(Job.objects.filter(state=Posted.OPEN).order_by("created_at", "pk")[:5])
        if not open_jobs:
            return None
        job = world.pick(open_jobs)
        return world.task(
            f"{who.party.name} takes a sheet",
            lambda: leases.take(job_id=job.pk, by=by, at=world.now()) and None,
        )
    key, value, gold = sheet.pk, world.pick(["yes", "yes", "no"]), world.pick(["yes", "yes", "yes", "no"])
    row = Answer.objects.filter(sheet=sheet, state=Given.LEASED).order_by("pk").first()
    acts: dict[str, Callable[[], object]] = {
        "hands a sheet in": lambda: _hand_in(world, sheet, who, value, gold),
        "takes more time": lambda: leases.extend(sheet_id=key, by=by, at=world.now()),
        "gives a sheet back": lambda: leases.drop(sheet_id=key, by=by, at=world.now()),
        "skips an item": lambda: answers.hand_in(
            sheet_id=key, values={}, skips=[row.item_id] if row else [], by=by, at=world.now()
        ),
    }
    what = world.pick(["hands a sheet in"] * 6 + ["takes more time", "gives a sheet back", "skips an item"])
    return world.task(f"{who.party.name} {what}", lambda: acts[what]() and None)


def post(world: World) -> Thread | None:
    """A poster rejects an answer, decides an item, closes or calls off a job."""
    found = list(Job.objects.filter(state__in=(Posted.OPEN, Posted.CHECKING)).order_by("created_at", "pk")[:5])
    if not found:
        return None
    job = world.pick(found)
    by, key = world.acting(_user(job.owner_id)), job.pk
    good = Answer.objects.filter(item__job=job, item__is_gold=False, state=Given.ANSWERED).order_by("pk").first()
    full = Item.objects.filter(job=job, state__in=Asking.FULL).order_by("pk").first()
    acts: dict[str, Callable[[], object]] = {
        "closes a job": lambda: course.close(job_id=key, reason=GROUNDS, by=by, at=world.now()),
        "calls a job off": lambda: course.cancel(job_id=key, reason=GROUNDS, by=by, at=world.now()),
    }
    weighed = ["closes a job", "calls a job off"] if world.rng.random() < 0.15 else []
    if good is not None:
        acts["rejects an answer"] = lambda: checks.reject(
            job_id=key, answer_id=good.pk, reason=GROUNDS, by=by, at=world.now()
        )
        weighed.append("rejects an answer")
    if full is not None:
        acts["decides an item"] = lambda: checks.decide(
            job_id=key, item_id=full.pk, value="no", by=by, at=world.now()
        )  # fmt: skip
        weighed.append("decides an item")
    if not weighed:
        return None
    what = world.pick(weighed)
    return world.task(f"a poster {what}", lambda: acts[what]() and None)


def plead(world: World) -> Thread | None:
    """Whoever missed a gold item or was rejected contests it, or does it again."""
    rows = Answer.objects.filter(pleas=None, item__job__state__in=(Posted.OPEN, Posted.CHECKING))
    missed = list(rows.filter(is_right=False, state__in=Given.WRITTEN).order_by("pk")[:4])
    back = list(rows.filter(state=Given.REJECTED).order_by("pk")[:4])
    if not missed and not back:
        return None
    answer = world.pick([*back, *back, *missed])
    by, key = world.acting(_user(answer.person_id)), answer.pk
    if answer.state == Given.REJECTED and world.rng.random() < 0.4:
        return world.task(
            "a worker does an answer again", lambda: leases.redo(answer_id=key, by=by, at=world.now()) and None
        )
    return world.task(
        "a worker pleads",
        lambda: pleas.plead(answer_id=key, grounds=GROUNDS, by=by, at=world.now()) and None,
    )


def hear(world: World) -> Thread | None:
    """The poster answers a plea, the worker goes on or lets go, a moderator decides."""
    rows = list(
        Plea.objects.filter(state__in=Pleading.PENDING).select_related("answer", "job").order_by("made_at", "pk")[:6]
    )
    if not rows:
        return None
    found = world.pick(rows)
    key, worker = found.pk, world.acting(_user(found.answer.person_id))
    poster = world.acting(_user(found.job.owner_id))
    officer = world.acting(world.person("moderator"), Role.MODERATOR)

    def find(for_worker: bool) -> object:
        return pleas.find(plea_id=key, for_worker=for_worker, reason=GROUNDS, by=officer, at=world.now())

    acts: dict[str, Callable[[], object]] = {
        "is agreed to": lambda: pleas.reply(plea_id=key, agrees=True, words="", by=poster, at=world.now()),
        "is answered": lambda: pleas.reply(plea_id=key, agrees=False, words=GROUNDS, by=poster, at=world.now()),
        "goes to the platform": lambda: pleas.escalate(plea_id=key, by=worker, at=world.now()),
        "is taken back": lambda: pleas.withdraw(plea_id=key, by=worker, at=world.now()),
        "is upheld": lambda: find(True),
        "is dismissed": lambda: find(False),
    }
    weighed = {
        Pleading.RAISED: ["is agreed to", "is answered", "is answered", "is taken back"],
        Pleading.ANSWERED: ["goes to the platform", "goes to the platform", "is taken back"],
        Pleading.ESCALATED: ["is upheld", "is dismissed", "is taken back"],
    }[found.state]
    what = world.pick(weighed)
    return world.task(f"a plea {what}", lambda: acts[what]() and None)


def start(world: World) -> Thread | None:
    """A poster whose job was approved goes to the cashier; now and then another job is posted."""
    waiting = Job.objects.filter(state=Posted.FUNDING).order_by("created_at", "pk").first()
    if waiting is not None:
        by, key = world.acting(_user(waiting.owner_id)), waiting.pk

        def visit() -> None:
            order = money.order(job_id=key, by=by, at=world.now())
            intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

        return world.task("a poster goes to pay in", visit)
    if Job.objects.count() >= 4:
        return None
    who, price_fen = world.person("client"), world.pick([301, 4_000])
    return world.task("a job is posted", lambda: _write(world, who, 3, price_fen, 2) and None)


def clockwork(world: World) -> Thread:
    """A worker of ours takes up what time brought."""
    return world.task("advance_jobs", microtask_tasks.advance_jobs)


# --- what is never false -----------------------------------------------------------------------------------

UNFUNDED = f"""
    SELECT 'job ' || right(j.id::text, 6) || ' is ' || j.state || ' without its pay'
    FROM microtasks_job j LEFT JOIN payments_paymentintent i ON i.id = j.paid_by_id
    WHERE j.state IN {among(*Posted.HOLDING)} AND (i.id IS NULL OR i.state <> 'succeeded')
"""

OVERFULL = """
    SELECT 'item ' || right(i.id::text, 6) || ' is in more hands than it has slots'
    FROM microtasks_item i JOIN microtasks_answer a ON a.item_id = i.id
    WHERE a.state IN ('leased', 'answered', 'held', 'rejected', 'paid') GROUP BY i.id, i.need HAVING count(*) > i.need
"""

PAID_UNDER_PLEA = """
    SELECT 'worker ' || right(p.id::text, 6) || ' was paid while a plea was open'
    FROM microtasks_participant p JOIN microtasks_plea q ON q.job_id = p.job_id
    WHERE p.paid_at IS NOT NULL AND q.state IN ('raised', 'answered', 'escalated')
"""

UNHEARD = """
    SELECT 'answer ' || right(a.id::text, 6) || ' was forfeited before its author could be heard'
    FROM microtasks_answer a
    JOIN LATERAL (SELECT max(at) at FROM common_statechange WHERE subject_id = a.id AND event = 'forfeit') f ON true
    JOIN LATERAL (SELECT max(at) at FROM common_statechange WHERE subject_id = a.id AND event IN ('hold', 'reject')) h
         ON true
    JOIN microtasks_participant p ON p.id = a.participant_id JOIN microtasks_job j ON j.id = p.job_id
    WHERE a.state = 'forfeited' AND j.state <> 'failed' AND f.at < h.at + interval '3 days'
      AND NOT EXISTS (SELECT 1 FROM microtasks_plea q WHERE q.answer_id = a.id)
"""

PAID_IN_CHARGEBACK = """
    SELECT 'job ' || right(j.id::text, 6) || ' paid while the bank asked for its money'
    FROM microtasks_job j JOIN microtasks_participant p ON p.job_id = j.id
    JOIN payments_dispute d ON d.intent_id = j.paid_by_id
    LEFT JOIN LATERAL (SELECT min(s.at) at FROM common_statechange s WHERE s.subject_id = d.id
                       AND s.event IN ('win', 'lose', 'let_pass')) ended ON true
    WHERE p.paid_at > d.opened_at AND (ended.at IS NULL OR p.paid_at < ended.at)
"""

STOPPED_WORKS = """
    SELECT 'worker ' || right(p.id::text, 6) || ' was stopped and has items in hand'
    FROM microtasks_participant p JOIN microtasks_answer a ON a.participant_id = p.id
    WHERE p.barred_at IS NOT NULL AND a.state = 'leased'
"""


def jobs_settled(world: World) -> Iterator[str]:
    """No job, item, sheet, answer or plea waits, and nothing is left in the escrow of a job."""
    for model in (Job, Sheet, Answer, Plea):
        for row in model.objects.all():
            if row.state not in (*row.machine.finals, *(Posted.EDITABLE if model is Job else ())):
                yield f"{model.__name__} {str(row.pk)[-6:]} is still {row.state}"
    for item in Item.objects.exclude(state__in=Item.machine.finals).select_related("job"):
        if item.job.state in (Posted.COMPLETED, Posted.FAILED, Posted.CANCELLED):
            yield f"item {str(item.pk)[-6:]} of a {item.job.state} job is still {item.state}"
    for part in Participant.objects.exclude(due_at=None):
        yield f"worker {str(part.pk)[-6:]} still waits to be heard"
    for job in Job.objects.exclude(paid_by=None):
        left = books.balance(ledger.escrow_of(*money.subject_of(job)))
        if left:
            yield f"{left} fen are left in the escrow of the {job.state} job {str(job.pk)[-6:]}"


PART = Part(
    name="pieces",
    acts=(
        Act("work", 40, work),
        Act("post", 10, post),
        Act("plead", 10, plead),
        Act("hear", 14, hear),
        Act("start", 6, start),
        Act("pieces' clock", 14, clockwork),
    ),
    laws=(
        Law("U1", "No job hands out or holds items without its pay.", UNFUNDED),
        Law("U2", "No item is in more hands than it has slots.", OVERFULL),
        Law("U3", "Nobody is paid while a plea about the job is open.", PAID_UNDER_PLEA),
        Law("U4", "No answer is forfeited before its author could be heard.", UNHEARD),
        Law("U5", "No pieces are paid while the poster's bank asks for the money.", PAID_IN_CHARGEBACK),
        Law("U6", "Who was stopped has nothing in hand.", STOPPED_WORKS),
    ),
    invariants=(),
    settled=Invariant("U7", "When faults stop, every job ends, and no job's escrow holds money.", jobs_settled),
    bells=(microtask_tasks.advance_jobs, answer_by_silence),
    dawn=dawn,
)
