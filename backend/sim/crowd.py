"""The people of every seed, made once in the template."""

from __future__ import annotations

from datetime import timedelta

from backend.accounts import operations as accounts
from backend.accounts import queries
from backend.payments.operations import payouts
from backend.sim.world import DAWN

CROWD = {"maker": 2, "backer": 5, "moderator": 2, "officer": 3}


def make_crowd() -> None:
    """Makers with an account to be paid to, backers, moderators, finance officers."""
    at = DAWN - timedelta(days=30)
    numbers = iter(range(1_000))
    for kind, count in CROWD.items():
        for number in range(1, count + 1):
            name, phone = f"{kind} {number}", f"1360000{next(numbers):04d}"
            user = accounts.join(kind="phone", value=phone, at=at, name=name, level="L2")
            if kind == "maker":
                by = queries.actor(user, hat=None, at=at)
                payouts.set_account(party_id=user.party_id, login=phone, holder=name, by=by, at=at)
