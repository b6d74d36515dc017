"""Named crash points (崩溃点): places where a process may die, for tests that make it die there.

`point("refund.sent")` does nothing unless `SIZHONG_CRASH_AT` names it, and then kills the process
as `kill -9` would. Production settings refuse to start with the variable set. The simulator puts
its own `strike` in place, which ends one simulated process instead of the real one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

_armed = frozenset(name for name in os.environ.get("SIZHONG_CRASH_AT", "").split(",") if name)

POINTS: set[str] = set()
"""Every point this process has passed; the catalogue for whoever arms them."""


def _kill_if_armed(name: str) -> None:
    if name in _armed:
        os.kill(os.getpid(), signal.SIGKILL)


strike: Callable[[str], None] = _kill_if_armed


def point(name: str) -> None:
    """Pass a named point, or die at it when it is armed."""
    POINTS.add(name)
    strike(name)
