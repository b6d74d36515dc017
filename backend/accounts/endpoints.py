"""The base of every API endpoint: who may, what it reads, and answers kept under a key.

An endpoint says in `may` who may do what; a route that says nothing fails at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar

from rest_framework import exceptions as drf
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from backend.accounts.doors import NOBODY
from backend.accounts.errors import ScopeMissing
from backend.common import idempotency
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, Refusal, Refusals, SignInNeeded

PUBLIC, SIGNED_IN = "public", "signed_in"


class MayPermission(BasePermission):
    """What an endpoint's `may` and `scope` say."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(view, Endpoint) or request.method is None:
            return False
        wanted = view.may.get(request.method)
        if wanted is None:
            raise drf.MethodNotAllowed(request.method)
        if wanted == PUBLIC:
            return True
        actor = view.actor
        if actor.person_id is None:
            raise SignInNeeded
        scope = view.scope.get(request.method, "read")
        if scope not in actor.scopes:
            raise ScopeMissing(scope=scope)
        if isinstance(wanted, Role) and wanted not in actor.roles:
            raise Forbidden
        return True


class PerActor(SimpleRateThrottle):
    """A bound on requests by person, or by address for those not signed in."""

    scope = "api"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        ident = request.auth.person_id if isinstance(request.auth, Actor) else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}


class Endpoint(APIView):
    """One resource of the API. `may` names who, by method; `scope` what a token must reach (default read)."""

    permission_classes = (MayPermission,)
    throttle_classes = (PerActor,)
    may: ClassVar[Mapping[str, str | Role]] = {}
    scope: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(cls, method) and method.upper() not in cls.may:
                raise TypeError(f"{cls.__name__}.{method} does not say who may")

    @property
    def actor(self) -> Actor:
        """Who acts."""
        found = self.request.auth
        return found if isinstance(found, Actor) else NOBODY

    def read(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """The body, checked for form; a field that is not known is refused, not ignored.

        Raises:
            Invalid, Refusals: what does not fit.
        """
        data = self.request.data
        if not isinstance(data, dict):
            raise Invalid("请求体须为 JSON 对象", "The body must be a JSON object")
        return _checked(serializer, data)

    def read_query(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """What is asked for behind the `?`, checked like a body.

        Raises:
            Invalid, Refusals: what does not fit.
        """
        return _checked(serializer, self.request.query_params.dict())


def _checked(serializer: type[Serializer[Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    form = serializer(data=data)
    unknown = sorted(set(data) - set(form.fields))
    if unknown:
        raise Refusals(
            [Invalid("不认识的字段", "This field is not known", field=str(name)[:64]) for name in unknown[:20]]
        )
    if not form.is_valid():
        raise Refusals(list(_form_refusals(form.errors)))
    return dict(form.validated_data)


def _form_refusals(errors: Mapping[str, Any]) -> list[Refusal]:
    found: list[Refusal] = []
    for name, problems in errors.items():
        text = str(problems[0]) if isinstance(problems, list) and problems else str(problems)
        found.append(Invalid(text, text, field=name))
    return found


Method = TypeVar("Method", bound=Callable[..., Response])


def idempotent(method: Method) -> Method:
    """Keep the answer under the client's `Idempotency-Key`; a repeat gets the same answer."""

    @wraps(method)
    def once(self: Endpoint, request: Request, *args: Any, **kwargs: Any) -> Response:
        def act() -> idempotency.Answer:
            response = method(self, request, *args, **kwargs)
            return idempotency.Answer(response.status_code, response.data)

        answer = idempotency.once(
            actor=str(self.actor.party_id),
            route=f"{request.method} {request.path}"[:200],
            key=request.headers.get("Idempotency-Key", ""),
            request=request.data,
            act=act,
        )
        return Response(answer.body, status=answer.status)

    return once  # type: ignore[return-value]  # wraps keeps the signature
