"""What every door shares: who acts, what the door asks of them, and how a refusal is answered.

Pages use `signed_in` and `staff`; the API's own base is in `endpoints`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import urlencode
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import queries
from backend.accounts.errors import NotAuthorised, SecondFactorNeeded, StepUpNeeded
from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor, Role
from backend.common.errors import Busy, Forbidden, Invalid, NotFound, Refusal, SignInNeeded

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it reads its settings, which name this module

log = logging.getLogger(__name__)

NOBODY = Actor(None, None)
HAT = "hat"


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in a browser's request; read once and kept on the request."""
    known: Actor | None = getattr(request, "_actor", None)
    if known is None:
        known = _session_actor(request)
        request._actor = known  # type: ignore[attr-defined]  # one place keeps it, this one reads it
    return known


def _session_actor(request: HttpRequest) -> Actor:
    user = request.user
    if not isinstance(user, User):
        return NOBODY
    hat = request.session.get(HAT)
    try:
        found = queries.actor(user, hat=UUID(hat) if hat else None, at=clock.now())
    except NotAuthorised:
        del request.session[HAT]  # the authorisation ended; the person goes on under their own hat
        found = queries.actor(user, hat=None, at=clock.now())
    if found.roles and not has_second_factor(request):
        return Actor(found.person_id, found.party_id, frozenset(), found.scopes, found.name)
    return found


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session passed a second factor, or came by passkey."""
    records = get_authentication_records(request, request.user if isinstance(request.user, User) else None)
    return any(record.get("method") == "mfa" for record in records)


def require_step_up(request: HttpRequest) -> None:
    """Go on with a proof of identity from the last five minutes.

    Raises:
        StepUpNeeded: there is none.
    """
    records = get_authentication_records(request, request.user if isinstance(request.user, User) else None)
    if not any(time.time() - float(record["at"]) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records):
        raise StepUpNeeded


Page = TypeVar("Page", bound=Callable[..., HttpResponse])


def signed_in(page: Page) -> Page:
    """A page for people who are signed in; others are sent to sign in and come back."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        response = page(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded  # type: ignore[return-value]  # wraps keeps the signature


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Off to sign in, and back to this page after."""
    back = request.get_full_path() if request.method == "GET" else "/my/"
    return HttpResponseRedirect(f"{resolve_url('sign-in')}?{urlencode({'next': back})}")


def take(request: HttpRequest, do: Callable[[Actor, datetime], object], done: str, back: HttpResponse) -> HttpResponse:
    """Do something for whoever asks, say on the next page that it is done or why not, and go back.

    Raises:
        NotFound: what it is about is not there for this person.
    """
    try:
        do(actor_of(request), clock.now())
        messages.success(request, done)
    except NotFound:
        raise
    except Refusal as refusal:
        for reason in refusal.reasons[:20]:
            messages.error(request, reason.text())
    return back


def chosen_key(text: str) -> UUID | None:
    """The id of what a form's choice names; None where nothing was chosen.

    Raises:
        NotFound: it is no id.
    """
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def uploaded(request: HttpRequest, *, most: int) -> tuple[str, bytes]:
    """The file of a form: its name, and its content up to one byte more than `most`, which tells that it is too large.

    Raises:
        Invalid: none was chosen.
    """
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("请选择文件", "Choose a file", field="file")
    return file.name or "", file.read(most + 1)


def staff(*roles: Role) -> Callable[[Page], Page]:
    """A page for staff with one of the roles and a second factor."""

    def wrap(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not actor_of(request).roles & set(roles):
                if isinstance(request.user, User) and request.user.is_staff and not has_second_factor(request):
                    raise SecondFactorNeeded
                raise NotFound
            response = page(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded  # type: ignore[return-value]  # wraps keeps the signature

    return wrap


# --- API -------------------------------------------------------------------------------------------


class TokenOrSession(BaseAuthentication):
    """A bearer token, or the browser's session with its CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        header = request.headers.get("Authorization", "")
        if header:
            scheme, _, text = header.partition(" ")
            if scheme.lower() != "bearer" or not text or len(text) > 200:
                raise SignInNeeded
            return queries.token_actor(text.strip(), at=clock.now())
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        SessionAuthentication().enforce_csrf(request)
        return user, actor_of(request._request)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class DenyAll(BasePermission):
    """The default: a view that names nobody lets nobody in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


def problem_body(refusal: Refusal) -> dict[str, Any]:
    """A refusal as `application/problem+json` carries it: all failed rules, in both languages."""
    return {
        "type": f"/docs/errors#{refusal.code}",
        "title": refusal.text("zh"),
        "status": refusal.status,
        "code": refusal.code,
        "zh": refusal.text("zh"),
        "en": refusal.text("en"),
        "errors": [
            {
                "code": reason.code,
                "field": reason.field,
                "zh": reason.text("zh"),
                "en": reason.text("en"),
                "next_zh": reason.remedy("zh"),
                "next_en": reason.remedy("en"),
                "source": reason.source,
                "overridable": reason.overridable,
            }
            for reason in refusal.reasons
        ],
    }


def problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: everything known becomes a problem, everything else a fault."""
    refusal = as_refusal(error)
    if refusal is None:
        return None
    response = Response(problem_body(refusal), status=refusal.status, content_type="application/problem+json")
    if refusal.status in (429, 503) or refusal.code == "still_running":
        response["Retry-After"] = "2"
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    response["Cache-Control"] = "no-store"
    return response


def as_refusal(error: BaseException | None) -> Refusal | None:
    """The refusal that an error stands for; None for a fault."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, (OperationalError, InterfaceError, RedisError)) or _is_passing(error):
        log.warning("neighbour.unavailable", extra={"fault": str(error)[:200]})
        return Busy()
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return Forbidden()
    if isinstance(error, RequestDataTooBig):
        return api_refusal(413, "too_large", "请求体过大", "The body is too large")
    if isinstance(error, drf.APIException):
        return _drf_refusal(error)
    return None


def _is_passing(error: BaseException | None) -> bool:
    """A database error that time mends: connection, shutdown, resources, rollback of a racing transaction."""
    state = getattr(error.__cause__, "sqlstate", None) if isinstance(error, DatabaseError) else None
    return (state or "")[:2] in ("08", "25", "40", "53", "57", "58")


def _drf_refusal(error: drf.APIException) -> Refusal:
    words = {
        400: ("请求无法读取", "The request cannot be read"),
        401: ("请先登录", "Please sign in first"),
        403: ("您没有进行此操作的权限", "You may not do this"),
        404: ("没有找到", "Not found"),
        405: ("不支持这种请求方法", "This method is not supported"),
        406: ("只提供 JSON", "Only JSON is served"),
        415: ("请以 JSON 发送", "Send JSON"),
        429: ("请求过于频繁，请稍后再试", "Too many requests; try again shortly"),
    }
    zh, en = words.get(error.status_code, ("请求未能完成", "The request failed"))
    return api_refusal(error.status_code, str(error.default_code), zh, en)


def api_refusal(status: int, code: str, zh: str, en: str) -> Refusal:
    refusal = Invalid(zh, en)
    refusal.status, refusal.code = status, code
    return refusal
