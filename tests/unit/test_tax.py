"""Tax on labour income: the law's worked figures, and what must hold for every sum."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.tax import brackets
from marketplace.tax.labour import Earlier, Method, method_for, withhold

DAY = date(2026, 11, 26)
SUMS = st.integers(1, 200_000_000)


@pytest.mark.parametrize(
    ("yuan", "tax"),
    [(800, 0), (3_000, 440), (4_000, 640), (5_000, 800), (30_000, 5_200), (100_000, 25_000), (25_000, 4_000)],
)
def test_the_worked_figures_by_the_payment(yuan, tax):
    assert withhold(Method.PER_PAYMENT, yuan * 100, day=DAY).tax_fen == tax * 100


def test_ten_thousand_in_the_first_month_bears_ninety_over_the_year():
    found = withhold(Method.CUMULATIVE, 1_000_000, day=DAY)
    assert (found.taxable_fen, found.percent, found.tax_fen, found.net_fen) == (300_000, 3, 9_000, 991_000)


def test_a_year_of_ten_thousand_a_month_bears_what_the_table_says_of_all_of_it():
    paid, withheld = 0, 0
    for month in range(1, 13):
        earlier = Earlier(paid_fen=paid, withheld_fen=withheld, months=month)
        withheld += withhold(Method.CUMULATIVE, 1_000_000, day=date(2026, month, 20), earlier=earlier).tax_fen
        paid += 1_000_000
    assert withheld == 36_000 * 100 * 3 // 100


def test_who_is_paid_says_how():
    def chosen(**more: object) -> Method:
        facts = {"is_person": True, "is_resident": True, "platform_pays": True, "day": DAY}
        return method_for(**(facts | more))  # type: ignore[arg-type]

    assert chosen() == Method.CUMULATIVE
    assert chosen(day=date(2025, 9, 30)) == chosen(platform_pays=False) == Method.PER_PAYMENT
    assert chosen(is_resident=False) == Method.NON_RESIDENT
    assert chosen(is_person=False) == Method.NONE
    assert withhold(Method.NONE, 12_345, day=DAY).net_fen == 12_345


def test_a_prize_bears_a_fifth_and_a_non_resident_by_their_own_table():
    assert withhold(Method.PRIZE, 100_000, day=DAY).tax_fen == 20_000
    assert withhold(Method.NON_RESIDENT, 1_000_000, day=DAY).tax_fen == 8_000 * 10 - 21_000


@given(st.sampled_from([Method.PER_PAYMENT, Method.CUMULATIVE, Method.NON_RESIDENT, Method.PRIZE]), SUMS, SUMS)
def test_more_is_never_less_and_the_tax_never_all(method, one, two):
    less, more = sorted((one, two))
    small, large = withhold(method, less, day=DAY), withhold(method, more, day=DAY)
    assert 0 <= small.tax_fen <= large.tax_fen
    assert small.net_fen <= large.net_fen
    assert large.tax_fen < more or more == 0


@given(st.sampled_from([Method.PER_PAYMENT, Method.CUMULATIVE]), st.lists(SUMS, min_size=1, max_size=12))
def test_parts_of_one_sum_bear_what_the_whole_bears(method, parts):
    paid, withheld = 0, 0
    for part in parts:
        found = withhold(method, part, day=DAY, earlier=Earlier(paid_fen=paid, withheld_fen=withheld))
        paid, withheld = paid + part, withheld + found.tax_fen
    assert withheld == withhold(method, paid, day=DAY).tax_fen


@given(SUMS, SUMS, st.integers(1, 12))
def test_nothing_is_given_back_and_nobody_pays_in(paid, before, months):
    earlier = Earlier(paid_fen=before, withheld_fen=before, months=months)
    found = withhold(Method.CUMULATIVE, paid, day=DAY, earlier=earlier)
    assert 0 <= found.tax_fen <= paid


@pytest.mark.parametrize("name", [Method.PER_PAYMENT, Method.CUMULATIVE, Method.NON_RESIDENT, Method.PRIZE])
def test_brackets_meet_where_one_ends(name):
    found = brackets.table(name, DAY)
    for lower, upper in zip(found.brackets, found.brackets[1:], strict=False):
        edge = upper.over_fen
        assert edge * lower.percent // 100 - lower.quick_fen == edge * upper.percent // 100 - upper.quick_fen


def test_a_day_before_the_law_and_a_sum_of_nothing_are_refused():
    with pytest.raises(LookupError):
        withhold(Method.PER_PAYMENT, 100, day=date(2018, 12, 31))
    for paid, earlier in ((0, None), (-1, None), (1, Earlier(paid_fen=-1)), (1, Earlier(months=0))):
        with pytest.raises(ValueError, match="above nothing"):
            withhold(Method.CUMULATIVE, paid, day=DAY, earlier=earlier)
