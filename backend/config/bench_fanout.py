"""Benchmark of the live bar: two thousand watchers of one campaign, and when the last of them hears."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from backend.notifications import operations as notifications

WATCHERS, ROUNDS, AT_ONCE = 2_000, 5, 50
PATIENCE = 60.0
"""Seconds to wait for a server to start, and for the last watcher to hear."""


def last_hears(campaign_id: UUID, database_url: str) -> tuple[float, float]:
    """Milliseconds until the last watcher has heard, the worst of all rounds: through the platform, and plainly."""
    path = f"/ws/campaigns/{campaign_id}/"
    words = ["-m", "uvicorn", "backend.config.asgi:application", "--host", "127.0.0.1", "--log-level", "warning"]
    with _server(
        [*words, "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--port"],
        {"SIZHONG_DATABASE_URL": database_url},
    ) as port:

        def push() -> None:
            notifications.push(
                f"campaign.{campaign_id}", {"raised_fen": 1, "pledges": 1, "percent": 1, "state": "live"}
            )

        ours = asyncio.run(_rounds(f"ws://127.0.0.1:{port}{path}", lambda: asyncio.to_thread(push)))
    with _server(["-m", "backend.config.plain_broadcast"], {}) as port:

        async def go() -> None:
            async with connect(f"ws://127.0.0.1:{port}/go"):
                pass

        plain = asyncio.run(_rounds(f"ws://127.0.0.1:{port}/", go))
    return ours, plain


@contextlib.contextmanager
def _server(words: list[str], more: dict[str, str]) -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    process = subprocess.Popen([sys.executable, *words, str(port)], env=os.environ | more)
    try:
        _await_listening(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as knock:
            knock.settimeout(0.2)
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server of the benchmark did not start")


async def _rounds(url: str, push: Callable[[], Awaitable[None]]) -> float:
    """Milliseconds of the slowest round."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def watch() -> ClientConnection:
        async with gate:
            opened = await connect(url, origin=Origin("http://localhost"), open_timeout=PATIENCE, ping_interval=None)
            await opened.recv()  # the figures as they stand
            return opened

    watchers = await asyncio.gather(*(watch() for _ in range(WATCHERS)))
    worst = 0.0
    for _ in range(ROUNDS):
        await asyncio.sleep(1)  # pushes closer than this are merged
        heard = [asyncio.create_task(one.recv()) for one in watchers]
        await asyncio.sleep(0)
        started = time.perf_counter()
        await push()
        await asyncio.wait_for(asyncio.gather(*heard), PATIENCE)
        worst = max(worst, time.perf_counter() - started)
    await asyncio.gather(*(one.close() for one in watchers))
    return worst * 1_000
