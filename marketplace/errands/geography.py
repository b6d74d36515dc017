"""Where things are on the ground: a map on which the nearest is found by an index, and true distances.

The map is Mercator's: it is conformal, so around any place all directions are stretched alike, by the secant of the
latitude, and the nearest on the map are the nearest on the ground (at 30° N within 0.2 % over 20 km). PostgreSQL's own
GiST index of points knows the nearest on a plane; no extension is needed. What people read is the true distance.
"""

from __future__ import annotations

from math import asin, cos, degrees, log, pi, radians, sin, sqrt, tan
from typing import Any

from django.db.models import F, FloatField, Func, Value
from django.db.models.fields import BooleanField

EARTH_M = 6_371_000.0
"""Mean radius in metres."""


def on_map(latitude: float, longitude: float) -> tuple[float, float]:
    """East and north on the map, in metres at the equator."""
    return EARTH_M * radians(longitude), EARTH_M * log(tan(pi / 4 + radians(latitude) / 2))


def stretched(metres: float, latitude: float) -> float:
    """How long a way on the ground is on the map, at a latitude."""
    return metres / cos(radians(latitude))


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way over the ground between two places, each latitude and longitude in degrees (haversine)."""
    lat_1, lon_1, lat_2, lon_2 = map(radians, (*one, *other))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, half)))


ROUGHLY_M = 1_600.0
"""More than a place and what the public knows of it may lie apart: half a hundredth of a degree either way, and room."""


def about(latitude: float, longitude: float) -> tuple[float, float]:
    """A place as the public may know it: to a hundredth of a degree, about a kilometre."""
    return round(latitude, 2), round(longitude, 2)


def north_of(latitude: float, away_m: float) -> float:
    """The latitude so many metres further north."""
    return latitude + degrees(away_m / EARTH_M)


class MapPoint(Func):
    """A row's place on the map; the index is on this."""

    function = "point"
    arity = 2

    def __init__(self, **more: Any) -> None:
        super().__init__(F("east"), F("north"), **more)


def _point(latitude: float, longitude: float) -> Func:
    east, north = on_map(latitude, longitude)
    return Func(Value(east), Value(north), function="point")


class AwayOnMap(Func):
    """How far a row is from a place on the map; ordering by it walks the index from the nearest on."""

    template = "(%(expressions)s)"
    arg_joiner = " <-> "
    output_field = FloatField()

    def __init__(self, latitude: float, longitude: float, **more: Any) -> None:
        super().__init__(MapPoint(), _point(latitude, longitude), **more)


class WithinOnMap(Func):
    """Whether a row lies within so many metres of a place; looked up in the index."""

    template = "(%(expressions)s)"
    arg_joiner = " <@ "
    output_field = BooleanField()

    def __init__(self, latitude: float, longitude: float, reach_m: float, **more: Any) -> None:
        reach = Value(stretched(reach_m, latitude))
        super().__init__(MapPoint(), Func(_point(latitude, longitude), reach, function="circle"), **more)
