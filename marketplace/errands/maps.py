"""A small map of stops (点位图): dots on a plane with north up, drawn without tiles from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.errands import geography

WIDTH, HEIGHT, EDGE = 320.0, 200.0, 12.0
MOST_DOTS = 400
LEAST_SPAN_M = 1_000.0


@dataclass(frozen=True)
class Dot:
    """Where to draw something: pixels from the left and from the top, what it looks like, what it says."""

    x: float
    y: float
    look: str
    words: str


@dataclass(frozen=True)
class Map:
    """Dots, and how many kilometres lie between the map's left and right edge."""

    dots: list[Dot]
    km: float


def draw(places: Sequence[tuple[tuple[float, float], str, str]]) -> Map | None:
    """A map of places, each with its look and words; None where there is none."""
    shown = places[:MOST_DOTS]
    if not shown:
        return None
    points = [geography.on_map(*place) for place, _look, _words in shown]
    west, east = min(one[0] for one in points), max(one[0] for one in points)
    south, north = min(one[1] for one in points), max(one[1] for one in points)
    metres = max(
        (east - west) / (WIDTH - 2 * EDGE), (north - south) / (HEIGHT - 2 * EDGE), LEAST_SPAN_M / WIDTH
    )  # fmt: skip
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    dots = [
        Dot(
            round(WIDTH / 2 + (x - middle_x) / metres, 1), round(HEIGHT / 2 - (y - middle_y) / metres, 1), look, words
        )
        for (x, y), (_place, look, words) in zip(points, shown, strict=True)
    ]  # fmt: skip
    latitude = shown[0][0][0]
    return Map(dots, round(metres * WIDTH / geography.stretched(1, latitude) / 1_000, 1))
