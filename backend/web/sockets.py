"""Sockets: public figures as they change, and how much is unread; everything else is fetched by the page.

Topics are named here and never by the client: a path names a campaign, and only a public one opens; an
inbox is the one of the session that asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.urls import path

from backend.accounts.doors import actor_of
from backend.notifications import queries as notifications
from backend.notifications.operations import INBOXES
from backend.web.hub import Body, hub
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State

AT_MOST_EVERY = 0.25
"""Seconds between two pushes to one watcher; what comes in between is merged into the next."""


class Watcher(AsyncWebsocketConsumer):
    """One who watches a topic and says nothing."""

    channel_layer_alias = "none"  # the hub listens for everybody in this process
    topic = ""
    is_open = False
    has_news = False
    sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Listen first and read then, so that nothing falls between the two."""
        self.topic = self.watches()
        await hub.join(self.topic, self)
        text = await self.first()
        if text is None:
            await self.close(code=4404)
            return
        await self.accept()
        await self.send(text_data=text)
        self.is_open = True
        self._send_soon()

    async def disconnect(self, code: int) -> None:
        self.is_open = False
        await hub.leave(self.topic, self)
        if self.sender is not None:
            self.sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.sender

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Watchers only watch: whoever talks is hung up on."""
        await self.close(code=4400)

    def hear(self, body: Body, text: str) -> None:
        """Note what changed; it is sent soon."""
        self.has_news = True
        self._send_soon()

    def _send_soon(self) -> None:
        if self.is_open and self.has_news and (self.sender is None or self.sender.done()):
            self.sender = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self.has_news:
            self.has_news = False
            text = await self.next()
            if text is None:
                await self.close(code=4401)
                return
            await self.send(text_data=text)
            await asyncio.sleep(AT_MOST_EVERY)

    def watches(self) -> str:
        """The topic."""
        raise NotImplementedError

    async def first(self) -> str | None:
        """What is sent at once; None: nothing here for this watcher."""
        raise NotImplementedError

    async def next(self) -> str | None:
        """What is sent when something changed; None: no longer for this watcher."""
        raise NotImplementedError


class CampaignFigures(Watcher):
    """The bar of one campaign: `ws/campaigns/<id>/`."""

    latest = ""

    def watches(self) -> str:
        return f"campaign.{self.scope['url_route']['kwargs']['campaign_id']}"

    async def first(self) -> str | None:
        figures = await database_sync_to_async(_figures)(self.scope["url_route"]["kwargs"]["campaign_id"])
        return None if figures is None else json.dumps(figures)

    async def next(self) -> str:
        return self.latest

    def hear(self, body: Body, text: str) -> None:
        self.latest = text
        super().hear(body, text)


class Unread(Watcher):
    """How many messages wait in the inbox of whoever is signed in, under the hat they wear: `ws/inbox/`.

    The session is read anew at every change: when it has ended, so does the socket.
    """

    party_id: UUID | None = None

    def watches(self) -> str:
        return INBOXES

    async def first(self) -> str | None:
        found = await database_sync_to_async(_unread)(_session_key(self.scope))
        if found is None:
            return None
        self.party_id, count = found
        return json.dumps({"unread": count})

    next = first

    def hear(self, body: Body, text: str) -> None:
        if str(self.party_id) in body["parties"]:
            super().hear(body, text)


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


def _session_key(scope: dict[str, Any]) -> str:
    sent = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    with contextlib.suppress(CookieError):
        cookie = SimpleCookie(sent.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
        return cookie.value if cookie is not None else ""
    return ""


def _unread(session_key: str) -> tuple[UUID, int] | None:
    """The party whose inbox a session may read, and how much of it is unread."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    request.user = get_user(request)
    party_id = actor_of(request).party_id if request.user.is_authenticated else None
    return (party_id, notifications.unread(party_id)) if party_id is not None else None


ROUTES = [
    path("ws/campaigns/<uuid:campaign_id>/", CampaignFigures.as_asgi()),
    path("ws/inbox/", Unread.as_asgi()),
]
