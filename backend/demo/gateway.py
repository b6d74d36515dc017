"""A payer's browser at the local gateway, for demo world and journey: real signed addresses, real HTTP."""

from __future__ import annotations

from datetime import datetime

import httpx
from django.conf import settings


class Browser:
    """One browser that pays; and the gateway's controls, which only the sandbox has."""

    def __init__(self) -> None:
        self.origin = "/".join(str(settings.ALIPAY["gateway"]).split("/")[:3])
        self.http = httpx.Client(timeout=20, follow_redirects=False, trust_env=False)

    def arrive(self, url: str) -> str:
        """Follow a signed order to the cashier; the address of its page.

        Raises:
            RuntimeError: the gateway refused the order.
        """
        reply = self.http.get(url)
        if reply.status_code != 302:
            raise RuntimeError(f"the cashier refused: {reply.status_code}")
        return f"{self.origin}{reply.headers['location']}"

    def choose(self, page: str, choice: str = "pay") -> httpx.Response:
        """Press a button of the cashier page."""
        return self.http.post(f"{page}pay", data={"choice": choice})

    def control(self, **wish: object) -> dict[str, object]:
        """Move the gateway's clock or arm a fault."""
        reply: dict[str, object] = self.http.post(f"{self.origin}/sandbox/control", json=wish).json()
        return reply

    def set_clock(self, at: datetime) -> None:
        """Let the gateway live at another time."""
        self.control(clock=at.isoformat())
