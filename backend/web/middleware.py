"""What every request of the site passes: language, idle staff sessions, refusals as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from backend.accounts.doors import as_refusal, has_second_factor, to_sign_in
from backend.accounts.errors import StepUpNeeded
from backend.common.errors import Invalid, SignInNeeded
from backend.web import errors

GetResponse = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "language"


class Language:
    """Chinese unless the reader chose English."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = "en" if request.COOKIES.get(LANGUAGE_COOKIE) == "en" else settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", "en" if chosen == "en" else "zh-CN")
        return response


class NoNul:
    """No NUL in a page's address or form: PostgreSQL keeps none, and no person types one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False):
            return None  # the API and the provider's notices judge their own bodies
        given = [value for values in (request.GET, request.POST) for _, row in values.lists() for value in row]
        if any("\x00" in value for value in given):
            return errors.refused(request, Invalid("内容含有无效字符", "It contains a character that is not valid"))
        return None


class StaffIdle:
    """A staff session ends after half an hour without a request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and getattr(request.user, "is_staff", False):
            request.session.set_expiry(settings.STAFF_IDLE_SECONDS)
        return self.get_response(request)


class BackOffice:
    """The operators' admin only for staff who passed their second factor in this session."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/back-office/") and not (
            getattr(request.user, "is_staff", False) and has_second_factor(request)
        ):
            return to_sign_in(request)
        return self.get_response(request)


class RefusalPages:
    """A refusal that no page answered itself becomes an error page, or a problem for the API's clients."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = as_refusal(error)
        if refusal is None:
            return None
        if isinstance(refusal, SignInNeeded):
            return to_sign_in(request)
        if isinstance(refusal, StepUpNeeded):
            return errors.step_up(request)
        return errors.refused(request, refusal)
