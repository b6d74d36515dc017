"""The baseline of the live bar's benchmark: a plain broadcast of the `websockets` package, run with a port.

It is a module of its own because it is a process of its own, with nothing of the platform in it.
"""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve


async def _serve(port: int) -> None:
    """Everybody who is connected hears when somebody knocks at `/go`."""
    listening: set[ServerConnection] = set()

    async def answer(connection: ServerConnection) -> None:
        if connection.request is not None and connection.request.path == "/go":
            broadcast(listening, '{"raised_fen": 1, "pledges": 1, "percent": 1, "state": "live"}')
            return
        listening.add(connection)
        await connection.send("{}")
        await connection.wait_closed()
        listening.discard(connection)

    async with serve(answer, "127.0.0.1", port, ping_interval=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
