"""Sockets: public figures as they change, coalesced; everything private is fetched by the page.

Topics are named here and never by the client: a path names a campaign, and only a public one opens.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.urls import path

from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State

AT_MOST_EVERY = 0.25
"""Seconds between two pushes to one watcher; what comes in between is merged into the next."""


class CampaignFigures(AsyncJsonWebsocketConsumer):
    """The bar of one campaign: `ws/campaigns/<id>/`."""

    latest: dict[str, Any] | None = None
    sender: asyncio.Task[None] | None = None
    topic = ""

    async def connect(self) -> None:
        campaign_id: UUID = self.scope["url_route"]["kwargs"]["campaign_id"]
        figures = await database_sync_to_async(_figures)(campaign_id)
        if figures is None:
            await self.close(code=4404)
            return
        self.topic = f"campaign.{campaign_id}"
        await self.channel_layer.group_add(self.topic, self.channel_name)
        await self.accept()
        await self.send_json(figures)

    async def disconnect(self, code: int) -> None:
        if self.topic:
            await self.channel_layer.group_discard(self.topic, self.channel_name)
        if self.sender is not None:
            self.sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.sender

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Watchers only watch: whoever talks is hung up on."""
        await self.close(code=4400)

    async def figures(self, message: dict[str, Any]) -> None:
        """Merge what changed and send it soon."""
        self.latest = message["body"]
        if self.sender is None or self.sender.done():
            self.sender = asyncio.create_task(self._send_soon())

    async def _send_soon(self) -> None:
        while self.latest is not None:
            body, self.latest = self.latest, None
            await self.send_json(body)
            await asyncio.sleep(AT_MOST_EVERY)


def _figures(campaign_id: UUID) -> dict[str, Any] | None:
    campaign = Campaign.objects.filter(pk=campaign_id, state__in=State.PUBLIC).first()
    if campaign is None:
        return None
    return {
        "raised_fen": campaign.raised_fen,
        "pledges": campaign.pledges_n,
        "percent": campaign.percent,
        "state": campaign.state,
    }


ROUTES = [path("ws/campaigns/<uuid:campaign_id>/", CampaignFigures.as_asgi())]
