"""Forecasts of on-site tasks: rows taken or refused, distances, what is learned, which price is advised."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from backend.common.errors import Invalid
from backend.common.tables import Dirty
from marketplace.errands.forecasts import Forecast, Outlook, look_ahead
from marketplace.errands.forms import place_of
from marketplace.errands.records import EAST, NORTH, SOUTH, WEST, Member, Place, Task, read_members, read_tasks
from marketplace.errands.samples import made_up
from marketplace.errands.scores import score
from marketplace.errands.surroundings import FACTS, distances, facts

TASKS = "task_id,latitude,longitude,price_yuan,completed"
MEMBERS = "member_id,latitude,longitude,booking_quota,booking_opens_at,reputation"


def _file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_are_taken_whole(tmp_path):
    path = _file(tmp_path, "t.csv", TASKS, "A1,22.5,113.9,65.5,1", "A2,22.6,113.9,70,0", "A3,22.6,113.9,70,")
    place = Place(22.6, 113.9)
    assert list(read_tasks(path)) == [
        Task("A1", Place(22.5, 113.9), 6_550, True),
        Task("A2", place, 7_000, False),
        Task("A3", place, 7_000, None),
    ]
    members = _file(tmp_path, "m.csv", MEMBERS, "B1,22.9,113.6,114,06:30:00,67997.38")
    assert list(read_members(members)) == [Member("B1", Place(22.9, 113.6), 114, 390, 67997.38)]


def test_numbers_are_read_as_data_frames_write_them(tmp_path):
    tasks = _file(tmp_path, "t.csv", TASKS, "A1,22.566142254795004,113.0,66.0,1.0", "A2,22.5,113.9,65.5,0.0")
    assert list(read_tasks(tasks)) == [
        Task("A1", Place(22.566142254795004, 113.0), 6_600, True),
        Task("A2", Place(22.5, 113.9), 6_550, False),
    ]
    members = _file(tmp_path, "m.csv", MEMBERS, "B1,22.9,113.6,114.0,06:30:00,1e-04")
    assert list(read_members(members)) == [Member("B1", Place(22.9, 113.6), 114, 390, 0.0001)]


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        ("B1,113.13,23.03,1,06:36:00,19.9", "latitude", "each other's column"),
        ("B1,21.5,111.1,,1,06:30:00", "booking_quota", "one column too far right"),
        ("B1,21.5,111.1,1,06:30:00", "", "another number of columns"),
        ("B1,21.5,111.1,1,06:30:00,5,6", "", "another number of columns"),
        ("B1,51.5,0.1,1,06:30:00,5", "latitude", "not in China"),
        ("B1,nan,111.1,1,06:30:00,5", "latitude", "no number"),
        ("B1,21.5,111.1,-1,06:30:00,5", "booking_quota", "no whole number"),
        ("B1,21.5,111.1,٣,06:30:00,5", "booking_quota", "no whole number"),
        ("B1,21.5,111.1,1.5,06:30:00,5", "booking_quota", "no whole number"),
        ("B1,21.5,111.1,1,06:30:00,1e9", "reputation", "no number"),
        ("B1,21.5,111.1,1,24:30:00,5", "booking_opens_at", "no time of day"),
        ("B1,21.5,111.1,1,06:30:00,-5", "reputation", "below zero"),
        ("B 1,21.5,111.1,1,06:30:00,5", "member_id", "no id"),
        ("B0,21.5,111.1,1,06:30:00,5", "member_id", "twice"),
    ],
)
def test_dirty_members_are_named_and_not_guessed(tmp_path, line, field, says):
    path = _file(tmp_path, "m.csv", MEMBERS, "B0,21.5,111.1,1,06:30:00,5", line, "B9,21.5,111.1,1,06:30:00,5")
    first, dirty, last = read_members(path)
    assert (first.number, last.number) == ("B0", "B9")
    assert isinstance(dirty, Dirty)
    assert (dirty.row, dirty.field) == (2, field)
    assert says in dirty.reason


@pytest.mark.parametrize(
    "line",
    [
        "A1,22.5,113.9,0,1",
        "A1,22.5,113.9,65.555,1",
        "A1,22.5,113.9,65,yes",
        "A1,22.5,113.9,65,0.5",
        "A1,22.5,113.9,65,2",
        "A1,113.9,22.5,65,1",
    ],
)
def test_dirty_tasks_are_named(tmp_path, line):
    (dirty,) = read_tasks(_file(tmp_path, "t.csv", TASKS, line))
    assert isinstance(dirty, Dirty)


def test_a_missing_column_is_said(tmp_path):
    with pytest.raises(ValueError, match="price_yuan"):
        list(read_tasks(_file(tmp_path, "t.csv", "task_id,latitude,longitude", "A1,22.5,113.9")))


def test_distances_are_those_of_the_sphere():
    wuhan, xianning = Place(30.5928, 114.3055), Place(29.8413, 114.3225)
    assert distances([wuhan], [xianning, wuhan])[0] == pytest.approx([83.6, 0.0], abs=0.2)


def test_facts_count_rivals_and_members_by_hand():
    here, near, far = Place(29.84, 114.32), Place(29.845, 114.32), Place(30.5, 114.32)
    errands = [Task("A", here, 7_000, True), Task("B", near, 8_000, None), Task("C", far, 9_000, None)]
    found = facts(errands, [Member("M", here, 10, 390, 5.0)])
    row = dict(zip(FACTS, found[0], strict=True))
    assert row["price"] == 70
    assert [row[f"rivals_{reach}km"] for reach in (1, 3, 10)] == pytest.approx([np.log(2)] * 3)
    assert row["members_3km"] == pytest.approx(np.log(2))
    assert row["quota_3km"] == pytest.approx(np.log(11))
    assert row["price_against_3km"] == pytest.approx(-10)
    assert facts(errands, [])[:, FACTS.index("members_3km")].tolist() == [0, 0, 0]


def test_facts_do_not_know_the_ends_nor_the_order():
    errands, members = made_up(tasks=300, members=40, seed=3)
    turned = [replace(one, is_done=not one.is_done) for one in errands]
    assert (facts(errands, members) == facts(turned, members)).all()
    assert facts(errands[::-1], members)[::-1] == pytest.approx(facts(errands, members))


@pytest.fixture(scope="module")
def learned():
    errands, members = made_up(tasks=400, members=300, seed=5)
    known, asked = errands[:300], errands[300:]
    hidden = [replace(one, is_done=None) for one in asked]
    return known, asked, look_ahead(known, hidden, members)


def test_quarters_that_do_what_they_are_asked_are_learned(learned):
    _known, asked, outlook = learned
    ends = [one.is_done for one in asked]
    chances = [one.probability for one in outlook.forecasts]
    assert [one.number for one in outlook.forecasts] == [one.number for one in asked]
    assert roc_auc_score(ends, chances) > 0.8
    assert abs(np.mean(chances) - np.mean(ends)) < 0.1
    assert all(0 <= one.near_done <= one.near_of == 10 for one in outlook.forecasts)


def test_the_ends_of_what_is_asked_about_change_nothing(learned):
    known, asked, outlook = learned
    members = made_up(tasks=400, members=300, seed=5)[1]
    assert look_ahead(known, asked, members) == outlook


def test_too_little_to_learn_from_is_refused():
    with pytest.raises(Invalid):
        look_ahead([], [], [])
    errands, members = made_up(tasks=40, members=10, seed=1)
    with pytest.raises(Invalid):
        look_ahead([replace(one, is_done=True) for one in errands], errands, members)


def _asked(probability: float, price_fen: int = 7_000) -> Forecast:
    return Forecast("A", price_fen, probability, 7, 10, ())


def test_a_price_is_advised_within_what_was_tried():
    outlook = Outlook((), 0.2, 6_500, 8_500)
    price = outlook.price_for(_asked(0.7), 0.9)
    assert price == 7_700
    assert outlook.probability_at(_asked(0.7), price) >= 0.9 > outlook.probability_at(_asked(0.7), price - 100)
    assert outlook.price_for(_asked(0.05), 0.9) is None, "more than was ever paid"
    assert outlook.price_for(_asked(0.99), 0.5) == 6_500, "never below the lowest that was tried"
    flat = Outlook((), 0.0, 6_500, 8_500)
    assert flat.price_for(_asked(0.7), 0.9) is None, "where price does nothing, none is advised"
    assert flat.price_for(_asked(0.95), 0.9) == 7_000


def test_the_score_of_perfect_and_of_useless_forecasts():
    assert score([0.1, 0.2, 0.8, 0.9] * 25, [False, False, True, True] * 25).auc == 1.0
    assert score([0.5] * 4, [False, True] * 2).brier == 0.25
    assert score([0.5, 0.6], [True, True]) is None


def _line(one: Task) -> str:
    return f"{one.number},{one.place.latitude},{one.place.longitude},{one.price_fen // 100},{int(bool(one.is_done))}"


def test_the_command_forecasts_each_row_and_closes_with_one_object(tmp_path):
    errands, members = made_up(tasks=200, members=50, seed=2)
    train = _file(tmp_path, "train.csv", TASKS, *map(_line, errands[:150]), _line(errands[150]))
    test = _file(tmp_path, "test.csv", TASKS, *map(_line, errands[150:]))
    people = _file(
        tmp_path, "m.csv", MEMBERS, "X,113.1,23.0,1,06:36:00,1",
        *(f"{one.number},{one.place.latitude},{one.place.longitude},{one.quota},06:30:00,{one.reputation}" for one in members),
    )  # fmt: skip
    out, said = StringIO(), StringIO()
    call_command(
        "evaluate_errands", "--train", str(train), "--test", str(test), "--members", str(people), "--json",
        stdout=out, stderr=said,
    )  # fmt: skip
    *rows, closing = [json.loads(text) for text in out.getvalue().splitlines()]
    assert [row["task_id"] for row in rows] == [one.number for one in errands[150:]]
    assert all(0 < row["probability"] < 1 for row in rows)
    assert {"auc", "brier", "calibration_slope", "seconds"} <= set(closing)
    assert closing["refused"] == 2
    assert "row 1, latitude" in said.getvalue()
    assert "also asked about" in said.getvalue()
    with pytest.raises(CommandError):
        call_command("evaluate_errands", "--train", str(test), "--test", str(test), "--members", str(people))


# --- places as people and programs write them -------------------------------------------------------------------------


@example(22.76430419964999, 113.42243155291776)
@given(st.floats(SOUTH, NORTH), st.floats(WEST, EAST))
def test_a_place_is_read_as_any_program_writes_its_numbers(latitude, longitude):
    asked = QueryDict(mutable=True)
    asked.update({"latitude": repr(latitude), "longitude": repr(longitude)})
    assert place_of(asked) == (latitude, longitude)


@pytest.mark.parametrize(
    "latitude", ["", "29,8", "north", "nan", "inf", "1e1", "٢٩.٨", "29.8 4", "0x1d", "2.9", "54.1", "29." + "8" * 18]
)
def test_what_is_no_place_in_china_is_refused(latitude):
    asked = QueryDict(mutable=True)
    asked.update({"latitude": latitude, "longitude": "114.3"})
    with pytest.raises(Invalid, match="经纬度") as refused:
        place_of(asked)
    assert refused.value.field == "latitude"
