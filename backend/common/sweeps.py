"""Taking up what time brought, row by row (清扫): what cannot be done now waits, and stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from backend.common.errors import Refusal

log = logging.getLogger(__name__)


def each(what: str, keys: Iterable[UUID], act: Callable[[UUID], object]) -> int:
    """Do the same for every row, each in a transaction of its own; return how many could be done."""
    done = 0
    for key in keys:
        try:
            act(key)
        except Refusal as refusal:
            log.info(f"{what}.waits", extra={"subject": str(key), "code": refusal.code})
        except Exception:
            log.exception(f"{what}.step_failed", extra={"subject": str(key)})
        else:
            done += 1
    return done
