"""The API of on-site errands: the hall, nearby, the poster's side, stops, offers, runners and licences, the moderator's review."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.endpoints import PUBLIC, SIGNED_IN, Endpoint, idempotent
from backend.accounts.shapes import CURSOR, IDEMPOTENT, PUBLIC_REFUSED, REFUSED, SIZE, page_size
from backend.common import clock, files, paging
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.common.fen import MOST_FEN
from backend.judging.api import ObjectionFileTerms
from backend.listings.facets import COUNTIES
from backend.payments.operations import intents
from marketplace.contests.api import PrizeOrder
from marketplace.errands import forms, queries
from marketplace.errands.kinds import KINDS, LICENCES
from marketplace.errands.models import MODES, Errand, Licence, Outlook, Runner, Stop
from marketplace.errands.operations import course, dispatch, drafts, foresight, hands, money, reviews, runners, work
from marketplace.errands.operations.drafts import MOST_WORDS, Terms
from marketplace.errands.records import EAST, NORTH, SOUTH, WEST
from marketplace.errands.states import STOP
from marketplace.errands.stops_file import MOST_ADDRESS, StopRow
from marketplace.patterns.api import Beginning
from marketplace.shapes import WorkWhy, visibility_field
from search.engines import Query
from search.queries import find

WORK = {"POST": "work", "PUT": "work"}
MOST_TEXT = 2_000_000
KEY = r"^[A-Za-z0-9_-]{1,32}$"


def latitude_field() -> serializers.FloatField:
    """Degrees north, in China."""
    return serializers.FloatField(min_value=SOUTH, max_value=NORTH)


def longitude_field() -> serializers.FloatField:
    """Degrees east, in China."""
    return serializers.FloatField(min_value=WEST, max_value=EAST)


class ErrandTerms(serializers.Serializer[Any]):
    """What a poster writes of the errand as a whole."""

    title = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=160, allow_blank=True)
    brief = serializers.CharField(max_length=MOST_WORDS, allow_blank=True)
    kind = serializers.ChoiceField(list(KINDS))
    county = serializers.ChoiceField(["", *COUNTIES], default="")
    mode = serializers.ChoiceField(list(MODES))
    photos_least = serializers.IntegerField(min_value=0, max_value=100)
    visibility = visibility_field()
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class ErrandRow(serializers.Serializer[Any]):
    """An errand as lists show it; the pay of all stops in fen."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    county = serializers.CharField(allow_blank=True)
    total_fen = serializers.IntegerField()
    stops = serializers.IntegerField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)


class ErrandsShown(serializers.Serializer[Any]):
    """One page of errands, and how many there are."""

    rows = ErrandRow(many=True)
    total = serializers.IntegerField()
    is_capped = serializers.BooleanField(default=False, help_text="有检索词而结果很多时为真：total 是至少有多少")
    next_cursor = serializers.CharField(allow_blank=True)


class ErrandShown(ErrandRow):
    """An errand whole; sums in fen. `counts` says how many stops are in which state."""

    owner_id = serializers.UUIDField()
    owner_name = serializers.CharField()
    brief = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    mode = serializers.CharField()
    photos_least = serializers.IntegerField()
    visibility = serializers.CharField()
    version = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    back_fen = serializers.IntegerField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class StopTerms(serializers.Serializer[Any]):
    """One stop of a draft: degrees, the price in fen, when it is to be done."""

    key = serializers.RegexField(KEY)
    latitude = latitude_field()
    longitude = longitude_field()
    price_fen = serializers.IntegerField(min_value=1, max_value=MOST_FEN)
    address = serializers.CharField(max_length=MOST_ADDRESS, allow_blank=True, default="")
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()


class StopFile(serializers.Serializer[Any]):
    """Stops as the text of a CSV file with the window of those that name none; they take the place of what is there."""

    content = serializers.CharField(max_length=MOST_TEXT, trim_whitespace=False)
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()


class StopShown(serializers.Serializer[Any]):
    """A stop. Place and address are exact for who is concerned, about a kilometre and empty for others; prices in fen."""

    id = serializers.UUIDField()
    errand_id = serializers.UUIDField()
    key = serializers.CharField()
    state = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    address = serializers.CharField(allow_blank=True)
    price_fen = serializers.IntegerField()
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()
    away_m = serializers.IntegerField(allow_null=True)
    is_mine = serializers.BooleanField()
    words = serializers.CharField(allow_blank=True)
    photos = serializers.ListField(child=serializers.CharField())
    refusal = serializers.CharField(allow_blank=True)
    finding = serializers.CharField(allow_blank=True)
    due_at = serializers.DateTimeField(allow_null=True)
    paid_fen = serializers.IntegerField(allow_null=True)
    obstacles = serializers.ListField(child=serializers.CharField())


class StopsShown(serializers.Serializer[Any]):
    """One page of stops."""

    rows = StopShown(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class NearStops(serializers.Serializer[Any]):
    """The free stops nearest to a place, the nearest first."""

    rows = StopShown(many=True)


class StopWords(serializers.Serializer[Any]):
    """What is said about a stop, and where one stands if the device tells."""

    words = serializers.CharField(max_length=500, allow_blank=True, default="")
    latitude = serializers.FloatField(min_value=SOUTH, max_value=NORTH, required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=WEST, max_value=EAST, required=False, allow_null=True)


class Target(serializers.Serializer[Any]):
    """How many of a hundred such stops should be done."""

    target_percent = serializers.IntegerField(min_value=50, max_value=99)


class Likely(serializers.Serializer[Any]):
    """How likely a stop is to be done at its price, and the price in fen for the target; null above every price tried."""

    stop_id = serializers.UUIDField()
    key = serializers.CharField()
    price_fen = serializers.IntegerField()
    probability = serializers.FloatField()
    near_done = serializers.IntegerField()
    near_of = serializers.IntegerField()
    suggested_fen = serializers.IntegerField(allow_null=True)


class OutlookShown(serializers.Serializer[Any]):
    """A forecast: `made_at` is null while it is reckoned; `failure` says why there is none."""

    target_percent = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    made_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    failure = serializers.CharField(allow_blank=True)
    rows = Likely(many=True)


class RunnerTerms(serializers.Serializer[Any]):
    """From where one starts, how far one goes in km, what one runs."""

    latitude = latitude_field()
    longitude = longitude_field()
    reach_km = serializers.IntegerField(min_value=1, max_value=runners.REACH_MOST_KM)
    kinds = serializers.ListField(child=serializers.ChoiceField(list(KINDS)), min_length=1, max_length=len(KINDS))
    takes_offers = serializers.BooleanField(default=True)


class OfferShown(serializers.Serializer[Any]):
    """A stop that one is offered until a moment."""

    id = serializers.UUIDField()
    stop_id = serializers.UUIDField()
    state = serializers.CharField()
    price_fen = serializers.IntegerField()
    away_m = serializers.IntegerField()
    until = serializers.DateTimeField()


class LicenceTerms(serializers.Serializer[Any]):
    """A licence as it is handed in; the picture as base64."""

    kind = serializers.ChoiceField(list(LICENCES))
    number = serializers.RegexField(r"^[A-Za-z0-9]{4,40}$")
    valid_from = serializers.DateField()
    valid_until = serializers.DateField()
    picture_name = serializers.CharField(max_length=120, allow_blank=True, default="")
    picture = serializers.CharField(max_length=MOST_TEXT, allow_blank=True, default="")


class LicenceShown(serializers.Serializer[Any]):
    """A licence; its number masked."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    number = serializers.CharField()
    valid_from = serializers.DateField()
    valid_until = serializers.DateField()
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class RunnerShown(serializers.Serializer[Any]):
    """A runner to themselves: how much they may hold, how many minutes after opening they may book, what they are offered."""

    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    reach_km = serializers.IntegerField()
    kinds = serializers.ListField(child=serializers.CharField())
    takes_offers = serializers.BooleanField()
    reputation = serializers.IntegerField()
    in_hand = serializers.IntegerField()
    quota = serializers.IntegerField()
    delay_minutes = serializers.IntegerField()
    offers = OfferShown(many=True)
    licences = LicenceShown(many=True)


def shown(errand: Errand) -> dict[str, Any]:
    """An errand as the API gives it."""
    names = [name for name in map(str, ErrandShown().fields) if name not in ("stops", "counts") and hasattr(errand, name)]  # fmt: skip
    found: dict[str, Any] = {name: getattr(errand, name) for name in names}
    found |= {"stops": errand.stops_n, "owner_name": errand.owner.masked_name, "counts": queries.progress(errand)}
    return dict(ErrandShown(found).data)


def stop_shown(stop: Stop, actor: Actor, *, away_m: int | None = None, runner: Runner | None = None) -> dict[str, Any]:
    """A stop as a reader may see it; with their runner's row, why they may not take it."""
    sight = queries.seen(stop, actor)
    at = clock.now()
    obstacles = hands.obstacles(stop.errand, stop, runner, actor, at) if runner and stop.is_free(at) else []
    names = ("id", "errand_id", "key", "state", "price_fen", "from_at", "until_at")
    inside: dict[str, Any] = {
        "address": stop.address,
        "words": stop.words,
        "refusal": stop.refusal,
        "due_at": stop.due_at,
        "paid_fen": stop.paid_fen,
        "photos": [f"/errands/stops/{stop.pk}/photos/{photo.pk}/" for photo in stop.photos.all()],
    }
    outside: dict[str, Any] = {
        "address": "",
        "words": "",
        "refusal": "",
        "due_at": None,
        "paid_fen": None,
        "photos": [],
    }
    return {name: getattr(stop, name) for name in names} | (inside if sight.is_inside else outside) | {
        "latitude": sight.place[0],
        "longitude": sight.place[1],
        "away_m": away_m,
        "is_mine": sight.is_runner,
        "finding": stop.finding,
        "obstacles": [reason.code for reason in obstacles],
    }  # fmt: skip


def _one(stop_id: UUID, actor: Actor) -> dict[str, Any]:
    sight, runner = queries.sight(stop_id, actor), queries.runner_for(actor)
    body = stop_shown(sight.stop, actor, away_m=queries.way_between(runner, sight), runner=runner)
    return dict(StopShown(body).data)


def licence_shown(one: Licence) -> dict[str, Any]:
    names = ("id", "kind", "valid_from", "valid_until", "state", "reason")
    return {name: getattr(one, name) for name in names} | {"number": one.number_masked}


def runner_shown(runner: Runner) -> dict[str, Any]:
    """A runner as they see themselves."""
    at = clock.now()
    tier = hands.tier_of(runner.reputation, at=at)
    offers = [
        {name: getattr(one, name) for name in ("id", "stop_id", "state", "away_m", "until")}
        | {"price_fen": one.stop.price_fen}
        for one in queries.offers_to(runner, at=at)
    ]
    names = ("latitude", "longitude", "reach_km", "kinds", "takes_offers", "reputation")
    body = {name: getattr(runner, name) for name in names} | {
        "in_hand": runner.in_hand_n,
        "quota": tier.quota,
        "delay_minutes": tier.minutes,
        "offers": offers,
        "licences": [licence_shown(one) for one in runner.licences.order_by("-created_at")[:20]],
    }
    return dict(RunnerShown(body).data)


def outlook_shown(outlook: Outlook) -> dict[str, Any]:
    return dict(OutlookShown(outlook).data)


class Errands(Endpoint):
    """`GET /api/v1/errands`: public errands. `POST`: a new draft of one's own."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="errands_list", parameters=[CURSOR, SIZE], responses={200: ErrandsShown, **PUBLIC_REFUSED}
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        found = find(
            Query(
                text=asked.get("q", "")[:100],
                kind="errand",
                counties=asked.getlist("county")[:10],
                states=asked.getlist("state")[:10],
                order=asked.get("order", "newest"),
                cursor=asked.get("cursor", ""),
                size=page_size(request),
            )
        )
        rows = [
            {name: getattr(row, name) for name in map(str, ErrandRow().fields) if hasattr(row, name)}
            | {"id": row.subject_id, "total_fen": row.goal_fen, "stops": row.people_n}
            for row in found.page.rows
        ]
        body = {"rows": rows, "total": found.total, "is_capped": found.is_capped, "next_cursor": found.page.next_cursor}
        return Response(ErrandsShown(body).data)

    @extend_schema(
        operation_id="errands_start",
        request=Beginning,
        parameters=[IDEMPOTENT],
        responses={201: ErrandShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        return Response(
            shown(drafts.start(by=self.actor, at=clock.now(), like=self.read(Beginning)["like"])), status=201
        )


class ErrandOne(Endpoint):
    """`GET /api/v1/errands/{id}`: an errand for whoever may see it. `PUT`: write a draft."""

    may = {"GET": PUBLIC, "PUT": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="errands_read", responses={200: ErrandShown, **PUBLIC_REFUSED})
    def get(self, request: Request, errand_id: UUID) -> Response:
        return Response(shown(queries.visible(errand_id, self.actor)))

    @extend_schema(operation_id="errands_write", request=ErrandTerms, responses={200: ErrandShown, **REFUSED})
    def put(self, request: Request, errand_id: UUID) -> Response:
        body = self.read(ErrandTerms)
        terms = Terms(**{name: body[name] for name in Terms.__dataclass_fields__})
        made = drafts.write(
            errand_id=errand_id, terms=terms, version=body["version"], by=self.actor, at=clock.now()
        )  # fmt: skip
        return Response(shown(made))


class ErrandStops(Endpoint):
    """`GET /api/v1/errands/{id}/stops`: its stops. `POST`: add one to a draft. `PUT`: load them from the text of a file."""

    may = {"GET": PUBLIC, "POST": SIGNED_IN, "PUT": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="errands_stops", parameters=[CURSOR, SIZE], responses={200: StopsShown, **PUBLIC_REFUSED}
    )
    def get(self, request: Request, errand_id: UUID) -> Response:
        errand, asked = queries.visible(errand_id, self.actor), request.query_params
        state = asked.get("state", "")
        page = paging.page(
            queries.stops_of(errand, state if state in STOP.states else ""),
            order=("rank", "id"),
            cursor=asked.get("cursor", ""),
            size=page_size(request),
        )
        rows = [stop_shown(stop, self.actor) for stop in page.rows]
        return Response(StopsShown({"rows": rows, "next_cursor": page.next_cursor}).data)

    @extend_schema(
        operation_id="errands_add_stop",
        request=StopTerms,
        parameters=[IDEMPOTENT],
        responses={201: ErrandShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, errand_id: UUID) -> Response:
        queries.own(errand_id, self.actor)
        row = StopRow(**self.read(StopTerms))
        return Response(
            shown(drafts.add_stop(errand_id=errand_id, row=row, by=self.actor, at=clock.now())), status=201
        )  # fmt: skip

    @extend_schema(operation_id="errands_load", request=StopFile, responses={200: ErrandShown, **REFUSED})
    def put(self, request: Request, errand_id: UUID) -> Response:
        queries.own(errand_id, self.actor)
        body = self.read(StopFile)
        made = drafts.load(
            errand_id=errand_id,
            body=body["content"].encode("utf-8", "surrogatepass"),
            from_at=body["from_at"],
            until_at=body["until_at"],
            by=self.actor,
            at=clock.now(),
        )
        return Response(shown(made))


class ErrandForecast(Endpoint):
    """`GET /api/v1/errands/{id}/forecast`: what a draft's prices bring. `POST`: ask for it."""

    may = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="errands_forecast", responses={200: OutlookShown, **REFUSED})
    def get(self, request: Request, errand_id: UUID) -> Response:
        found = Outlook.objects.filter(errand=queries.own(errand_id, self.actor)).first()
        if found is None:
            raise NotFound
        return Response(outlook_shown(found))

    @extend_schema(
        operation_id="errands_ask_forecast",
        request=Target,
        parameters=[IDEMPOTENT],
        responses={201: OutlookShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, errand_id: UUID) -> Response:
        queries.own(errand_id, self.actor)
        percent = self.read(Target)["target_percent"]
        made = foresight.ask(errand_id=errand_id, target_percent=percent, by=self.actor, at=clock.now())
        return Response(outlook_shown(made), status=201)


class ErrandPrices(Endpoint):
    """`POST /api/v1/errands/{id}/prices`: take over every price that the forecast suggests."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="errands_reprice", request=None, parameters=[IDEMPOTENT], responses={201: ErrandShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, errand_id: UUID) -> Response:
        return Response(shown(foresight.apply(errand_id=errand_id, by=self.actor, at=clock.now())), status=201)


class ErrandCashier(Endpoint):
    """`POST /api/v1/errands/{id}/cashier`: where the poster pays in."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="errands_pay", request=None, parameters=[IDEMPOTENT], responses={201: PrizeOrder, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, errand_id: UUID) -> Response:
        at = clock.now()
        intent = money.order(errand_id=errand_id, by=self.actor, at=at)
        body = {
            "order_number": intent.number,
            "amount_fen": intent.amount_fen,
            "url": intents.cashier_url(intent_id=intent.pk, phone=False, at=at),
        }
        return Response(PrizeOrder(body).data, status=201)


class ErrandReview(Endpoint):
    """`POST /api/v1/errands/{id}/review/{act}`: a moderator approves, returns, freezes or thaws."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="errands_review",
        request=WorkWhy,
        parameters=[IDEMPOTENT],
        responses={201: ErrandShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, errand_id: UUID, act: str) -> Response:
        body = self.read(WorkWhy)
        queries.visible(errand_id, self.actor)
        made = reviews.REVIEWING.decide(act, subject_id=errand_id, **body, by=self.actor, at=clock.now())
        return Response(shown(made), status=201)


class ErrandStep(Endpoint):
    """`POST /api/v1/errands/{id}/{act}`: submission, withdraw, cancel, copy, accept-all; the poster's."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="errands_act", request=WorkWhy, parameters=[IDEMPOTENT], responses={201: ErrandShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, errand_id: UUID, act: str) -> Response:
        queries.own(errand_id, self.actor)
        body, at = self.read(WorkWhy), clock.now()
        if act == "submission":
            return Response(shown(drafts.submit(errand_id=errand_id, by=self.actor, at=at)), status=201)
        if act not in course.STEPS:
            raise NotFound
        return Response(shown(course.STEPS[act](errand_id, body["reason"], self.actor, at)), status=201)


_PLACE = [
    OpenApiParameter("latitude", OpenApiTypes.FLOAT, required=True),
    OpenApiParameter("longitude", OpenApiTypes.FLOAT, required=True),
    OpenApiParameter("km", OpenApiTypes.INT),
]


class Nearby(Endpoint):
    """`GET /api/v1/errands/nearby`: the free stops nearest to a place, within up to fifty kilometres."""

    may = {"GET": PUBLIC}

    @extend_schema(
        operation_id="errands_nearby", parameters=_PLACE, responses={200: NearStops, **PUBLIC_REFUSED}
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = request.query_params
        place, text = forms.place_of(asked), asked.get("km", "5")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= runners.REACH_MOST_KM):
            raise Invalid("半径须为 1 至 50 公里", "1 to 50 km", field="km")
        kinds = [kind for kind in asked.getlist("kind")[:10] if kind in KINDS]
        near = queries.nearby(place, int(text) * 1_000, at=clock.now(), kinds=kinds)
        rows = [stop_shown(stop, self.actor, away_m=away) for away, stop in near]
        return Response(NearStops({"rows": rows}).data)


class StopOne(Endpoint):
    """`GET /api/v1/stops/{id}`: a stop for whoever may see it; `DELETE`: out of a draft, or away from an open errand."""

    may = {"GET": PUBLIC, "DELETE": SIGNED_IN}
    scope = {"DELETE": "work"}

    @extend_schema(operation_id="stops_read", responses={200: StopShown, **PUBLIC_REFUSED})
    def get(self, request: Request, stop_id: UUID) -> Response:
        return Response(_one(stop_id, self.actor))

    @extend_schema(operation_id="stops_remove", responses={204: None, **REFUSED})
    def delete(self, request: Request, stop_id: UUID) -> Response:
        errand = queries.sight(stop_id, self.actor).stop.errand
        queries.own(errand.pk, self.actor)
        if errand.opens_at is None:
            drafts.remove_stop(errand_id=errand.pk, stop_id=stop_id, by=self.actor, at=clock.now())
        else:
            course.drop_stop(stop_id=stop_id, reason="发布方撤下点位", by=self.actor, at=clock.now())
        return Response(status=204)


class StopPhotos(Endpoint):
    """`POST /api/v1/stops/{id}/photos`: keep a photo of what was done."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="stops_photo",
        request=ObjectionFileTerms,
        parameters=[IDEMPOTENT],
        responses={201: StopShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, stop_id: UUID) -> Response:
        queries.sight(stop_id, self.actor)
        body = self.read(ObjectionFileTerms)
        content = files.unpack(body["content"])
        work.add_photo(stop_id=stop_id, name=body["name"], body=content, by=self.actor, at=clock.now())
        return Response(_one(stop_id, self.actor), status=201)


class StopFinding(Endpoint):
    """`POST /api/v1/stops/{id}/finding/{for|against}`: a moderator decides about a contested refusal."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="stops_find", request=StopWords, parameters=[IDEMPOTENT], responses={201: StopShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, stop_id: UUID, act: str) -> Response:
        queries.sight(stop_id, self.actor)
        words = self.read(StopWords)["words"]
        if act not in ("for", "against"):
            raise NotFound
        work.find(stop_id=stop_id, for_runner=act == "for", reason=words, by=self.actor, at=clock.now())
        return Response(_one(stop_id, self.actor), status=201)


class StopStep(Endpoint):
    """`POST /api/v1/stops/{id}/{act}`: book, give-up, submission, redo, contest; accept, refuse."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="stops_act", request=StopWords, parameters=[IDEMPOTENT], responses={201: StopShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, stop_id: UUID, act: str) -> Response:
        queries.sight(stop_id, self.actor)
        body, at = self.read(StopWords), clock.now()
        degrees = body.get("latitude"), body.get("longitude")
        place = None if degrees[0] is None or degrees[1] is None else (degrees[0], degrees[1])
        if act in ("submission", "redo"):
            do = work.submit if act == "submission" else work.redo
            do(stop_id=stop_id, words=body["words"], place=place, by=self.actor, at=at)
        elif act in work.STEPS:
            work.STEPS[act](stop_id, body["words"], self.actor, at)
        else:
            raise NotFound
        return Response(_one(stop_id, self.actor), status=201)


class MyStops(Endpoint):
    """`GET /api/v1/my/stops`: the stops that one took, the latest first."""

    may = {"GET": SIGNED_IN}

    @extend_schema(operation_id="my_stops", parameters=[CURSOR, SIZE], responses={200: StopsShown, **REFUSED})
    def get(self, request: Request) -> Response:
        runner = queries.runner_for(self.actor)
        if runner is None:
            return Response(StopsShown({"rows": [], "next_cursor": ""}).data)
        page = paging.page(
            queries.held_by(runner).prefetch_related("photos"),
            order=("-booked_at", "-id"),
            cursor=request.query_params.get("cursor", ""),
            size=page_size(request),
        )
        rows = [stop_shown(stop, self.actor) for stop in page.rows]
        return Response(StopsShown({"rows": rows, "next_cursor": page.next_cursor}).data)


class MyRunner(Endpoint):
    """`GET /api/v1/my/runner`: oneself as a runner. `PUT`: from where one starts, how far one goes, what one runs."""

    may = {"GET": SIGNED_IN, "PUT": SIGNED_IN}
    scope = WORK

    @extend_schema(operation_id="my_runner", responses={200: RunnerShown, **REFUSED})
    def get(self, request: Request) -> Response:
        found = queries.runner_for(self.actor)
        if found is None:
            raise NotFound
        return Response(runner_shown(found))

    @extend_schema(operation_id="my_runner_write", request=RunnerTerms, responses={200: RunnerShown, **REFUSED})
    def put(self, request: Request) -> Response:
        body = self.read(RunnerTerms)
        made = runners.register(
            place=(body["latitude"], body["longitude"]),
            reach_km=body["reach_km"],
            kinds=body["kinds"],
            takes_offers=body["takes_offers"],
            by=self.actor,
            at=clock.now(),
        )
        return Response(runner_shown(made))


class MyLicences(Endpoint):
    """`POST /api/v1/my/licences`: hand a licence in to be checked."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="my_licences_add",
        request=LicenceTerms,
        parameters=[IDEMPOTENT],
        responses={201: LicenceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.read(LicenceTerms)
        valid_from: date = body["valid_from"]
        picture = (body["picture_name"], files.unpack(body["picture"])) if body["picture"] else None
        paper = runners.Paper(body["kind"], body["number"], valid_from, body["valid_until"], picture)
        made = runners.hand_in(paper=paper, by=self.actor, at=clock.now())
        return Response(LicenceShown(licence_shown(made)).data, status=201)


class LicenceCheck(Endpoint):
    """`POST /api/v1/licences/{id}/{act}`: a moderator confirms, refuses or revokes a licence."""

    may = {"POST": Role.MODERATOR}

    @extend_schema(
        operation_id="licences_check",
        request=WorkWhy,
        parameters=[IDEMPOTENT],
        responses={201: LicenceShown, **REFUSED},
    )
    @idempotent
    def post(self, request: Request, licence_id: UUID, act: str) -> Response:
        queries.own_licence(licence_id, self.actor)
        reason = self.read(WorkWhy)["reason"]
        if act not in runners.CHECKS:
            raise NotFound
        made = runners.CHECKS[act](licence_id, reason, self.actor, clock.now())
        return Response(LicenceShown(licence_shown(made)).data, status=201)


class OfferStep(Endpoint):
    """`POST /api/v1/offers/{id}/{accept|decline}`: take what one is offered, or leave it."""

    may = {"POST": SIGNED_IN}
    scope = WORK

    @extend_schema(
        operation_id="offers_answer", request=None, parameters=[IDEMPOTENT], responses={201: StopShown, **REFUSED}
    )
    @idempotent
    def post(self, request: Request, offer_id: UUID, act: str) -> Response:
        found = queries.own_offer(offer_id, self.actor)
        if act not in ("accept", "decline"):
            raise NotFound
        dispatch.answer(offer_id=offer_id, accepts=act == "accept", by=self.actor, at=clock.now())
        return Response(_one(found.stop_id, self.actor), status=201)
