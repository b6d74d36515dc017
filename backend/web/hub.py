"""One subscription a topic and process, however many watch: a channel of the layer for each of thousands costs more than the sending."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.layers import get_channel_layer
from django.core.exceptions import ImproperlyConfigured

Body = dict[str, Any]


class Listener(Protocol):
    """Whoever is told."""

    def hear(self, body: Body, text: str) -> None:
        """Take what was pushed, and the same as JSON; must not wait."""


@dataclass
class _Topic:
    name: str
    listeners: set[Listener] = field(default_factory=set)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            raise ImproperlyConfigured("CHANNEL_LAYERS names no default")
        channel = await layer.new_channel()
        await layer.group_add(self.name, channel)
        self.ready.set()
        try:
            while True:
                body = (await layer.receive(channel))["body"]
                text = json.dumps(body)
                for listener in tuple(self.listeners):
                    listener.hear(body, text)
        finally:
            await layer.group_discard(self.name, channel)


class Hub:
    """Who listens to what in this process, loop by loop."""

    def __init__(self) -> None:
        self._topics: dict[tuple[asyncio.AbstractEventLoop, str], _Topic] = {}

    async def join(self, name: str, listener: Listener) -> None:
        """Hear a topic from now on.

        Raises:
            Exception: the channel layer cannot be reached.
        """
        key = (asyncio.get_running_loop(), name)
        topic = self._topics.get(key)
        if topic is None or topic.task is None or topic.task.done():
            topic = self._topics[key] = _Topic(name, topic.listeners if topic else set())
            topic.task = asyncio.create_task(topic.listen())
        topic.listeners.add(listener)
        ready = asyncio.create_task(topic.ready.wait())
        await asyncio.wait({ready, topic.task}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if topic.task.done():
            topic.listeners.discard(listener)
            topic.task.result()

    async def leave(self, name: str, listener: Listener) -> None:
        """Hear it no longer; the last one ends the subscription."""
        key = (asyncio.get_running_loop(), name)
        topic = self._topics.get(key)
        if topic is None:
            return
        topic.listeners.discard(listener)
        if topic.listeners or topic.task is None:
            return
        del self._topics[key]
        topic.task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await topic.task


hub = Hub()
