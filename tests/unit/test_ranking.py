"""From scores to places and fen: exact, fair, and the same whatever the order in which things come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.judging.models import EARLIER, SHARE
from backend.judging.prints import bands, picture_bits, picture_keys, picture_percent, signature, text_percent
from backend.judging.ranking import Criterion, Scored, divided, mean, places, rank, scaled, shares, total_of
from tests.contest_builders import drawing, resized, story

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
MARK = st.integers(0, 100)


def scored(number: int, totals, mains=None, minutes: int = 0) -> Scored:
    points = tuple(Fraction(total) for total in totals)
    return Scored(UUID(int=number), points, tuple(mains or (50,) * len(points)), NOON + timedelta(minutes=minutes))


def places_of(entries, rule=SHARE, trim_from=5) -> dict[int, int]:
    return {one.key.int: place for place, one in places(rank(entries, tie_rule=rule, trim_from=trim_from))}


def test_a_total_is_the_weighted_sum_and_exact():
    criteria = [Criterion("a", "A", 50), Criterion("b", "B", 30), Criterion("c", "C", 20)]
    assert total_of({"a": 81, "b": 77, "c": 93}, criteria) == Fraction(8_220, 100)


def test_from_five_judges_on_the_highest_and_the_lowest_do_not_count():
    four, five = [Fraction(n) for n in (0, 80, 80, 100)], [Fraction(n) for n in (0, 80, 80, 80, 100)]
    assert (mean(four, trim_from=5), mean(five, trim_from=5)) == (65, 80)


def test_ties_are_told_apart_in_the_published_order():
    by_main = [scored(1, (80, 80), (60, 60)), scored(2, (80, 80), (70, 60))]
    assert places_of(by_main) == {2: 1, 1: 2}
    by_median = [scored(1, (60, 90, 90)), scored(2, (80, 80, 80))]
    assert places_of(by_median) == {1: 1, 2: 2}
    equal = [scored(1, (80,), minutes=5), scored(2, (80,), minutes=1), scored(3, (70,))]
    assert places_of(equal) == {1: 1, 2: 1, 3: 3}
    assert places_of(equal, EARLIER) == {2: 1, 1: 2, 3: 3}


@given(
    st.lists(st.tuples(st.lists(MARK, min_size=3, max_size=3), MARK, st.integers(0, 3)), min_size=1, max_size=9),
    st.randoms(),
)
def test_the_order_of_the_papers_changes_nothing(rows, chance):
    entries = [scored(n, totals, (main,) * 3, minutes) for n, (totals, main, minutes) in enumerate(rows)]
    mixed = list(entries)
    chance.shuffle(mixed)
    for rule in (SHARE, EARLIER):
        found = places_of(entries, rule)
        assert found == places_of(mixed, rule)
        assert min(found.values()) == 1
        for one in entries:
            better = sum(place < found[one.key.int] for place in found.values())
            assert found[one.key.int] == better + 1


@given(st.lists(st.integers(1_000, 10**9), min_size=1, max_size=6), st.lists(MARK, min_size=1, max_size=12))
@settings(max_examples=200)
def test_no_fen_is_made_or_lost_and_a_better_place_gets_no_less(prizes, totals):
    prizes = sorted(prizes, reverse=True)
    entries = [scored(n, (total,), minutes=n) for n, total in enumerate(totals)]
    found = [(one.key, place, one.submitted_at) for place, one in places(rank(entries, tie_rule=SHARE, trim_from=5))]
    winners = [row for row in found if row[1] <= len(prizes)]
    paid = shares(prizes, winners)
    taken = max(place - 1 + sum(one[1] == place for one in winners) for place in {row[1] for row in winners})
    assert sum(paid.values()) == sum(prizes[:taken])
    for key, place, _at in winners:
        for other, worse, _when in winners:
            assert place >= worse or paid[key] >= paid[other]
            assert place != worse or abs(paid[key] - paid[other]) <= 1


@given(st.lists(st.integers(1_000, 10**9), min_size=1, max_size=20), st.integers(0, 10**11))
def test_cut_prizes_make_up_what_is_left_and_stay_in_order(prizes, pool):
    prizes = sorted(prizes, reverse=True)
    cut = scaled(prizes, pool)
    assert sum(cut) == min(pool, sum(prizes))
    assert all(0 <= one <= prize for one, prize in zip(cut, prizes, strict=True))
    assert cut == sorted(cut, reverse=True)


@given(st.integers(0, 10**12), st.integers(1, 500))
def test_equal_parts_differ_by_a_fen_at_most(pool, count):
    parts = divided(pool, [UUID(int=number) for number in range(count)])
    assert (sum(parts.values()), max(parts.values()) - min(parts.values()) <= 1) == (pool, True)


def test_a_text_is_found_by_a_band_and_told_by_its_share():
    one, other = story(1), story(2)
    nearly = one[:150] + "换了最后十个字的说法"
    assert set(bands(signature(one))) & set(bands(signature(nearly)))
    assert text_percent(signature(one), signature(nearly)) > 75
    assert text_percent(signature(one), signature(other)) < 20
    assert signature("太短") == [] == bands([])


def test_a_picture_is_found_in_another_size_and_no_other_is():
    one = picture_bits(drawing(1))
    again = picture_bits(resized(drawing(1)))
    assert picture_percent(one, again) >= 87
    assert set(picture_keys(one)) & set(picture_keys(again))
    assert all(picture_percent(one, picture_bits(drawing(seed))) < 80 for seed in range(2, 12))
