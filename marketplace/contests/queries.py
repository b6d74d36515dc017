"""Every read of contests that spans rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from backend.accounts.models import Party
from backend.common import richtext
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.judging import queries as judging
from backend.judging.models import Call, Objection
from backend.judging.operations.objections import looks_back_until
from backend.judging.states import Calling, Standing
from backend.judging.subjects import Work
from marketplace.contests.errors import NotPaid
from marketplace.contests.models import (
    AFTER_CLOSE,
    SHOWN,
    Contest,
    ContestFile,
    Entry,
    EntryFile,
    Pledge,
    SecretRead,
)
from marketplace.contests.operations import secrecy
from marketplace.contests.operations.shared import CONTESTS, KIND, may_see
from marketplace.contests.states import CONTEST, Running

A_HANDFUL = 200


visible, own, of_owner, counts_of, due = (
    CONTESTS.visible,
    CONTESTS.own,
    CONTESTS.posted_by,
    CONTESTS.counts_of,
    CONTESTS.due,
)


def may_see_one(contest_id: UUID, actor: Actor) -> bool:
    """Whether a contest is there for somebody, by its id."""
    found = Contest.objects.filter(pk=contest_id).first()
    return found is not None and may_see(found, actor)


def call_of(contest: Contest) -> Call | None:
    """How the round is judged that a contest is in; None before it is funded."""
    return judging.of_subject(KIND, contest.pk)


def file_of(contest_id: UUID, file_id: UUID, actor: Actor) -> ContestFile:
    """A file of the brief that is for everybody, of a contest that one may see.

    Raises:
        NotFound: none, or not for this reader.
    """
    visible(contest_id, actor)
    found = ContestFile.objects.filter(pk=file_id, contest_id=contest_id, is_secret=False).first()
    if found is None:
        raise NotFound
    return found


def entries_of(party_id: UUID | None) -> QuerySet[Entry]:
    """An entrant's entries."""
    return Entry.objects.filter(entrant_id=party_id).select_related("contest", "application__call")


def own_entry(entry_id: UUID, actor: Actor) -> Entry:
    """An entry of one's own.

    Raises:
        NotFound: none of this hat.
    """
    rows = Entry.objects.select_related("contest__owner", "application__call")
    found = rows.filter(pk=entry_id, entrant_id=actor.party_id).first() if actor.party_id else None
    if found is None:
        raise NotFound
    return found


def _is_shown(entry: Entry, actor: Actor) -> bool:
    """Whether somebody who does not judge sees an entry: there is a result, and by the published choice it is in the gallery.

    Works of a first round stay closed while the final runs, and works that answer a secret to all who did not promise.
    """
    application, contest = entry.application, entry.contest
    if application is None or application.call.state not in Calling.DECIDED or not may_see(contest, actor):
        return False
    if not application.call.is_last and contest.state not in CONTEST.finals:
        return False
    if contest.secrecy_years and not secrecy.has_promised(contest, actor):
        return False
    if application.state in (Standing.PROVISIONAL, Standing.AWARDED):
        return True
    return entry.contest.gallery == AFTER_CLOSE and application.state in (Standing.RANKED, Standing.NOT_PLACED)


def readable_entry(entry_id: UUID, actor: Actor) -> Entry:
    """An entry for its maker, for those who judge it, and for everybody once it is in the gallery.

    Raises:
        NotFound: none, or not for this reader.
    """
    rows = Entry.objects.select_related("contest__owner", "application__call", "entrant")
    found = rows.filter(pk=entry_id).first()
    if found is None:
        raise NotFound
    if actor.party_id is not None and actor.party_id == found.entrant_id:
        return found
    application = found.application
    if application is None or application.state == Standing.WITHDRAWN:
        raise NotFound
    if _is_shown(found, actor) or judging.may_judge(application.call, actor):
        return found
    raise NotFound


def entry_file(entry_id: UUID, file_id: UUID, actor: Actor) -> EntryFile:
    """A file of an entry that one may read; a source for its maker, for staff, and for the host once it is paid.

    Raises:
        NotFound: none, or not for this reader.
        NotPaid: a source, and the prize is not paid.
    """
    entry = readable_entry(entry_id, actor)
    found = EntryFile.objects.filter(pk=file_id, entry_id=entry_id).first()
    if found is None:
        raise NotFound
    if found.use == SHOWN or actor.party_id == entry.entrant_id or Role.MODERATOR in actor.roles:
        return found
    if actor.party_id != entry.contest.owner_id:
        raise NotFound
    if entry.rights_at is None:
        raise NotPaid
    return found


def works(application_ids: Sequence[UUID]) -> dict[UUID, Work]:
    """Entries as the judge block shows them, by application."""
    entries = Entry.objects.filter(application__in=application_ids)
    pictures: dict[UUID, list[EntryFile]] = {}
    for file in EntryFile.objects.filter(entry__in=entries, use=SHOWN).order_by("name", "pk"):
        pictures.setdefault(file.entry_id, []).append(file)
    return {
        entry.application_id: Work(
            entry.title,
            richtext.render(entry.text),
            tuple(reverse("entry-file", args=[entry.pk, file.pk]) for file in pictures.get(entry.pk, ())),
        )
        for entry in entries
        if entry.application_id is not None
    }


@dataclass(frozen=True)
class Shown:
    """One entry in the gallery: its place, score and maker where there is a result."""

    entry: Entry
    picture: str
    place: int | None
    score: str
    maker: str


def gallery(contest: Contest, call: Call, actor: Actor) -> list[Shown]:
    """What somebody sees of a round with a result, best first; at most two hundred."""
    placed = {one.application.pk: one for one in judging.result(call)}
    if not placed:
        return []
    rows = list(
        Entry.objects.filter(contest=contest, application__in=list(placed))
        .select_related("application__call", "contest")
        .order_by("application__place", "application__no")[:A_HANDFUL]
    )
    rows = [entry for entry in rows if _is_shown(entry, actor)]
    first: dict[UUID, EntryFile] = {}
    for file in EntryFile.objects.filter(entry__in=rows, use=SHOWN).order_by("name", "pk"):
        first.setdefault(file.entry_id, file)
    found = []
    for entry in rows:
        if entry.application_id is None:
            continue
        one, picture = placed[entry.application_id], first.get(entry.pk)
        url = reverse("entry-file", args=[entry.pk, picture.pk]) if picture else ""
        found.append(Shown(entry, url, one.application.place, one.score, one.maker))
    return found


@dataclass(frozen=True)
class Round:
    """A round with a result, as the page shows it."""

    call: Call
    result: list[judging.Placed]
    gallery: list[Shown]
    fairness: judging.Fairness | None
    objections: list[Objection]
    look_back_until: datetime | None


def decided_rounds(contest: Contest, actor: Actor) -> list[Round]:
    """The rounds that have a result, the latest first."""
    found = []
    for call in judging.rounds_of(KIND, contest.pk).reverse()[:2]:
        if call.state in Calling.DECIDED:
            found.append(
                Round(
                    call=call,
                    result=judging.result(call),
                    gallery=gallery(contest, call, actor),
                    fairness=judging.fairness(call),
                    objections=judging.objections(call),
                    look_back_until=looks_back_until(call),
                )
            )
    return [one for one in found if one.result]


def pledges_of(contest: Contest) -> QuerySet[Pledge]:
    """Who promised to keep a contest's secret."""
    return Pledge.objects.filter(contest=contest).select_related("party", "person")


def own_pledge(contest: Contest, actor: Actor) -> Pledge | None:
    """One's own promise, under the hat one wears."""
    if actor.person_id is None or actor.party_id is None:
        return None
    return Pledge.objects.filter(contest=contest, person=actor.person_id, party=actor.party_id).first()


def reads_of(contest: Contest) -> QuerySet[SecretRead]:
    """Who was shown what of a contest's secret, and when."""
    return SecretRead.objects.filter(contest=contest).select_related("person")


def is_promised(contest_id: UUID) -> bool:
    """Whether a contest's prize is published and neither paid nor returned."""
    return Contest.objects.filter(pk=contest_id, state__in=Running.HOLDING).exists()


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether contests keep a party's account from being closed."""
    if of_owner(party.pk).filter(state__in=Running.UNDER_WAY).exists():
        return "您有未结束的赛事", "you have contests under way"
    waiting = Entry.objects.filter(entrant=party, contest__state__in=Running.HOLDING)
    if waiting.exclude(Q(application=None) | Q(application__state=Standing.WITHDRAWN)).exists():
        return "您有未结束的参赛作品", "you have entries under way"
    return None


STANDING: dict[str, str] = {
    "contest gave out more than its prizes (contest, prizes, given, back)": """
        SELECT id, total_fen, given_fen, back_fen FROM contests_contest
        WHERE coalesce(given_fen, 0) + coalesce(back_fen, 0) > total_fen ORDER BY 1""",
    "contest's escrow differs from its state (contest, state, prizes, escrow, held)": """
        SELECT c.id, c.state, c.total_fen, e.fen, e.held_fen FROM contests_contest c JOIN LATERAL (
            SELECT a.held_fen, a.credits_fen - a.debits_fen + coalesce(sum(s.credits_fen - s.debits_fen), 0) fen
            FROM ledger_account a LEFT JOIN ledger_slot s ON s.account_id = a.id
            WHERE a.code = 'escrow:contest:' || c.id GROUP BY a.id
        ) e ON true
        JOIN LATERAL (
            SELECT coalesce(sum(i.amount_fen - coalesce(back.fen, 0)), 0) fen FROM payments_paymentintent i
            LEFT JOIN LATERAL (SELECT sum(r.amount_fen) fen FROM payments_refund r
                               WHERE r.intent_id = i.id AND r.state = 'succeeded') back ON true
            WHERE i.subject_kind = 'contest' AND i.subject_id = c.id AND i.state = 'succeeded' AND i.id <> c.paid_by_id
        ) twice ON true
        WHERE c.paid_by_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM payments_dispute d JOIN payments_paymentintent p ON p.id = d.intent_id
            WHERE p.subject_kind = 'contest' AND p.subject_id = c.id)
          AND e.fen - twice.fen <> CASE WHEN c.state IN ('open', 'judging', 'publicity', 'final', 'paying', 'frozen')
              THEN c.total_fen - (SELECT coalesce(sum(r.amount_fen), 0) FROM payments_refund r
                                  WHERE r.intent_id = c.paid_by_id AND r.state = 'succeeded')
              ELSE e.held_fen END ORDER BY 1""",
    "contest's transfer without its contest (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN contests_contest c ON c.id = t.cause_id
        WHERE t.cause_kind IN ('contest', 'prizes') AND c.id IS NULL ORDER BY t.seq""",
    "prizes paid differ from the contest's sum (contest, given, paid)": """
        SELECT c.id, c.given_fen, sum(e.paid_fen) FROM contests_contest c JOIN contests_entry e ON e.contest_id = c.id
        WHERE c.state = 'completed' GROUP BY 1, 2
        HAVING coalesce(c.given_fen, 0) <> coalesce(sum(e.paid_fen), 0) ORDER BY 1""",
    "prize is not what its transfers say (entry, net, fee, tax, posted net, fee, tax)": """
        SELECT e.id, e.paid_fen - e.fee_fen - e.tax_fen, e.fee_fen, e.tax_fen, t.net, t.fee, t.tax
        FROM contests_entry e LEFT JOIN LATERAL (
            SELECT coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'payable'), 0) net,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'fees'), 0) fee,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'tax'), 0) tax
            FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id WHERE t.key = 'prize:' || e.id
        ) t ON true
        WHERE e.paid_fen IS NOT NULL
          AND (e.paid_fen - e.fee_fen - e.tax_fen, e.fee_fen, e.tax_fen) IS DISTINCT FROM (t.net, t.fee, t.tax)
        ORDER BY 1""",
    "tax on a prize is not on record (entry, recorded, withheld)": """
        SELECT e.id, w.tax_fen, e.tax_fen FROM contests_entry e LEFT JOIN tax_withheld w ON w.cause_id = e.id
        WHERE e.paid_fen IS NOT NULL
          AND (w.paid_fen, w.fee_fen, w.tax_fen) IS DISTINCT FROM (e.paid_fen, e.fee_fen, e.tax_fen) ORDER BY 1""",
    "prize was paid to a work that did not win, or not to one that did (entry, state)": """
        SELECT e.id, a.state FROM contests_entry e JOIN judging_application a ON a.id = e.application_id
        JOIN contests_contest c ON c.id = e.contest_id
        WHERE (e.paid_fen > e.grant_fen AND a.state NOT IN ('awarded', 'revoked'))
           OR (a.state = 'awarded' AND e.stage = c.stage AND c.state = 'completed' AND e.paid_fen IS NULL
               AND NOT EXISTS (SELECT 1 FROM judging_application r WHERE r.call_id = a.call_id AND r.state = 'revoked')
               AND NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = c.paid_by_id)) ORDER BY 1""",
    "recovered prizes are not where they should be (contest, recalled, owed, handed on, host's, fund)": """
        SELECT c.id, c.recalled_fen, d.fen, e.fen, c.recalled_back_fen, f.fen FROM contests_contest c
        JOIN LATERAL (SELECT coalesce(sum(amount_fen - paid_fen), 0) fen FROM payments_debt WHERE fund_id = c.id) d ON true
        JOIN LATERAL (SELECT coalesce(sum(more_paid_fen), 0) fen FROM contests_entry WHERE contest_id = c.id) e ON true
        JOIN LATERAL (
            SELECT coalesce(sum(a.credits_fen - a.debits_fen + coalesce(s.net, 0)), 0) fen FROM ledger_account a
            LEFT JOIN LATERAL (SELECT sum(credits_fen - debits_fen) net FROM ledger_slot WHERE account_id = a.id) s ON true
            WHERE a.code = 'escrow:prizes:' || c.id
        ) f ON true
        WHERE c.recalled_fen - d.fen - e.fen - c.recalled_back_fen <> f.fen ORDER BY 1""",
    "more is handed on than was recalled (contest, recalled, due, host's)": """
        SELECT c.id, c.recalled_fen, sum(e.more_due_fen), c.recalled_back_fen
        FROM contests_contest c JOIN contests_entry e ON e.contest_id = c.id
        GROUP BY c.id HAVING sum(e.more_due_fen) + c.recalled_back_fen > c.recalled_fen ORDER BY 1""",
    "handed-on prize is not what its transfers say (entry, net, fee, tax, posted net, fee, tax)": """
        SELECT e.id, e.more_paid_fen - e.more_fee_fen - e.more_tax_fen, e.more_fee_fen, e.more_tax_fen, t.net, t.fee, t.tax
        FROM contests_entry e LEFT JOIN LATERAL (
            SELECT coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'payable'), 0) net,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'fees'), 0) fee,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'tax'), 0) tax
            FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id
            WHERE t.cause_kind = 'prizes' AND t.cause_id = e.contest_id AND starts_with(t.key, 'prize-more:' || e.id)
        ) t ON true
        WHERE e.more_n > 0 AND (e.more_paid_fen - e.more_fee_fen - e.more_tax_fen, e.more_fee_fen, e.more_tax_fen)
            IS DISTINCT FROM (t.net, t.fee, t.tax) ORDER BY 1""",
    "prize of a revoked award is not owed back, or its tax stands (entry)": """
        SELECT e.id FROM contests_entry e WHERE e.revoked_at IS NOT NULL AND e.paid_fen IS NOT NULL AND (
            NOT EXISTS (SELECT 1 FROM payments_debt d WHERE d.prize_id = e.id)
            OR NOT EXISTS (SELECT 1 FROM tax_withheld w JOIN tax_withheld x ON x.corrects_id = w.id
                           WHERE w.cause_id = e.id)) ORDER BY 1""",
    "contest and its call are not in step (contest, state, call)": """
        SELECT c.id, c.state, k.state FROM contests_contest c
        LEFT JOIN judging_call k ON k.subject_kind = 'contest' AND k.subject_id = c.id AND k.stage = c.stage
        WHERE (c.state IN ('open', 'final', 'frozen') AND k.state IS DISTINCT FROM 'collecting')
           OR (c.state IN ('completed', 'paying') AND k.state IS DISTINCT FROM 'settled')
           OR (c.state = 'cancelled' AND k.state IS DISTINCT FROM 'void') ORDER BY 1""",
    "work is in the final, or was paid a grant, and the first round did not choose its maker (entry)": """
        SELECT e.id FROM contests_entry e WHERE (e.stage = 2 OR e.grant_fen > 0) AND (e.stage <> 2 OR NOT EXISTS (
            SELECT 1 FROM judging_application a JOIN judging_call k ON k.id = a.call_id
            WHERE k.subject_kind = 'contest' AND k.subject_id = e.contest_id AND k.stage = 1 AND NOT k.is_last
              AND a.state = 'awarded' AND a.party_id = e.entrant_id)) ORDER BY 1""",
    "work answers a secret that its maker did not promise to keep (entry)": """
        SELECT e.id FROM contests_entry e JOIN contests_contest c ON c.id = e.contest_id
        WHERE c.secrecy_years > 0 AND NOT EXISTS (
            SELECT 1 FROM contests_pledge p WHERE p.contest_id = c.id AND p.party_id = e.entrant_id) ORDER BY 1""",
}
