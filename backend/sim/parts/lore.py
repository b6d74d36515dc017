"""Bounties for knowledge and ideas from the public in the simulator: posters, authors, reviewers, endorsers, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backend.accounts.models import User
from backend.common.actors import Role
from backend.ledger import queries as books
from backend.payments.operations import disputes, intents, payouts
from backend.sim.dawns import ANSWERED_GAP, CONTESTED_GAP, FILLED_GAP, LoreDawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task as Thread
from backend.sim.world import World
from crowdfunding.campaigns.tasks import answer_by_silence
from marketplace.ideas import tasks as idea_tasks
from marketplace.ideas.models import Idea, Solicitation
from marketplace.ideas.operations import course as asking
from marketplace.ideas.operations import drafts, ideas
from marketplace.ideas.operations import reviews as idea_reviews
from marketplace.ideas.states import Asking, Proposed
from marketplace.knowledge import tasks as knowledge_tasks
from marketplace.knowledge.models import Change, Gap
from marketplace.knowledge.operations import bounties, changes, gaps, verdicts
from marketplace.knowledge.states import Changing, Missing

TEXT = "sim: how it is done, step by step, with what and for how long. " * 8
GROUNDS = "sim: it is not so, and here is why"


def _ask(world: World, who: User, fen: int) -> Gap:
    """A gap that was approved and waits for its bounty."""
    terms = gaps.Terms(
        title="sim gap", wanted=GROUNDS, category="engineering", county="", fen=fen, open_days=6
    )  # fmt: skip
    made = gaps.ask(terms=terms, by=world.acting(who), at=world.now())
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    gaps.REVIEWING.approve(subject_id=made.pk, checklist=gaps.CHECKLIST, by=moderator, at=world.now())
    return made


def _open(world: World, who: User, fen: int) -> Gap:
    made = _ask(world, who, fen)
    campaigns.pay_orders(world, bounties.order(gap_id=made.pk, by=world.acting(who), at=world.now()))
    return Gap.objects.get(pk=made.pk)


def _answer(world: World, gap: Gap, who: User) -> Change:
    """What somebody hands in for a gap."""
    by, at = world.acting(who), world.now()
    made = changes.answer(gap_id=gap.pk, by=by, at=at)
    terms = changes.Terms(
        title=made.title, summary="sim", text=f"{TEXT}{who.party.name}", note="sim note", licence="by-sa",
        category="engineering",
    )  # fmt: skip
    changes.write(change_id=made.pk, terms=terms, version=made.version, by=by, at=at)
    return changes.submit(change_id=made.pk, by=by, at=at)


def _solicit(world: World, who: User) -> Solicitation:
    by, at = world.acting(who), world.now()
    made = drafts.start(by=by, at=at)
    terms = drafts.Terms(
        title="sim asks", summary="sim", brief=TEXT, category="design", county="", level="L1", open_days=5
    )  # fmt: skip
    drafts.write(solicitation_id=made.pk, terms=terms, version=1, by=by, at=at)
    drafts.submit(solicitation_id=made.pk, by=by, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    idea_reviews.REVIEWING.approve(subject_id=made.pk, checklist=idea_reviews.CHECKLIST, by=moderator, at=at)
    return Solicitation.objects.get(pk=made.pk)


def dawn(world: World, begun: LoreDawn) -> None:
    """A bounty as far as the beginning says, another that is open, and a solicitation with two ideas."""
    world.gateway.faulty = False
    posters, people = world.people("client"), world.people("worker")
    for number, who in enumerate(people):
        by, at = world.acting(who), world.now()
        payouts.set_account(party_id=who.party_id, login=f"1370000{number:04d}", holder=who.party.name, by=by, at=at)
    first = _open(world, posters[0], 100_001)
    _open(world, posters[1], 7_000)
    moderator = world.acting(world.people("moderator")[1], Role.MODERATOR)
    if begun.age >= ANSWERED_GAP:
        change = _answer(world, first, people[0])
    if begun.age >= FILLED_GAP:
        verdicts.take(change_id=change.pk, by=moderator, at=world.now())
        verdicts.publish(change_id=change.pk, fills_gap=True, by=moderator, at=world.now())
    if begun.age >= CONTESTED_GAP:
        bounties.contest(gap_id=first.pk, reason=GROUNDS, by=world.acting(posters[0]), at=world.now())
    if begun.is_charged:
        _charge(world, first)
    asked = _solicit(world, posters[0])
    for who in people[:2]:
        ideas.propose(solicitation_id=asked.pk, title="sim idea", text=TEXT, by=world.acting(who), at=world.now())
    world.gateway.faulty = True
    world.tell(f"the bounties are {', '.join(Gap.objects.order_by('created_at').values_list('state', flat=True))}")


def _charge(world: World, gap: Gap) -> None:
    """The poster's bank asks for the bounty."""
    officer = world.acting(world.people("officer")[0], Role.FINANCE)
    disputes.open_dispute(
        intent_id=Gap.objects.values_list("paid_by", flat=True).get(pk=gap.pk),  # type: ignore[arg-type]  # it is funded
        provider_no="CB-SIM",
        amount_fen=gap.fen,
        payee_id=None,
        by=officer,
        at=world.now(),
    )


# --- what people do ----------------------------------------------------------------------------------------


def _user(party_id: object) -> User:
    return User.objects.select_related("party").get(party_id=str(party_id))


def write(world: World) -> Thread | None:
    """Somebody hands in for a bounty, or takes back what they handed in."""
    who = world.person(world.pick(["worker", "worker", "worker", "moderator"]))
    by = world.acting(who)
    mine = Change.objects.filter(author_id=who.party_id, state=Changing.REVIEW).order_by("pk").first()
    if mine is not None and world.rng.random() < 0.3:
        key = mine.pk
        return world.task(
            f"{who.party.name} takes a change back",
            lambda: changes.withdraw(change_id=key, by=by, at=world.now()) and None,
        )
    wanted = list(Gap.objects.filter(state__in=Missing.WANTED).order_by("created_at", "pk")[:4])
    if not wanted:
        return None
    gap = world.pick(wanted)
    return world.task(f"{who.party.name} answers a bounty", lambda: _answer(world, gap, who) and None)


def read(world: World) -> Thread | None:
    """A moderator, or whoever it is not for, takes a change to read it and says what they find."""
    in_hand = list(Change.objects.filter(state=Changing.REVIEWING).order_by("pk")[:4])
    waiting = list(Change.objects.filter(state=Changing.REVIEW).order_by("-pk")[:6])
    if not in_hand and not waiting:
        return None
    change = world.pick(in_hand if in_hand and (not waiting or world.rng.random() < 0.7) else waiting)
    key, state = change.pk, change.state
    reader = world.pick(["moderator", "moderator", "moderator", "worker"])
    who = _user(change.reviewer_id) if state == Changing.REVIEWING else world.person(reader)
    by = world.acting(who, Role.MODERATOR) if who.party.name.startswith("moderator") else world.acting(who)
    fills = world.rng.random() < 0.7 if change.gap_id else None
    acts: dict[str, Callable[[], object]] = {
        "taken": lambda: verdicts.take(change_id=key, by=by, at=world.now()),
        "put back": lambda: verdicts.let_go(change_id=key, by=by, at=world.now()),
        "published": lambda: verdicts.publish(change_id=key, fills_gap=fills, by=by, at=world.now()),
        "sent back": lambda: verdicts.send_back(change_id=key, comment=GROUNDS, by=by, at=world.now()),
        "declined": lambda: verdicts.decline(change_id=key, comment=GROUNDS, by=by, at=world.now()),
    }
    what = (
        "taken" if state == Changing.REVIEW else world.pick(["published"] * 4 + ["put back", "sent back", "declined"])
    )
    return world.task(f"a change is {what}", lambda: acts[what]() and None)


def judge(world: World) -> Thread | None:
    """A poster pays at once, contests, or calls off; a moderator finds, freezes, lets go on."""
    rows = list(Gap.objects.filter(state__in=Missing.HOLDING).order_by("created_at", "pk")[:5])
    if not rows:
        return None
    gap = world.pick(rows)
    key, by = gap.pk, world.acting(_user(gap.owner_id))
    officer = world.acting(world.person("moderator"), Role.MODERATOR)
    review = gaps.REVIEWING
    acts: dict[str, Callable[[], object]] = {
        "is paid at once": lambda: bounties.accept(gap_id=key, by=by, at=world.now()),
        "is contested": lambda: bounties.contest(gap_id=key, reason=GROUNDS, by=by, at=world.now()),
        "is called off": lambda: bounties.cancel(gap_id=key, reason=GROUNDS, by=by, at=world.now()),
        "is found for": lambda: bounties.FINDINGS["for"](key, GROUNDS, officer, world.now()),
        "is found against": lambda: bounties.FINDINGS["against"](key, GROUNDS, officer, world.now()),
        "is frozen": lambda: review.freeze(subject_id=key, reason=GROUNDS, by=officer, at=world.now()),
        "goes on": lambda: review.thaw(subject_id=key, reason=GROUNDS, by=officer, at=world.now()),
    }
    weighed = {
        Missing.OPEN: ["is called off", "is frozen"],
        Missing.FILLED: ["is paid at once", "is contested", "is contested"],
        Missing.CONTESTED: ["is found for", "is found against"],
        Missing.FROZEN: ["goes on"],
    }.get(gap.state, [])
    if not weighed or gap.state == Missing.OPEN and world.rng.random() > 0.15:
        return None
    what = world.pick(weighed)
    return world.task(f"a bounty {what}", lambda: acts[what]() and None)


def think(world: World) -> Thread | None:
    """Somebody proposes an idea, endorses one or takes that back, withdraws their own; the poster answers, concludes."""
    asked = Solicitation.objects.filter(state__in=(Asking.OPEN, Asking.ANSWERING)).order_by("created_at", "pk").first()
    if asked is None:
        who = world.person("client")
        return world.task("the public is asked", lambda: _solicit(world, who) and None) if _few() else None
    idea = world.pick(list(asked.ideas.order_by("pk")[:6]) or [None])
    who, key = world.person("worker"), asked.pk
    by, owner = world.acting(who), world.acting(_user(asked.owner_id))
    acts: dict[str, Callable[[], object]] = {
        "proposed": lambda: ideas.propose(solicitation_id=key, title="sim idea", text=TEXT, by=by, at=world.now()),
        "concluded": lambda: asking.conclude(solicitation_id=key, text=TEXT, by=owner, at=world.now()),
    }
    weighed = ["proposed"]
    if asked.state == Asking.ANSWERING:
        weighed = ["concluded"]
    if idea is not None:
        one, adopts = idea.pk, world.rng.random() < 0.5
        author = world.acting(_user(idea.author_id))
        acts |= {
            "endorsed": lambda: ideas.endorse(idea_id=one, by=by, at=world.now()),
            "endorsed no more": lambda: ideas.take_back(idea_id=one, by=by, at=world.now()),
            "withdrawn": lambda: ideas.withdraw(idea_id=one, by=author, at=world.now()),
            "answered": lambda: ideas.answer(idea_id=one, adopts=adopts, words=GROUNDS, by=owner, at=world.now()),
        }
        weighed += ["endorsed", "endorsed", "endorsed", "endorsed no more", "withdrawn", "answered"]
    what = world.pick(weighed)
    return world.task(f"an idea is {what}", lambda: acts[what]() and None)


def _few() -> bool:
    return Solicitation.objects.count() < 3


def start(world: World) -> Thread | None:
    """A poster whose bounty was approved goes to the cashier; now and then another is posted."""
    waiting = Gap.objects.filter(state=Missing.FUNDING).order_by("created_at", "pk").first()
    if waiting is not None:
        by, key = world.acting(_user(waiting.owner_id)), waiting.pk

        def visit() -> None:
            order = bounties.order(gap_id=key, by=by, at=world.now())
            intents.cashier_url(intent_id=order.pk, phone=False, at=world.now())

        return world.task("a poster goes to pay a bounty in", visit)
    if Gap.objects.count() >= 6:
        return None
    who, fen = world.person("client"), world.pick([5_001, 90_000])
    return world.task("a bounty is posted", lambda: _ask(world, who, fen) and None)


def clockwork(world: World) -> Thread:
    """A worker of ours takes up what time brought."""
    bell = world.pick([knowledge_tasks.advance_gaps, knowledge_tasks.advance_changes, idea_tasks.advance_solicitations])
    return world.task(bell.__name__, bell)


# --- what is never false -----------------------------------------------------------------------------------

UNFUNDED = f"""
    SELECT 'bounty ' || right(g.id::text, 6) || ' is ' || g.state || ' without its money'
    FROM knowledge_gap g LEFT JOIN payments_paymentintent i ON i.id = g.paid_by_id
    WHERE g.state IN {among(*Missing.HOLDING)} AND (i.id IS NULL OR i.state <> 'succeeded')
"""

PAID_FOR_NOTHING = """
    SELECT 'bounty ' || right(g.id::text, 6) || ' was paid and nothing that was published fills it'
    FROM knowledge_gap g LEFT JOIN knowledge_change c ON c.id = g.filled_by_id
    WHERE g.state = 'completed' AND (c.state IS DISTINCT FROM 'published' OR c.gap_id IS DISTINCT FROM g.id
                                     OR c.author_id = g.owner_id)
"""

OWN_REVIEWER = """
    SELECT 'change ' || right(c.id::text, 6) || ' is read by its author or by who pays for it'
    FROM knowledge_change c LEFT JOIN knowledge_gap g ON g.id = c.gap_id
    WHERE c.reviewer_id IN (c.author_id, c.person_id) OR c.reviewer_id = g.owner_id
"""

PAID_IN_CHARGEBACK = """
    SELECT 'bounty ' || right(g.id::text, 6) || ' was paid or ended while the bank asked for its money'
    FROM knowledge_gap g
    JOIN common_statechange paid ON paid.subject_id = g.id AND paid.target IN ('completed', 'failed', 'cancelled', 'expired')
    JOIN payments_dispute d ON d.intent_id = g.paid_by_id
    LEFT JOIN LATERAL (SELECT min(c.id) id FROM common_statechange c WHERE c.subject_id = d.id
                       AND c.event IN ('win', 'lose', 'let_pass')) ended ON true
    WHERE paid.at > d.opened_at AND (ended.id IS NULL OR paid.id < ended.id)
      AND (paid.target <> 'failed' OR NOT EXISTS (
          SELECT 1 FROM payments_dispute lost JOIN common_statechange c ON c.subject_id = lost.id
          WHERE lost.intent_id = g.paid_by_id AND c.event IN ('lose', 'let_pass') AND c.id < paid.id))
"""

UNCONTESTABLE = """
    SELECT 'bounty ' || right(g.id::text, 6) || ' was paid by the clock before its poster could contest'
    FROM knowledge_gap g JOIN common_statechange paid ON paid.subject_id = g.id AND paid.event = 'pay'
    JOIN LATERAL (SELECT max(at) at FROM common_statechange WHERE subject_id = g.id AND event = 'fill') filled ON true
    WHERE paid.role = 'clock' AND paid.at < filled.at + interval '5 days'
"""

OWN_ENDORSEMENT = """
    SELECT 'idea ' || right(i.id::text, 6) || ' is endorsed by its author'
    FROM ideas_idea i JOIN ideas_endorsement e ON e.idea_id = i.id WHERE e.person_id = i.person_id
"""


def lore_settled(world: World) -> Iterator[str]:
    """No bounty, change or solicitation waits, and nothing is left in the escrow of a bounty."""
    for model in (Gap, Change, Solicitation):
        for row in model.objects.all():
            if row.state not in row.machine.finals:
                yield f"{model.__name__} {str(row.pk)[-6:]} is still {row.state}"
    for gap in Gap.objects.exclude(paid_by=None):
        left = books.balance(bounties.escrow_of(gap))
        if left:
            yield f"{left} fen are left in the escrow of the {gap.state} bounty {str(gap.pk)[-6:]}"
    for idea in Idea.objects.filter(
        state=Proposed.SHOWN, solicitation__state__in=(Asking.CONCLUDED, Asking.UNANSWERED)
    ):
        yield f"idea {str(idea.pk)[-6:]} is left open in a solicitation that is over"


PART = Part(
    name="lore",
    acts=(
        Act("write", 24, write),
        Act("read", 30, read),
        Act("judge bounties", 16, judge),
        Act("think", 24, think),
        Act("start bounties", 8, start),
        Act("lore's clock", 16, clockwork),
    ),
    laws=(
        Law("Y1", "No bounty is open without its money.", UNFUNDED),
        Law("Y2", "A bounty is paid for what was published, to somebody other than its poster.", PAID_FOR_NOTHING),
        Law("Y3", "Nobody reads for publication what they wrote or pay for.", OWN_REVIEWER),
        Law("Y4", "No bounty is paid or ended while the poster's bank asks for the money.", PAID_IN_CHARGEBACK),
        Law("Y5", "No bounty is paid by the clock before its poster could contest.", UNCONTESTABLE),
        Law("Y6", "Nobody endorses their own idea.", OWN_ENDORSEMENT),
    ),
    invariants=(),
    settled=Invariant(
        "Y7", "When faults stop, every bounty and solicitation ends, and no bounty's escrow holds money.", lore_settled
    ),
    bells=(
        knowledge_tasks.advance_gaps,
        knowledge_tasks.advance_changes,
        idea_tasks.advance_solicitations,
        answer_by_silence,
    ),
    dawn=dawn,
)
