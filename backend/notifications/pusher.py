"""Pushes leave a process through one lasting event loop: a loop for each push would open a connection for each."""

from __future__ import annotations

import asyncio
import os
from threading import Lock, Thread
from typing import Any

from channels.layers import get_channel_layer

LONGEST_SECONDS = 2.0

_lock = Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def send(topic: str, body: dict[str, Any]) -> None:
    """Tell everyone who watches a topic, now, from whatever thread.

    Raises:
        Exception: the channel layer cannot be reached, or not within two seconds.
    """
    layer = get_channel_layer()
    if layer is not None:
        message = {"type": "figures", "body": body}
        asyncio.run_coroutine_threadsafe(layer.group_send(topic, message), _loop()).result(LONGEST_SECONDS)


def _loop() -> asyncio.AbstractEventLoop:
    """The loop of this process; one that a fork brought along has no thread any more."""
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = asyncio.new_event_loop()
            Thread(target=loop.run_forever, name="pusher", daemon=True).start()
            _loops.clear()
            _loops[os.getpid()] = loop
        return loop
