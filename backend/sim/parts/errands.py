"""Errands in the simulator: posters, runners who give up and come late, licences that end, dispatch, refusals, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from backend.accounts.models import User
from backend.common.actors import Role
from backend.common.rules import SHANGHAI
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.operations import disputes, intents, payouts
from backend.sim.dawns import BOOKED, HANDED_IN, WEIGHED, ErrandDawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task as Thread
from backend.sim.world import World
from crowdfunding.campaigns.tasks import answer_by_silence
from marketplace.errands import geography
from marketplace.errands import tasks as errand_tasks
from marketplace.errands.kinds import LICENCES
from marketplace.errands.models import BOOKING, DISPATCH, Errand, Licence, Offer, Runner, Service, Stop
from marketplace.errands.operations import course, dispatch, drafts, hands, money, reviews, runners, services, work
from marketplace.errands.operations.drafts import Terms
from marketplace.errands.operations.runners import Paper
from marketplace.errands.operations.services import ServiceTerms, Wanted
from marketplace.errands.states import At, Licensed, Offered, Posted
from marketplace.errands.stops_file import StopRow

HERE = (29.84, 114.32)
BRIEF = "sim: go there, do it, and say how it was; nothing else."
GROUNDS = "sim: it is not so"
LICENSED = "food"


def _write(world: World, who: User, *, kind: str, mode: str, prices: tuple[int, ...]) -> Errand:
    """A submitted and approved errand whose stops may be done from in an hour, for two days."""
    at, by = world.now(), world.acting(who)
    terms = Terms(
        title="sim errand", summary="sim", brief=BRIEF, kind=kind, county="", mode=mode, photos_least=0
    )  # fmt: skip
    made = drafts.start(by=by, at=at)
    drafts.write(errand_id=made.pk, terms=terms, version=made.version, by=by, at=at)
    for number, price_fen in enumerate(prices):
        row = StopRow(
            key=f"P{number}",
            latitude=geography.north_of(HERE[0], 100 * number),
            longitude=HERE[1],
            price_fen=price_fen,
            address="sim",
            from_at=at + timedelta(hours=1),
            until_at=at + timedelta(hours=48 + number),
        )
        drafts.add_stop(errand_id=made.pk, row=row, by=by, at=at)
    drafts.submit(errand_id=made.pk, by=by, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator, at=at)
    return made


def _publish(world: World, who: User, *, kind: str, mode: str, prices: tuple[int, ...]) -> Errand:
    made = _write(world, who, kind=kind, mode=mode, prices=prices)
    campaigns.pay_orders(world, money.order(errand_id=made.pk, by=world.acting(who), at=world.now()))
    return Errand.objects.get(pk=made.pk)


def _license(world: World, who: User, days: int) -> Licence:
    """A licence of so many more days, confirmed."""
    today = world.now().astimezone(SHANGHAI).date()
    paper = Paper(LICENSED, "SIM0001", date(today.year - 1, 1, 1), today + timedelta(days=days))
    made = runners.hand_in(paper=paper, by=world.acting(who), at=world.now())
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    return runners.check(licence_id=made.pk, act="confirm", reason=GROUNDS, by=moderator, at=world.now())


def _order(world: World, who: User, service: Service) -> Errand:
    """A service ordered from its provider's card, for from in an hour until the day after tomorrow."""
    wanted = Wanted(
        quantity=2,
        price_fen=service.price_fen,
        place=HERE,
        address="sim",
        from_at=world.now() + timedelta(hours=1),
        until_at=world.now() + timedelta(hours=40),
        note="",
    )
    return services.order(service_id=service.pk, wanted=wanted, by=world.acting(who), at=world.now())


def dawn(world: World, begun: ErrandDawn) -> None:
    """Runners with their licences, one errand as far as the beginning says, and another that dispatch hands out."""
    world.gateway.faulty = False
    posters, people = world.people("client"), world.people("worker")
    for number, who in enumerate(people):
        by, at = world.acting(who), world.now()
        payouts.set_account(party_id=who.party_id, login=f"1370000{number:04d}", holder=who.party.name, by=by, at=at)
        place = geography.north_of(HERE[0], 300 * number), HERE[1]
        runners.register(
            place=place, reach_km=5, kinds=["survey", LICENSED], takes_offers=number != 3, by=by, at=at
        )  # fmt: skip
        if number < 3:
            _license(world, who, (2, 4, 400)[number])
        terms = ServiceTerms("survey", "sim", "", "visit", 4_321, 1)
        services.add(terms=terms, by=by, at=at)
    first = _publish(world, posters[0], kind="survey", mode=BOOKING, prices=(10_001, 5_000, 333, 7_000))
    _publish(world, posters[1], kind=LICENSED, mode=DISPATCH, prices=(2_500, 99_999))
    ordered = _order(world, posters[0], Service.objects.order_by("created_at", "pk")[0])
    campaigns.pay_orders(world, money.order(errand_id=ordered.pk, by=world.acting(posters[0]), at=world.now()))
    world.pass_time(timedelta(minutes=61))
    _ring(world)
    if begun.age >= BOOKED:
        _run(world, first, people, begun)
    if begun.is_charged:
        _charge(world, first)
    world.gateway.faulty = True
    world.tell(f"the stops are {', '.join(Stop.objects.order_by('errand__created_at', 'rank').values_list('state', flat=True))}")  # fmt: skip


def _run(world: World, errand: Errand, people: list[User], begun: ErrandDawn) -> None:
    """Three stops are booked; two handed in, of which one is accepted and one refused and contested."""
    stops = list(errand.stops.order_by("rank"))
    for stop, who in zip(stops[:3], people, strict=False):
        hands.book(stop_id=stop.pk, by=world.acting(who), at=world.now())
    if begun.age >= HANDED_IN:
        for stop, who in zip(stops[:2], people, strict=False):
            work.submit(stop_id=stop.pk, words="sim", by=world.acting(who), at=world.now())
    if begun.age >= WEIGHED:
        owner = world.acting(_user(errand.owner_id))
        work.accept(stop_id=stops[0].pk, by=owner, at=world.now())
        work.refuse(stop_id=stops[1].pk, reason=GROUNDS, by=owner, at=world.now())
        work.contest(stop_id=stops[1].pk, grounds=GROUNDS, by=world.acting(people[1]), at=world.now())


def _ring(world: World) -> None:
    for _ in range(2):
        errand_tasks.advance_errands()
        campaigns.pay_orders(world)


def _charge(world: World, errand: Errand) -> None:
    """The poster's bank asks for the pay."""
    officer = world.acting(world.people("officer")[0], Role.FINANCE)
    disputes.open_dispute(
        intent_id=Errand.objects.values_list("paid_by", flat=True).get(pk=errand.pk),  # type: ignore[arg-type]  # it is funded
        provider_no="CB-SIM",
        amount_fen=errand.total_fen,
        payee_id=None,
        by=officer,
        at=world.now(),
    )


# --- what people do ----------------------------------------------------------------------------------------


def _user(party_id: object) -> User:
    return User.objects.select_related("party").get(party_id=str(party_id))


def run(world: World) -> Thread | None:
    """A runner books a stop, or does something with one of theirs."""
    who = world.person("worker")
    by = world.acting(who)
    mine = list(Stop.objects.filter(runner__party=who.party, state__in=(At.BOOKED, At.REFUSED)).order_by("pk")[:5])
    free = list(Stop.objects.filter(state=At.READY, errand__state=Posted.OPEN).order_by("pk")[:8])
    if not mine and not free:
        return None
    stop = world.pick(mine if mine and (not free or world.rng.random() < 0.7) else free)
    key = stop.pk
    acts: dict[str, Callable[[], object]] = {
        "books": lambda: hands.book(stop_id=key, by=by, at=world.now()),
        "hands in": lambda: work.submit(stop_id=key, words="sim", by=by, at=world.now()),
        "gives up": lambda: hands.give_up(stop_id=key, by=by, at=world.now()),
        "does again": lambda: work.redo(stop_id=key, words="sim", by=by, at=world.now()),
        "contests": lambda: work.contest(stop_id=key, grounds=GROUNDS, by=by, at=world.now()),
    }
    weighed = {
        At.READY: ["books"],
        At.BOOKED: ["hands in", "hands in", "hands in", "gives up"],
        At.REFUSED: ["does again", "contests", "contests"],
    }[stop.state]
    what = world.pick(weighed)
    return world.task(f"{who.party.name} {what} a stop", lambda: acts[what]() and None)


def answer(world: World) -> Thread | None:
    """Whoever is asked by dispatch says yes or no, perhaps too late."""
    asked = list(Offer.objects.filter(state=Offered.MADE).select_related("runner").order_by("made_at", "pk")[:4])
    if not asked:
        return None
    offer = world.pick(asked)
    key, by, accepts = offer.pk, world.acting(_user(offer.runner.party_id)), world.rng.random() < 0.7
    return world.task(
        f"a runner {'takes' if accepts else 'declines'} an offer",
        lambda: dispatch.answer(offer_id=key, accepts=accepts, by=by, at=world.now()) and None,
    )


def judge(world: World) -> Thread | None:
    """A poster accepts or refuses what was handed in, takes a free stop away, or calls the errand off."""
    stops = Stop.objects.filter(errand__state__in=Posted.HOLDING).select_related("errand")
    handed = list(stops.filter(state=At.SUBMITTED).order_by("pk")[:4])
    found = world.pick(handed) if handed else stops.filter(state=At.READY).order_by("pk").first()
    if found is None or not handed and world.rng.random() > 0.1:
        return None
    key, errand_id, by = found.pk, found.errand_id, world.acting(_user(found.errand.owner_id))
    acts: dict[str, Callable[[], object]] = {
        "accepts a stop": lambda: work.accept(stop_id=key, by=by, at=world.now()),
        "refuses a stop": lambda: work.refuse(stop_id=key, reason=GROUNDS, by=by, at=world.now()),
        "accepts all": lambda: course.accept_all(errand_id=errand_id, by=by, at=world.now()),
        "takes a stop away": lambda: course.drop_stop(stop_id=key, reason=GROUNDS, by=by, at=world.now()),
        "calls an errand off": lambda: course.cancel(errand_id=errand_id, reason=GROUNDS, by=by, at=world.now()),
    }
    weighed = ["accepts a stop", "refuses a stop", "refuses a stop", "accepts all"]
    what = world.pick(weighed if handed else ["takes a stop away", "calls an errand off"])
    return world.task(f"a poster {what}", lambda: acts[what]() and None)


def moderate(world: World) -> Thread | None:
    """A moderator decides what is contested, revokes a licence or confirms a new one, freezes an errand or lets it go on."""
    by = world.acting(world.person("moderator"), Role.MODERATOR)
    contested = Stop.objects.filter(state=At.CONTESTED).order_by("pk").first()
    if contested is not None and world.rng.random() < 0.7:
        key, is_for = contested.pk, world.rng.random() < 0.5
        return world.task(
            f"a contested stop is decided {'for' if is_for else 'against'} its runner",
            lambda: work.find(stop_id=key, for_runner=is_for, reason=GROUNDS, by=by, at=world.now()) and None,
        )
    if world.rng.random() < 0.5:
        return _licences(world)
    errand = Errand.objects.filter(state__in=Posted.HOLDING).order_by("pk").first()
    if errand is None:
        return None
    key, what = errand.pk, "freeze" if errand.state == Posted.OPEN else "thaw"
    return world.task(
        f"a moderator: {what}",
        lambda: (
            reviews.REVIEWING.decide(what, subject_id=key, checklist=(), reason=GROUNDS, by=by, at=world.now()) and None
        ),
    )


def _licences(world: World) -> Thread | None:
    by = world.acting(world.person("moderator"), Role.MODERATOR)
    found = Licence.objects.filter(state__in=(Licensed.SUBMITTED, Licensed.IN_FORCE)).order_by("pk")
    rows = list(found[:4])
    if not rows or world.rng.random() < 0.4:
        who, days = world.person("worker"), world.pick([1, 3, 30])
        today = world.now().astimezone(SHANGHAI).date()
        paper = Paper(LICENSED, "SIM0002", date(today.year - 1, 1, 1), today + timedelta(days=days))
        return world.task(
            f"{who.party.name} hands a licence in",
            lambda: runners.hand_in(paper=paper, by=world.acting(who), at=world.now()) and None,
        )
    licence = world.pick(rows)
    key, act = licence.pk, "revoke" if licence.state == Licensed.IN_FORCE else "confirm"
    return world.task(
        f"a moderator: {act} a licence",
        lambda: runners.check(licence_id=key, act=act, reason=GROUNDS, by=by, at=world.now()) and None,
    )


def start(world: World) -> Thread | None:
    """A poster whose errand was approved goes to the cashier; now and then another one is posted."""
    waiting = Errand.objects.filter(state=Posted.FUNDING).order_by("created_at", "pk").first()
    if waiting is not None:
        by, key = world.acting(_user(waiting.owner_id)), waiting.pk

        def visit() -> None:
            order = money.order(errand_id=key, by=by, at=world.now())
            intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

        return world.task("a poster goes to pay in", visit)
    if Errand.objects.count() >= 7:
        return None
    if world.rng.random() < 0.5:
        who, service = world.person("client"), world.pick(list(Service.objects.order_by("created_at", "pk")[:4]))
        return world.task("a service is ordered", lambda: _order(world, who, service) and None)
    who, kind, mode = world.person("client"), world.pick(["survey", LICENSED]), world.pick([BOOKING, DISPATCH])
    return world.task(
        "an errand is posted", lambda: _write(world, who, kind=kind, mode=mode, prices=(301, 40_000)) and None
    )  # fmt: skip


def clockwork(world: World) -> Thread:
    """A worker of ours takes up what time brought."""
    return world.task("advance_errands", errand_tasks.advance_errands)


# --- what is never false -----------------------------------------------------------------------------------

UNFUNDED = f"""
    SELECT 'errand ' || right(e.id::text, 6) || ' is ' || e.state || ' without its pay'
    FROM errands_errand e LEFT JOIN payments_paymentintent i ON i.id = e.paid_by_id
    WHERE e.state IN {among(*Posted.HOLDING)} AND (i.id IS NULL OR i.state <> 'succeeded')
"""

OUTSIDE = """
    SELECT 'stop ' || right(s.id::text, 6) || ' was handed in outside its window'
    FROM errands_stop s JOIN common_statechange c ON c.subject_id = s.id AND c.event = 'submit'
    WHERE c.at < s.from_at OR c.at > s.until_at
"""

UNLICENSED = f"""
    SELECT 'stop ' || right(s.id::text, 6) || ' is in the hands of somebody without a licence for it'
    FROM errands_stop s JOIN errands_errand e ON e.id = s.errand_id
    WHERE s.state = 'booked' AND e.kind IN {among(*LICENCES)} AND NOT EXISTS (
        SELECT 1 FROM errands_licence l WHERE l.runner_id = s.runner_id AND l.kind = e.kind AND l.state = 'in_force'
            AND l.valid_from <= (s.from_at AT TIME ZONE 'Asia/Shanghai')::date
            AND l.valid_until >= (s.until_at AT TIME ZONE 'Asia/Shanghai')::date)
"""

PAID_IN_CHARGEBACK = """
    SELECT 'stop ' || right(s.id::text, 6) || ' was paid while the bank asked for its money'
    FROM errands_stop s JOIN errands_errand e ON e.id = s.errand_id
    JOIN common_statechange paid ON paid.subject_id = s.id AND paid.event = 'pay'
    JOIN payments_dispute d ON d.intent_id = e.paid_by_id
    LEFT JOIN LATERAL (SELECT min(c.id) id FROM common_statechange c WHERE c.subject_id = d.id
                       AND c.event IN ('win', 'lose', 'let_pass')) ended ON true
    WHERE paid.at > d.opened_at AND (ended.id IS NULL OR paid.id < ended.id)
"""

UNHEARD = """
    SELECT 'stop ' || right(s.id::text, 6) || ' was let go before its runner could answer the refusal'
    FROM errands_stop s
    JOIN LATERAL (SELECT max(at) at FROM common_statechange WHERE subject_id = s.id AND event = 'let_go') gone ON true
    JOIN LATERAL (SELECT max(at) at FROM common_statechange WHERE subject_id = s.id AND event = 'refuse') said ON true
    WHERE gone.at < said.at + interval '3 days'
"""

OFFERED_IN_VAIN = """
    SELECT 'stop ' || right(s.id::text, 6) || ' is ' || s.state || ' and offered to somebody'
    FROM errands_stop s JOIN errands_offer o ON o.stop_id = s.id WHERE o.state = 'made' AND s.state <> 'ready'
"""

OTHER_PROVIDER = """
    SELECT 'stop ' || right(s.id::text, 6) || ' was ordered of one and offered to, or taken by, another'
    FROM errands_stop s JOIN errands_errand e ON e.id = s.errand_id JOIN errands_service v ON v.id = e.service_id
    WHERE s.runner_id <> v.runner_id
       OR EXISTS (SELECT 1 FROM errands_offer o WHERE o.stop_id = s.id AND o.runner_id <> v.runner_id)
"""


def errands_settled(world: World) -> Iterator[str]:
    """No errand, stop or offer waits, and nothing is left in the escrow of an errand."""
    for errand in Errand.objects.all():
        if errand.state not in (*errand.machine.finals, *Posted.EDITABLE):
            yield f"errand {str(errand.pk)[-6:]} is still {errand.state}"
        left = books.balance(ledger.escrow_of(*money.subject_of(errand))) if errand.paid_by_id else 0
        if left:
            yield f"{left} fen are left in the escrow of the {errand.state} errand {str(errand.pk)[-6:]}"
    for stop in Stop.objects.filter(opens_at__isnull=False).exclude(state__in=Stop.machine.finals):
        yield f"stop {str(stop.pk)[-6:]} is still {stop.state}"
    for offer in Offer.objects.filter(state=Offered.MADE):
        yield f"offer {str(offer.pk)[-6:]} still waits for its answer"
    for runner in Runner.objects.exclude(in_hand_n=0):
        yield f"runner {str(runner.pk)[-6:]} still holds {runner.in_hand_n}"


PART = Part(
    name="errands",
    acts=(
        Act("run", 40, run),
        Act("answer", 16, answer),
        Act("judge", 16, judge),
        Act("moderate", 10, moderate),
        Act("start errands", 8, start),
        Act("errands' clock", 16, clockwork),
    ),
    laws=(
        Law("W1", "No stop is handed out without its pay.", UNFUNDED),
        Law("W2", "No stop is handed in before or after its window.", OUTSIDE),
        Law("W3", "Nobody holds a stop without the licence that it needs, for all of its window.", UNLICENSED),
        Law("W4", "No stop is paid while the poster's bank asks for the money.", PAID_IN_CHARGEBACK),
        Law("W5", "No stop is let go before its runner could answer the refusal.", UNHEARD),
        Law("W6", "Nobody is asked to take a stop that somebody holds, or that is over.", OFFERED_IN_VAIN),
    ),
    invariants=(),
    settled=Invariant(
        "W7", "When faults stop, every errand ends, and no errand's escrow holds money.", errands_settled
    ),
    bells=(errand_tasks.advance_errands, answer_by_silence),
    dawn=dawn,
)
