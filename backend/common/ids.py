"""Random ids that sort by time (UUID version 7, RFC 9562), so that indexes grow at one end."""

import os
import time
from uuid import UUID

entropy = os.urandom
nanoseconds = time.time_ns
"""Where ids come from; the simulator puts a seed in their place, so that a run replays exactly."""


def new_id() -> UUID:
    """A UUIDv7: 48 bits of milliseconds, then 74 random bits. Never the protection of what it names."""
    milliseconds = nanoseconds() // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(entropy(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)
