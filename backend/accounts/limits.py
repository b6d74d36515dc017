"""What an act asks of who does it: real-name level and restrictions (准入).

The question is asked here, at the bottom; the credit system adds its answers through `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from backend.accounts.errors import LevelTooLow
from backend.accounts.models import ORGANISATION_LEVELS, PERSON_LEVELS, Party
from backend.common import rules
from backend.common.errors import Refusal

Check = Callable[[Party, str, datetime], Refusal | None]

CHECKS: list[Check] = []
"""Further checks, filled by higher packages when their apps are ready."""


Obstacle = Callable[[Party], tuple[str, str] | None]

OBSTACLES: list[Obstacle] = []
"""What keeps an account from being closed, in Chinese and English; filled by higher packages."""


FAREWELLS: list[Callable[[Party], None]] = []
"""What else of a party is forgotten when its account is closed; filled by higher packages."""


def failures(party: Party, act: str, *, at: datetime) -> list[Refusal]:
    """Every reason why `party` may not do `act` now; empty when it may."""
    reasons = [_level(party, act, at)] + [check(party, act, at) for check in CHECKS]
    return [reason for reason in reasons if reason is not None]


def _level(party: Party, act: str, at: datetime) -> Refusal | None:
    scale = PERSON_LEVELS if party.kind == Party.PERSON else ORGANISATION_LEVELS
    needed = scale[min(rules.value(f"accounts.level.{act}.{party.kind}", at=at), len(scale) - 1)]
    if scale.index(party.level) < scale.index(needed):
        return LevelTooLow(needed=needed, held=party.level)
    return None
