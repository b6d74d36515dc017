"""The API of contests: the hall, the host's side, entries, the moderator's review."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.common.fen import MOST_FEN
from backend.judging.api import CriterionShown, ObjectionFileTerms
from backend.judging.models import TIE_RULES
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.payments.operations import intents
from marketplace.contests import queries
from marketplace.contests.models import GALLERIES, MODES, Contest, Entry
from marketplace.contests.operations import course, drafts, entries, money, reviews, secrecy
from marketplace.contests.operations.drafts import MOST_WORDS, Terms
from marketplace.engagements.terms import RIGHTS
from marketplace.patterns.api import Beginning
from marketplace.shapes import WorkWhy, visibility_field
from search.engines import Query
from search.queries import find

WORK = {"POST": "work"}


class WeightedTitle(serializers.Serializer[Any]):
    """A criterion to be: its name and its weight in percent."""

    title = serializers.CharField(max_length=40)
    weight = serializers.IntegerField(min_value=1, max_value=100)


class ContestTerms(serializers.Serializer[Any]):
    """What a host writes: prizes in fen by place, criteria 100 together, the main one first, times in days.

    `finalists` 0 is one round; `secrecy_years` 0 is no secret; `secret` is read by those who promised to keep it.
    """

    title = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    brief = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    category = serializers.ChoiceField(WORK_CATEGORY_KEYS)
    skills = serializers.ListField(child=serializers.CharField(max_length=20), max_length=10, default=list)
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    mode = serializers.ChoiceField(list(MODES))
    prizes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_FEN), min_length=1, max_length=50
    )
    criteria = serializers.ListField(child=WeightedTitle(), min_length=1, max_length=8)
    tie_rule = serializers.ChoiceField(list(TIE_RULES))
    is_blind = serializers.BooleanField(default=True)
    rights = serializers.ChoiceField(list(RIGHTS))
    gallery = serializers.ChoiceField(list(GALLERIES))
    entry_limit = serializers.IntegerField(min_value=1, max_value=50)
    entry_days = serializers.IntegerField(min_value=1, max_value=366)
    judge_days = serializers.IntegerField(min_value=1, max_value=366)
    publicity_days = serializers.IntegerField(min_value=1, max_value=366)
    finalists = serializers.IntegerField(min_value=0, max_value=50, default=0)
    grant_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN, default=0)
    final_days = serializers.IntegerField(min_value=1, max_value=366, default=30)
    secrecy_years = serializers.IntegerField(min_value=0, max_value=50, default=0)
    secret = serializers.CharField(max_length=MOST_WORDS, allow_blank=True, default="")
    visibility = visibility_field()
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class ContestRow(serializers.Serializer[Any]):
    """A contest as lists show it; money in fen."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    category = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    total_fen = serializers.IntegerField()
    entries = serializers.IntegerField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)


class ContestsShown(serializers.Serializer[Any]):
    """One page of contests, and how many there are."""

    rows = ContestRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class BriefFile(serializers.Serializer[Any]):
    """A file of a brief or an entry; `use` is empty for a brief, `is_secret` says that it opens to signers alone."""

    id = serializers.UUIDField()
    use = serializers.CharField(allow_blank=True, default="")
    is_secret = serializers.BooleanField(default=False)
    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class BriefFileWhole(BriefFile):
    """A file with its content, base64."""

    content = serializers.CharField()


class ContestShown(ContestRow):
    """A contest whole, but for what is secret; `call_id` is where it is judged, null before the prize is in escrow.

    `stage` is the round, 2 for a final; `has_promised` is whether the reader may read what is secret as a signer.
    """

    owner_id = serializers.UUIDField()
    owner_name = serializers.CharField()
    brief = serializers.CharField(allow_blank=True)
    skills = serializers.ListField(child=serializers.CharField())
    mode = serializers.CharField()
    prizes = serializers.ListField(child=serializers.IntegerField())
    criteria = CriterionShown(many=True)
    tie_rule = serializers.CharField(allow_blank=True)
    is_blind = serializers.BooleanField()
    rights = serializers.CharField()
    gallery = serializers.CharField()
    entry_limit = serializers.IntegerField()
    entry_days = serializers.IntegerField()
    judge_days = serializers.IntegerField()
    publicity_days = serializers.IntegerField()
    finalists = serializers.IntegerField()
    grant_fen = serializers.IntegerField()
    final_days = serializers.IntegerField()
    secrecy_years = serializers.IntegerField()
    visibility = serializers.CharField()
    stage = serializers.IntegerField()
    has_promised = serializers.BooleanField()
    version = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    call_id = serializers.UUIDField(allow_null=True)
    files = BriefFile(many=True)


class ContestFileTerms(ObjectionFileTerms):
    """A file of a brief, for everybody or for those who promise secrecy."""

    is_secret = serializers.BooleanField(default=False)


class SecretShown(serializers.Serializer[Any]):
    """What of a contest is secret: its words and its files."""

    secret = serializers.CharField(allow_blank=True)
    files = BriefFile(many=True)


class SecrecyPledgeToSign(serializers.Serializer[Any]):
    """The hash of the promise that was read."""

    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class SecrecyPledge(serializers.Serializer[Any]):
    """A promise of secrecy: its words and their SHA-256; `at` is null until it is signed."""

    text = serializers.CharField()
    sha256 = serializers.CharField()
    proof_id = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)


class SecrecyPledgeRow(serializers.Serializer[Any]):
    """Who signed, as the host reads it."""

    id = serializers.UUIDField()
    party_name = serializers.CharField()
    person_name = serializers.CharField()
    sha256 = serializers.CharField()
    proof_id = serializers.UUIDField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField()


class SecrecyPledges(serializers.Serializer[Any]):
    """One page of those who signed, the latest first."""

    rows = SecrecyPledgeRow(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class MoreTime(serializers.Serializer[Any]):
    """How many days more, and why."""

    days = serializers.IntegerField(min_value=1, max_value=60)
    reason = serializers.CharField(max_length=300)


class WorkTerms(serializers.Serializer[Any]):
    """An entry's name and words."""

    title = serializers.CharField(max_length=60)
    text = serializers.CharField(max_length=entries.MOST_WORDS)


class EntryFileTerms(ObjectionFileTerms):
    """A file of an entry: shown to those who judge, or a source kept back until the prize is paid."""

    use = serializers.ChoiceField(["shown", "source"])


class ContestEntryShown(serializers.Serializer[Any]):
    """An entry; `state` is empty until it is handed in. Money in fen, null until it is paid, and for others than its maker.

    `stage` is its round; of `paid_fen`, `grant_fen` is a finalist's grant. `more_due_fen` is what it gets of a prize that is
    recovered, `more_paid_fen` what came of that before fee and tax; `revoked_at` ended an award.
    """

    id = serializers.UUIDField()
    contest_id = serializers.UUIDField()
    stage = serializers.IntegerField()
    application_id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True)
    no = serializers.IntegerField(allow_null=True)
    place = serializers.IntegerField(allow_null=True)
    digest = serializers.CharField(allow_blank=True)
    proof_id = serializers.UUIDField(allow_null=True)
    rights_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    paid_fen = serializers.IntegerField(allow_null=True)
    grant_fen = serializers.IntegerField(allow_null=True)
    fee_fen = serializers.IntegerField(allow_null=True)
    tax_fen = serializers.IntegerField(allow_null=True)
    more_due_fen = serializers.IntegerField(allow_null=True)
    more_paid_fen = serializers.IntegerField(allow_null=True)
    more_fee_fen = serializers.IntegerField(allow_null=True)
    more_tax_fen = serializers.IntegerField(allow_null=True)
    files = BriefFile(many=True)


class ContestEntriesShown(serializers.Serializer[Any]):
    """One page of my entries."""

    rows = ContestEntryShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class PrizeOrder(serializers.Serializer[Any]):
    """Where the prize is paid in; the sum in fen."""

    order_number = serializers.CharField()
    amount_fen = serializers.IntegerField()
    url = serializers.CharField()


def shown(contest: Contest, by: Actor) -> dict[str, Any]:
    """A contest as the API gives it to somebody."""
    found: dict[str, Any] = {
        name: getattr(contest, name) for name in map(str, ContestShown().fields) if hasattr(contest, name)
    }
    call = queries.call_of(contest)
    found |= {
        "entries": contest.entries_n,
        "owner_name": contest.owner.masked_name,
        "call_id": call.pk if call else None,
        "has_promised": secrecy.has_promised(contest, by) if contest.secrecy_years else False,
        "files": list(contest.files.filter(is_secret=False).order_by("name", "pk")[: drafts.MOST_FILES]),
    }
    return dict(ContestShown(found).data)


def entry_shown(entry: Entry, *, is_mine: bool) -> dict[str, Any]:
    """An entry as the API gives it; what was paid is its maker's alone."""
    names = [name for name in map(str, ContestEntryShown().fields) if name not in ("state", "no", "place", "files")]
    found: dict[str, Any] = {name: getattr(entry, name) for name in names}
    if not is_mine:
        found |= dict.fromkeys(name for name in names if name.endswith("_fen"))
    one = entry.application
    found |= {
        "state": one.state if one else "",
        "no": one.no if one else None,
        "place": one.place if one else None,
        "files": list(entry.files.order_by("name", "pk")[: entries.MOST_FILES]),
    }
    return dict(ContestEntryShown(found).data)


def _terms(body: dict[str, Any]) -> Terms:
    names = [name for name in Terms.__dataclass_fields__ if name not in ("criteria", "skills", "prizes")]
    criteria = tuple((one["title"], one["weight"]) for one in body["criteria"])
    return Terms(
        **{name: body[name] for name in names},
        skills=tuple(body["skills"]),
        prizes=tuple(body["prizes"]),
        criteria=criteria,
    )


class Contests(Endpoint):
    """`GET /api/v1/contests`: public contests. `POST`: a new draft of one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contests_list", parameters=[CURSOR, SIZE], responses={200: ContestsShown, **PUBLIC_REFUSED}
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="contest",
                categories=asked.getlist("category")[:10],
                counties=asked.getlist("county")[:10],
                states=asked.getlist("state")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        rows = [
            {
                "id": row.subject_id,
                "title": row.title,
                "summary": row.summary,
                "state": row.state,
                "category": row.category,
                "county": row.county,
                "total_fen": row.goal_fen,
                "entries": row.people_n,
                "opens_at": row.opens_at,
                "closes_at": row.closes_at,
            }
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(ContestsShown(body).data)

    @extend_schema(
        operation_id="contests_start",
        request=Beginning,
        parameters=[IDEMPOTENT],
        responses={201: ContestShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        return Response(
            shown(drafts.start(by=self.actor, at=clock.now(), like=self.read(Beginning)["like"]), self.actor),
            status=201,
        )


class ContestOne(Endpoint):
    """`GET /api/v1/contests/{id}`: a contest for whoever may see it. `PUT`: write a draft."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="contests_read", responses={200: ContestShown, **PUBLIC_REFUSED})
    def get(self, request: Request, contest_id: UUID) -> Response:
        return Response(shown(queries.visible(contest_id, self.actor), self.actor))

    @extend_schema(operation_id="contests_write", request=ContestTerms, responses={200: ContestShown, **REFUSED})
    def put(self, request: Request, contest_id: UUID) -> Response:
        body = self.read(ContestTerms)
        made = drafts.write(
            contest_id=contest_id, terms=_terms(body), version=body["version"], by=self.actor, at=clock.now()
        )
        return Response(shown(made, self.actor))


class ContestFiles(Endpoint):
    """`POST /api/v1/contests/{id}/files`: add a file to a draft's brief."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contests_attach",
        request=ContestFileTerms,
        parameters=[IDEMPOTENT],
        responses={201: BriefFile, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID) -> Response:
        body = self.read(ContestFileTerms)
        made = drafts.attach(
            contest_id=contest_id,
            name=body["name"],
            body=files.unpack(body["content"]),
            is_secret=body["is_secret"],
            by=self.actor,
            at=clock.now(),
        )
        return Response(BriefFile(made).data, status=201)


class ContestFileOne(Endpoint):
    """`GET /api/v1/contests/{id}/files/{id}`: a file with its content. `DELETE`: take it out of a draft."""

    may = {"GET": PUBLIC, "DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="contests_read_file", responses={200: BriefFileWhole, **PUBLIC_REFUSED})
    def get(self, request: Request, contest_id: UUID, file_id: UUID) -> Response:
        found = queries.file_of(contest_id, file_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**BriefFile(found).data, "content": content})

    @extend_schema(operation_id="contests_detach", responses={204: None, **REFUSED})
    def delete(self, request: Request, contest_id: UUID, file_id: UUID) -> Response:
        queries.own(contest_id, self.actor)
        drafts.detach(file_id=file_id, by=self.actor)
        return Response(status=204)


class ContestSecret(Endpoint):
    """`GET /api/v1/contests/{id}/secret`: what is secret, for its host and for who promised; it is put on record."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="contests_read_secret", responses={200: SecretShown, **REFUSED})
    def get(self, request: Request, contest_id: UUID) -> Response:
        found, _file = secrecy.read(contest_id=contest_id, by=self.actor, at=clock.now())
        kept = list(found.files.filter(is_secret=True).order_by("name", "pk")[: drafts.MOST_FILES])
        return Response(SecretShown({"secret": found.secret, "files": kept}).data)


class ContestSecretFile(Endpoint):
    """`GET /api/v1/contests/{id}/secret/{id}`: a secret file with its content; it is put on record."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="contests_read_secret_file", responses={200: BriefFileWhole, **REFUSED})
    def get(self, request: Request, contest_id: UUID, file_id: UUID) -> Response:
        _contest, found = secrecy.read(contest_id=contest_id, file_id=file_id, by=self.actor, at=clock.now())
        if found is None:
            raise NotFound
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**BriefFile(found).data, "content": content})


class ContestPledge(Endpoint):
    """`GET /api/v1/contests/{id}/pledge`: the promise of secrecy, one's own or the one to sign. `POST`: sign it."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="contests_read_pledge", responses={200: SecrecyPledge, **REFUSED})
    def get(self, request: Request, contest_id: UUID) -> Response:
        contest = queries.visible(contest_id, self.actor)
        if not contest.secrecy_years:
            raise NotFound
        found = queries.own_pledge(contest, self.actor)
        if found is not None:
            return Response(SecrecyPledge(found).data)
        text = secrecy.text_for(contest, self.actor)
        body = {"text": text, "sha256": secrecy.hash_of(text), "proof_id": None, "at": None, "until": None}
        return Response(SecrecyPledge(body).data)

    @extend_schema(
        operation_id="contests_promise",
        request=SecrecyPledgeToSign,
        parameters=[IDEMPOTENT],
        responses={201: SecrecyPledge, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID) -> Response:
        queries.visible(contest_id, self.actor)
        body = self.read(SecrecyPledgeToSign)
        made = secrecy.promise(contest_id=contest_id, sha256=body["sha256"], by=self.actor, at=clock.now())
        return Response(SecrecyPledge(made).data, status=201)


class ContestPledges(Endpoint):
    """`GET /api/v1/contests/{id}/pledges`: who promised secrecy; the host's."""

    may = {"GET": SIGNED_IN}

    @extend_schema(
        operation_id="contests_list_pledges", parameters=[CURSOR, SIZE], responses={200: SecrecyPledges, **REFUSED}
    )
    def get(self, request: Request, contest_id: UUID) -> Response:
        contest = queries.own(contest_id, self.actor)
        page = paging.page(
            queries.pledges_of(contest),
            order=("-at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [
            {
                "id": one.pk,
                "party_name": one.party.masked_name,
                "person_name": one.person.masked_name,
                "sha256": one.sha256,
                "proof_id": one.proof_id,
                "at": one.at,
                "until": one.until,
            }
            for one in page.rows
        ]
        return Response(SecrecyPledges({"rows": rows, "next_cursor": page.next_cursor}).data)


class ContestCashier(Endpoint):
    """`POST /api/v1/contests/{id}/cashier`: where the host pays the prize in."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contests_pay", request=None, parameters=[IDEMPOTENT], responses={201: PrizeOrder, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID) -> Response:
        at = clock.now()
        intent = money.order(contest_id=contest_id, by=self.actor, at=at)
        body = {
            "order_number": intent.number,
            "amount_fen": intent.amount_fen,
            "url": intents.cashier_url(intent_id=intent.pk, phone=False, at=at),
        }
        return Response(PrizeOrder(body).data, status=201)


class ContestTime(Endpoint):
    """`POST /api/v1/contests/{id}/extension`: give entrants more time."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contests_extend",
        request=MoreTime,
        parameters=[IDEMPOTENT],
        responses={201: ContestShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID) -> Response:
        body = self.read(MoreTime)
        made = course.extend(
            contest_id=contest_id, days=body["days"], reason=body["reason"], by=self.actor, at=clock.now()
        )
        return Response(shown(made, self.actor), status=201)


class ContestEntries(Endpoint):
    """`POST /api/v1/contests/{id}/entries`: a new entry of one's own, to be given files and handed in."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contests_enter",
        request=WorkTerms,
        parameters=[IDEMPOTENT],
        responses={201: ContestEntryShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID) -> Response:
        body = self.read(WorkTerms)
        made = entries.begin(
            contest_id=contest_id, title=body["title"], text=body["text"], by=self.actor, at=clock.now()
        )
        return Response(entry_shown(made, is_mine=True), status=201)


class ContestReview(Endpoint):
    """`POST /api/v1/contests/{id}/review/{act}`: a moderator approves, returns, freezes or thaws."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="contests_review",
        request=WorkWhy,
        parameters=[IDEMPOTENT],
        responses={201: ContestShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.visible(contest_id, self.actor)
        made = reviews.REVIEWING.decide(act, subject_id=contest_id, **body, by=self.actor, at=clock.now())
        return Response(shown(made, self.actor), status=201)


class ContestStep(Endpoint):
    """`POST /api/v1/contests/{id}/{act}`: submission, withdraw, cancel, copy; the host's."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="contests_act",
        request=WorkWhy,
        parameters=[IDEMPOTENT],
        responses={201: ContestShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, contest_id: UUID, act: str) -> Response:
        body, at = self.read(WorkWhy), clock.now()
        if act == "submission":
            return Response(shown(drafts.submit(contest_id=contest_id, by=self.actor, at=at), self.actor), status=201)
        if act not in course.STEPS:
            raise NotFound
        return Response(shown(course.STEPS[act](contest_id, body["reason"], self.actor, at), self.actor), status=201)


class EntryOne(Endpoint):
    """`GET /api/v1/entries/{id}`: an entry for whoever may see it. `PUT`: change one's own while entries are taken."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = {"PUT": "work"}

    @extend_schema(operation_id="entries_read", responses={200: ContestEntryShown, **PUBLIC_REFUSED})
    def get(self, request: Request, entry_id: UUID) -> Response:
        found = queries.readable_entry(entry_id, self.actor)
        return Response(entry_shown(found, is_mine=self.actor.party_id == found.entrant_id))

    @extend_schema(operation_id="entries_write", request=WorkTerms, responses={200: ContestEntryShown, **REFUSED})
    def put(self, request: Request, entry_id: UUID) -> Response:
        body = self.read(WorkTerms)
        made = entries.write(entry_id=entry_id, title=body["title"], text=body["text"], by=self.actor, at=clock.now())
        return Response(entry_shown(made, is_mine=True))


class EntryFiles(Endpoint):
    """`POST /api/v1/entries/{id}/files`: add a file to one's own entry."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="entries_attach",
        request=EntryFileTerms,
        parameters=[IDEMPOTENT],
        responses={201: BriefFile, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, entry_id: UUID) -> Response:
        body = self.read(EntryFileTerms)
        content = files.unpack(body["content"])
        made = entries.attach(
            entry_id=entry_id, use=body["use"], name=body["name"], body=content, by=self.actor, at=clock.now()
        )
        return Response(BriefFile(made).data, status=201)


class EntryFileOne(Endpoint):
    """`GET /api/v1/entries/{id}/files/{id}`: a file with its content. `DELETE`: take it out while entries are taken."""

    may = {"GET": PUBLIC, "DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="entries_read_file", responses={200: BriefFileWhole, **REFUSED})
    def get(self, request: Request, entry_id: UUID, file_id: UUID) -> Response:
        found = queries.entry_file(entry_id, file_id, self.actor)
        content = base64.b64encode(files.read(found.sha256)).decode()
        return Response({**BriefFile(found).data, "content": content})

    @extend_schema(operation_id="entries_detach", responses={204: None, **REFUSED})
    def delete(self, request: Request, entry_id: UUID, file_id: UUID) -> Response:
        queries.own_entry(entry_id, self.actor)
        entries.detach(file_id=file_id, by=self.actor, at=clock.now())
        return Response(status=204)


class EntrySubmission(Endpoint):
    """`POST /api/v1/entries/{id}/submission`: hand it in. `DELETE`: take it back while entries are taken."""

    may = {"POST": SIGNED_IN, "DELETE": SIGNED_IN}
    scope = {"POST": "work", "DELETE": "work"}

    @extend_schema(
        operation_id="entries_hand_in",
        request=None,
        parameters=[IDEMPOTENT],
        responses={201: ContestEntryShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, entry_id: UUID) -> Response:
        made = entries.hand_in(entry_id=entry_id, by=self.actor, at=clock.now())
        return Response(entry_shown(made, is_mine=True), status=201)

    @extend_schema(operation_id="entries_take_back", responses={204: None, **REFUSED})
    def delete(self, request: Request, entry_id: UUID) -> Response:
        entries.withdraw(entry_id=entry_id, by=self.actor, at=clock.now())
        return Response(status=204)


class MyContests(Endpoint):
    """`GET /api/v1/my/contests`: the contests that I host."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_contests", parameters=[CURSOR, SIZE], responses={200: ContestsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        if self.actor.party_id is None:
            raise NotFound
        page = paging.page(
            queries.of_owner(self.actor.party_id),
            order=("-created_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        names = [name for name in map(str, ContestRow().fields) if name != "entries"]
        rows = [{name: getattr(row, name) for name in names} | {"entries": row.entries_n} for row in page.rows]
        total = sum(queries.counts_of(self.actor.party_id).values())
        return Response(ContestsShown({"rows": rows, "total": total, "next_cursor": page.next_cursor}).data)


class MyEntries(Endpoint):
    """`GET /api/v1/my/entries`: my entries, newest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(
        operation_id="my_entries", parameters=[CURSOR, SIZE], responses={200: ContestEntriesShown, **REFUSED}
    )
    def get(self, request: Request) -> Response:
        page = paging.page(
            queries.entries_of(self.actor.party_id),
            order=("-made_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [entry_shown(one, is_mine=True) for one in page.rows]
        return Response(ContestEntriesShown({"rows": rows, "next_cursor": page.next_cursor}).data)
