"""The people of every seed, made once in the template."""

from __future__ import annotations

from datetime import timedelta

from backend.accounts import operations as accounts
from backend.accounts import queries
from backend.payments.operations import payouts
from backend.sim.world import DAWN

CROWD = {"maker": 2, "backer": 5, "moderator": 2, "officer": 3, "sponsor": 1, "client": 2, "worker": 4}
FIRM = "91421200MA00DEM00H"
"""The number of the firm that the sponsor acts for; made up, with a right check character."""


def make_crowd() -> None:
    """Makers with an account to be paid to, backers, moderators, finance officers, a sponsor with a firm; clients, workers."""
    at = DAWN - timedelta(days=30)
    numbers = iter(range(1_000))
    for kind, count in CROWD.items():
        for number in range(1, count + 1):
            name, phone = f"{kind} {number}", f"1360000{next(numbers):04d}"
            user = accounts.join(kind="phone", value=phone, at=at, name=name, level="L2")
            if kind == "sponsor":
                accounts.found_organisation(
                    founder=user, name=f"firm {number}", uscc=FIRM, county="421221", at=at, level="O2"
                )
            if kind == "maker":
                by = queries.actor(user, hat=None, at=at)
                payouts.set_account(party_id=user.party_id, login=phone, holder=name, by=by, at=at)
