"""Contests in the simulator: hosts, entrants who change their minds, lazy judges, objections, officers, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from backend.accounts.models import User
from backend.common.actors import Actor, Role
from backend.judging import tasks as judging_tasks
from backend.judging.models import AGAINST, FOR, Application, Call, Judge, Objection
from backend.judging.operations import calls, objections, panel
from backend.judging.states import Calling, Objecting, Sitting, Standing
from backend.ledger import queries as books
from backend.ledger.operations import escrow_of
from backend.payments.models import PRIZES
from backend.payments.operations import disputes, intents, payouts
from backend.sim.dawns import CROWNED, ENTERED, OBJECTED, SCORED, ContestDawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task as Thread
from backend.sim.world import World
from crowdfunding.campaigns.tasks import answer_by_silence
from marketplace.contests import tasks as contest_tasks
from marketplace.contests.models import Contest, Entry
from marketplace.contests.operations import course, drafts, entries, money, reviews
from marketplace.contests.operations.drafts import Terms
from marketplace.contests.states import Running

WORDS = "sim: what is wanted, what makes it good, and how it is handed in. "
GROUNDS = "sim: it is somebody else's work"
JUDGES = "maker"
"""Whom panels are made of: makers have no part in contests otherwise."""


def terms_of(prizes: tuple[int, ...], tie_rule: str) -> Terms:
    """A short contest with these prizes."""
    return Terms(
        title="sim contest",
        summary="sim",
        brief=WORDS,
        category="design",
        skills=(),
        county="",
        mode="several" if len(prizes) > 1 else "single",
        prizes=prizes,
        criteria=(("fit", 60), ("craft", 40)),
        tie_rule=tie_rule,
        is_blind=True,
        rights="transfer",
        gallery="after",
        entry_limit=1,
        entry_days=5,
        judge_days=3,
        publicity_days=3,
    )


def publish(world: World, host: User, terms: Terms) -> Contest:
    """A contest that takes entries."""
    at, by = world.now(), world.acting(host)
    made = drafts.start(by=by, at=at)
    drafts.write(contest_id=made.pk, terms=terms, version=1, by=by, at=at)
    drafts.submit(contest_id=made.pk, by=by, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator, at=at)
    campaigns.pay_orders(world, money.order(contest_id=made.pk, by=by, at=at))
    return Contest.objects.get(pk=made.pk)


def _text(number: int) -> str:
    """A hundred characters that resemble no other's."""
    return f"entry {number}: " + "".join(chr(97 + (number * 7 + place * place) % 26) for place in range(100))


def hand_in(world: World, contest: Contest, who: User, number: int) -> None:
    """Somebody enters with words that resemble no other's."""
    by = world.acting(who)
    made = entries.begin(contest_id=contest.pk, title="sim", text=_text(number), by=by, at=world.now())
    entries.hand_in(entry_id=made.pk, by=by, at=world.now())


def dawn(world: World, begun: ContestDawn) -> None:
    """One contest as far as the beginning says, and another that takes entries."""
    world.gateway.faulty = False
    hosts, workers = world.people("client"), world.people("worker")
    for number, worker in enumerate(workers):
        by = world.acting(worker)
        payouts.set_account(
            party_id=worker.party_id, login=f"1370000{number:04d}", holder=worker.party.name, by=by, at=world.now()
        )
    first = publish(world, hosts[0], terms_of((50_001, 20_000), begun.tie_rule))
    for number, worker in enumerate(workers):
        hand_in(world, first, worker, number)
    call = Call.objects.get(subject_id=first.pk)
    for person in world.people(JUDGES):
        panel.come_in(code=call.judge_code, by=world.acting(person), at=world.now())
    if begun.age > ENTERED:
        world.pass_time(timedelta(days=5, minutes=1))
        ring(world)
        judge_all(world, call, begun.age)
    if begun.is_paid:
        world.pass_time(timedelta(days=3, minutes=1))
        ring(world)
    if begun.is_charged:
        charge(world, first)
    second = publish(world, hosts[1], terms_of((30_000,), "share"))
    hand_in(world, second, workers[0], 10)
    world.gateway.faulty = True
    world.tell(f"the contests are {', '.join(Contest.objects.order_by('created_at').values_list('state', flat=True))}")


def charge(world: World, contest: Contest) -> None:
    """The host's bank asks for the prize."""
    officer = world.acting(world.people("officer")[0], Role.FINANCE)
    disputes.open_dispute(
        intent_id=Contest.objects.values_list("paid_by", flat=True).get(pk=contest.pk),  # type: ignore[arg-type]  # it is funded
        provider_no="CB-SIM",
        amount_fen=contest.total_fen,
        payee_id=None,
        by=officer,
        at=world.now(),
    )


def ring(world: World) -> None:
    """Let the clocks and the provider have their turn."""
    for _ in range(3):
        contest_tasks.advance_contests()
        judging_tasks.advance_judging()
        campaigns.pay_orders(world)


def judge_all(world: World, call: Call, age: int) -> None:
    """Both judges declare and score, the first two works alike; published, and objected to."""
    rows = list(Application.objects.filter(call=call).order_by("no"))
    for person in world.people(JUDGES):
        by = world.acting(person)
        panel.declare(call_id=call.pk, declaration="", by=by, at=world.now())
        for row in rows if age >= SCORED else rows[:1]:
            marks = dict.fromkeys(("c1", "c2"), 90 if row.no <= 2 else 90 - 10 * row.no)
            panel.score(application_id=row.pk, marks=marks, note="", by=by, at=world.now())
    if age < CROWNED:
        return
    calls.tally(call_id=call.pk, by=world.acting(_user(call.owner_id)), at=world.now())
    if age == OBJECTED:
        raiser = world.acting(_user(rows[-1].party_id))
        objections.raise_objection(application_id=rows[0].pk, aim=AGAINST, grounds=GROUNDS, by=raiser, at=world.now())
    ring(world)


# --- what people do ----------------------------------------------------------------------------------------


def _user(party_id: object) -> User:
    return User.objects.select_related("party").get(party_id=str(party_id))


def enter(world: World) -> Thread | None:
    """A worker enters, or takes an entry back."""
    found = list(Contest.objects.filter(state__in=Running.TAKING).order_by("created_at", "pk")[:5])
    if not found:
        return None
    contest, worker = world.pick(found), world.person("worker")
    by, number = world.acting(worker), world.rng.randrange(1_000)
    mine = Entry.objects.filter(contest=contest, stage=contest.stage, entrant_id=worker.party_id)
    entry = mine.order_by("pk").first()
    if entry is None:
        return world.task(f"{worker.party.name} enters", lambda: hand_in(world, contest, worker, number))
    key = entry.pk
    acts: dict[str, Callable[[], object]] = {
        "changes an entry": lambda: entries.write(entry_id=key, title="sim", text=_text(number), by=by, at=world.now()),
        "takes an entry back": lambda: entries.withdraw(entry_id=key, by=by, at=world.now()),
        "hands an entry in": lambda: entries.hand_in(entry_id=key, by=by, at=world.now()),
    }
    what = world.pick(list(acts))
    return world.task(f"{worker.party.name} {what}", lambda: acts[what]() and None)


def host(world: World) -> Thread | None:
    """A host publishes a result, shortlists, excludes, gives more time, or calls a contest off."""
    rows = Contest.objects.filter(state__in=(*Running.TAKING, Running.JUDGING))
    found = list(rows.order_by("created_at", "pk")[:5])
    if not found:
        return None
    contest = world.pick(found)
    by, key = world.acting(_user(contest.owner_id)), contest.pk
    if contest.state in Running.TAKING:
        acts: dict[str, Callable[[], object]] = {
            "gives more time": lambda: course.extend(
                contest_id=key, days=1, reason="sim: more time", by=by, at=world.now()
            ),
            "calls a contest off": lambda: course.cancel(contest_id=key, reason="sim: no more", by=by, at=world.now()),
        }
    else:
        call = Call.objects.filter(subject_id=key).latest("stage")
        works = list(Application.objects.filter(call=call, state__in=Standing.ELIGIBLE).order_by("no"))
        if not works:
            return None
        work = world.pick(works).pk
        acts = {
            "publishes a result": lambda: calls.tally(call_id=call.pk, by=by, at=world.now()),
            "shortlists": lambda: calls.shortlist(application_id=work, on=True, by=by, at=world.now()),
            "excludes a work": lambda: calls.exclude(
                application_id=work, reason="sim: not what was asked", by=by, at=world.now()
            ),
        }
    what = world.pick(list(acts))
    return world.task(f"a host {what}", lambda: acts[what]() and None)


def judge(world: World) -> Thread | None:
    """A judge declares, scores, or leaves."""
    rows = list(
        Judge.objects.filter(state__in=Sitting.SEATED, call__state__in=(Calling.COLLECTING, Calling.JUDGING))
        .select_related("call")
        .order_by("invited_at", "pk")[:8]
    )
    if not rows:
        return None
    seat = world.pick(rows)
    by, call_id = world.acting(_user(seat.party_id)), seat.call_id
    if seat.state == Sitting.INVITED:
        return world.task(
            "a judge declares", lambda: panel.declare(call_id=call_id, declaration="", by=by, at=world.now()) and None
        )
    works = list(Application.objects.filter(call_id=call_id, state__in=Standing.ELIGIBLE).order_by("no"))
    if seat.call.state != Calling.JUDGING or not works:
        return None
    if world.rng.random() < 0.04:
        return world.task(
            "a judge leaves", lambda: panel.recuse(call_id=call_id, reason="sim", by=by, at=world.now()) and None
        )
    work = next((one for one in works if not one.scorings.filter(judge=seat).exists()), world.pick(works))
    marks = {"c1": world.pick([60, 80, 90]), "c2": world.pick([60, 80, 90])}
    return world.task(
        "a judge scores",
        lambda: panel.score(application_id=work.pk, marks=marks, note="", by=by, at=world.now()) and None,
    )


def sit(world: World) -> Thread | None:
    """Somebody takes a seat on a panel."""
    rows = list(Call.objects.filter(state__in=(Calling.COLLECTING, Calling.JUDGING)).order_by("state_at", "pk")[:5])
    if not rows:
        return None
    call, by = world.pick(rows), world.acting(world.person(JUDGES))
    return world.task(
        "a judge takes a seat", lambda: panel.come_in(code=call.judge_code, by=by, at=world.now()) and None
    )


def complain(world: World) -> Thread | None:
    """Somebody objects to a winner, in the publicity or after it; whoever was excluded asks to be let in."""
    public = Application.objects.filter(
        call__state=Calling.PUBLICITY, state__in=(Standing.PROVISIONAL, Standing.RANKED, Standing.INELIGIBLE)
    )
    settled = Application.objects.filter(call__state=Calling.SETTLED, call__is_last=True, state=Standing.AWARDED)
    rows = [*public.order_by("place", "no")[:8], *settled.order_by("place", "no")[:4]]
    if not rows:
        return None
    work = world.pick(rows)
    aim = FOR if work.state == Standing.INELIGIBLE else AGAINST
    who = _user(work.party_id) if aim == FOR else world.person("worker")
    by, key = world.acting(who), work.pk
    return world.task(
        "somebody objects",
        lambda: (
            objections.raise_objection(application_id=key, aim=aim, grounds=GROUNDS, by=by, at=world.now()) and None
        ),
    )


def hear(world: World) -> Thread | None:
    """Whoever it is about answers; whoever objected takes it back; a moderator decides."""
    rows = list(
        Objection.objects.filter(state__in=Objecting.OPEN)
        .select_related("application", "call")
        .order_by("raised_at", "pk")[:8]
    )
    if not rows:
        return None
    found = world.pick(rows)
    key = found.pk
    raiser, other = world.acting(_user(found.by_id)), world.acting(_user(objections.hears(found)))
    officer = world.acting(world.person("moderator"), Role.MODERATOR)

    def decide(upheld: bool, by: Actor) -> object:
        return objections.decide(objection_id=key, upheld=upheld, reason=GROUNDS, by=by, at=world.now())

    acts: dict[str, Callable[[], object]] = {
        "is answered": lambda: objections.answer(objection_id=key, text=WORDS, by=other, at=world.now()),
        "is taken back": lambda: objections.withdraw(objection_id=key, by=raiser, at=world.now()),
        "is upheld": lambda: decide(True, officer),
        "is dismissed": lambda: decide(False, officer),
    }
    weighed = ["is answered"] * 3 + ["is taken back", "is upheld"]
    if found.state in Objecting.HEARD:
        weighed = ["is upheld"] * 3 + ["is dismissed", "is taken back"]
    what = world.pick(weighed)
    return world.task(f"an objection {what}", lambda: acts[what]() and None)


def start(world: World) -> Thread | None:
    """A host whose contest was approved goes to the cashier; now and then another contest is posted."""
    waiting = Contest.objects.filter(state=Running.FUNDING).order_by("created_at", "pk").first()
    if waiting is not None:
        by, key = world.acting(_user(waiting.owner_id)), waiting.pk

        def visit() -> None:
            order = money.order(contest_id=key, by=by, at=world.now())
            intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

        return world.task("a host goes to put the prize in", visit)
    if Contest.objects.count() >= 4:
        return None
    who, prizes = world.person("client"), world.pick([(30_000,), (20_001, 20_001), (40_000, 20_000, 10_000)])
    by, officer = world.acting(who), world.acting(world.people("moderator")[0], Role.MODERATOR)

    def post() -> None:
        at = world.now()
        made = drafts.start(by=by, at=at)
        drafts.write(contest_id=made.pk, terms=terms_of(prizes, "share"), version=1, by=by, at=at)
        drafts.submit(contest_id=made.pk, by=by, at=at)
        reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=officer, at=at)

    return world.task("a contest is posted", post)


def clockwork(world: World) -> Thread:
    """A worker of ours takes up what time brought."""
    bell = world.pick([contest_tasks.advance_contests, judging_tasks.advance_judging])
    return world.task(str(bell.__name__), bell)


# --- what is never false -----------------------------------------------------------------------------------

UNFUNDED = f"""
    SELECT 'contest ' || right(c.id::text, 6) || ' is ' || c.state || ' without its prize'
    FROM contests_contest c LEFT JOIN payments_paymentintent i ON i.id = c.paid_by_id
    WHERE c.state IN {among(*Running.HOLDING)} AND (i.id IS NULL OR i.state <> 'succeeded')
"""

PAID_TOO_EARLY = """
    SELECT 'entry ' || right(e.id::text, 6) || ' was paid before the publicity of the last result was over'
    FROM contests_entry e JOIN judging_application a ON a.id = e.application_id
    JOIN judging_call k ON k.id = a.call_id
    JOIN LATERAL (SELECT max(s.at) at FROM common_statechange s WHERE s.subject_id = k.id
                  AND s.event IN ('tally', 'default', 'renew')) last ON true
    WHERE e.rights_at < last.at + k.publicity_days * interval '1 day'
"""

PAID_UNDER_OBJECTION = """
    SELECT 'entry ' || right(e.id::text, 6) || ' was paid while an objection was open'
    FROM contests_entry e JOIN judging_application a ON a.id = e.application_id
    JOIN judging_objection o ON o.call_id = a.call_id
    JOIN judging_call k ON k.id = a.call_id
    WHERE e.rights_at IS NOT NULL AND o.raised_at < least(e.rights_at, k.state_at) AND o.state IN ('raised', 'answered', 'unanswered')
"""

PAID_IN_CHARGEBACK = """
    SELECT 'contest ' || right(c.id::text, 6) || ' paid while the bank asked for its prize'
    FROM contests_contest c JOIN contests_entry e ON e.contest_id = c.id
    JOIN ledger_transfer t ON t.key = 'prize:' || e.id AND t.leg = 0
    JOIN payments_dispute d ON d.intent_id = c.paid_by_id
    LEFT JOIN LATERAL (SELECT min(s.at) at FROM common_statechange s WHERE s.subject_id = d.id
                       AND s.event IN ('win', 'lose', 'let_pass')) ended ON true
    WHERE t.at > d.opened_at AND (ended.at IS NULL OR t.at < ended.at)
"""

TIED_SCORE = """
    SELECT 'judge ' || right(j.id::text, 6) || ' scores a work of their own party'
    FROM judging_scoring s JOIN judging_judge j ON j.id = s.judge_id JOIN judging_application a ON a.id = s.application_id
    WHERE j.party_id = a.party_id
"""

UNHEARD = """
    SELECT 'objection ' || right(o.id::text, 6) || ' was decided before the other side was heard'
    FROM judging_objection o WHERE o.state IN ('upheld', 'dismissed') AND NOT EXISTS (
        SELECT 1 FROM common_statechange s WHERE s.subject_id = o.id AND s.event IN ('answer', 'hear'))
"""


def contests_settled(world: World) -> Iterator[str]:
    """No contest but one that is being written, no call, work, seat or objection waits, and nothing is left in the escrow or
    the fund of a contest."""
    for model in (Contest, Call, Application, Judge, Objection):
        for row in model.objects.all():
            if row.state not in (*row.machine.finals, *Running.EDITABLE):
                yield f"{model.__name__} {str(row.pk)[-6:]} is still {row.state}"
    for contest in Contest.objects.exclude(paid_by=None):
        for account in (money.escrow_of(contest), escrow_of(PRIZES, contest.pk)):
            left = books.balance(account)
            if left:
                yield f"{left} fen are left in {account.code.split(':')[1]} of the {contest.state} contest {str(contest.pk)[-6:]}"
    for entry in Entry.objects.filter(application__state=Standing.REVOKED, revoked_at=None):
        yield f"the award of entry {str(entry.pk)[-6:]} is revoked, and nobody asked for the prize"


PART = Part(
    name="contests",
    acts=(
        Act("enter", 16, enter),
        Act("host", 8, host),
        Act("judge", 24, judge),
        Act("sit", 6, sit),
        Act("complain", 8, complain),
        Act("hear", 16, hear),
        Act("start", 8, start),
        Act("contests' clock", 16, clockwork),
    ),
    laws=(
        Law("Q1", "No contest takes or judges entries without its prize.", UNFUNDED),
        Law("Q2", "No prize is paid before the publicity of the last result is over.", PAID_TOO_EARLY),
        Law("Q3", "No prize is paid while an objection is open.", PAID_UNDER_OBJECTION),
        Law("Q4", "No prize is paid while the host's bank asks for the money.", PAID_IN_CHARGEBACK),
        Law("Q5", "Nobody scores a work of their own.", TIED_SCORE),
        Law("Q6", "Nothing is decided before the other side was heard.", UNHEARD),
    ),
    invariants=(),
    settled=Invariant(
        "Q7",
        "When faults stop, every contest ends, and neither its escrow nor its fund of recovered prizes holds money.",
        contests_settled,
    ),
    bells=(contest_tasks.advance_contests, judging_tasks.advance_judging, answer_by_silence),
    dawn=dawn,
)
