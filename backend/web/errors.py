"""Error pages in the design of the site; each says what happened, what was kept, and the way on."""

from __future__ import annotations

import sys

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import urlencode

from backend.accounts.doors import as_refusal, problem_body
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal as a page, or as a problem for programs."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse(problem_body(refusal), status=refusal.status, content_type="application/problem+json")
    else:
        response = render(request, "web/error.html", {"refusal": refusal}, status=refusal.status)
    if refusal.status in (429, 503):
        response["Retry-After"] = "5"
    response["Cache-Control"] = "no-store"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return refused(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return refused(request, Forbidden())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return refused(request, Invalid("请求无法读取", "The request cannot be read"))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old."""
    refusal = Invalid("页面已过期，请返回刷新后重试", "This page has expired; go back, reload and try again")
    refusal.status, refusal.code = 403, "csrf"
    return refused(request, refusal)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where a neighbour is down: then nothing was changed, and trying again is right."""
    refusal = as_refusal(sys.exc_info()[1])
    if refusal is None:
        refusal = Refusal()
        refusal.status, refusal.code = 500, "fault"
        refusal.zh, refusal.en = "系统出现故障，已记录", "Something broke on our side; it was recorded"
    try:
        return refused(request, refusal)
    except Exception:  # noqa: BLE001 - the page itself needs the database; words alone do not
        response = HttpResponse(refusal.text("zh") + " / " + refusal.text("en"), status=refusal.status)
        response["Retry-After"] = "5"
        return response


def step_up(request: HttpRequest) -> HttpResponse:
    """Off to prove one's identity again, and back."""
    back = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/my/account/")
    path = "/" + back.split("/", 3)[-1] if "//" in back else back
    if get_reauthentication_flows(request.user):
        return HttpResponseRedirect(f"/accounts/reauthenticate/?{urlencode({'next': path})}")
    return HttpResponseRedirect(f"/sign-in/?{urlencode({'again': '1', 'next': path})}")
