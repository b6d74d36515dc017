"""Laws of money arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.common.errors import Invalid
from backend.common.fen import parse_yuan, part, split, wire_yuan
from crowdfunding.campaigns.verdicts import first_part, has_succeeded, shares_of_rest

amounts = st.integers(0, 10**12)


@given(total=amounts, weights=st.lists(st.integers(1, 10_000), min_size=1, max_size=50))
def test_a_split_gives_out_every_fen(total, weights):
    assert sum(split(total, weights)) == total


@given(fen=st.integers(0, 10**12))
def test_what_is_written_for_the_wire_reads_back(fen):
    assert parse_yuan(wire_yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e3", "NaN", "１２", "1.234", "1,000", " 1", "1.", ".5", "9" * 20])
def test_an_amount_that_is_not_plain_digits_is_refused(text):
    with pytest.raises(Invalid):
        parse_yuan(text)


@given(rest=amounts, totals=st.lists(st.integers(1, 10**9), min_size=1, max_size=40))
def test_shares_of_a_rest_never_exceed_it_nor_what_was_paid(rest, totals):
    shares = shares_of_rest(rest, totals)

    assert sum(shares) == min(rest, sum(totals))
    assert all(share <= paid for share, paid in zip(shares, totals, strict=True))


@given(raised=amounts)
def test_first_part_and_fee_never_exceed_what_was_raised(raised):
    fee = part(raised, 300)
    assert fee + first_part(raised, share_bp=7_000, fee_fen=fee) <= raised


@given(goal=st.integers(1, 10**12), cleared=amounts)
def test_all_or_nothing_succeeds_exactly_at_the_goal(goal, cleared):
    assert has_succeeded(rule="all_or_nothing", goal_fen=goal, cleared_fen=cleared) == (cleared >= goal)
    assert has_succeeded(rule="keep_it_all", goal_fen=goal, cleared_fen=cleared) == (cleared > 0)
