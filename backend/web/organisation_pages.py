"""One's organisations: registering one, who may act for it, how far and until when."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts import operations, queries
from backend.accounts.doors import require_step_up, signed_in
from backend.accounts.models import SCOPES, Membership, Party, User
from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.rules import SHANGHAI
from backend.listings.facets import COUNTIES


def _me(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise NotFound
    return request.user


def _own(request: HttpRequest, organisation_id: UUID) -> Party:
    """An organisation of mine; another's does not exist."""
    found = queries.owned_organisation(_me(request), organisation_id, at=clock.now())
    if found is None:
        raise NotFound
    return found


@require_http_methods(["GET", "POST"])
@signed_in
def organisations(request: HttpRequest) -> HttpResponse:
    """The organisations I act for, and registering one."""
    me = _me(request)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = operations.found_organisation(
                founder=me,
                name=request.POST.get("name", ""),
                uscc=request.POST.get("uscc", ""),
                county=request.POST.get("county", ""),
                at=clock.now(),
            )
        except Refusal as caught:
            refusal = caught
        else:
            messages.success(request, _("组织已登记；认证后可以组织名义发起和收款"))
            return redirect("organisation", made.pk)
    context = {
        "nav": "my",
        "mine": queries.hats(me, at=clock.now()),
        "counties": COUNTIES,
        "refusal": refusal,
        "given": request.POST,
    }
    return render(request, "web/organisations.html", context, status=refusal.status if refusal else 200)


@require_GET
@signed_in
def organisation(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Who may act for my organisation."""
    context = {
        "nav": "my",
        "organisation": _own(request, organisation_id),
        "members": list(queries.members(organisation_id)[:200]),
        "scopes": sorted(SCOPES),
        "now": clock.now(),
    }
    return render(request, "web/organisation.html", context)


@require_POST
@signed_in
def authorise(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Let a person act for my organisation, after a fresh proof of identity."""
    _own(request, organisation_id)
    require_step_up(request)
    try:
        kind, value = operations.read_identifier(request.POST.get("identifier", ""))
        user = operations.find_user(kind, value)
        if user is None:
            raise Invalid(
                "没有找到该用户，请对方先登录一次", "Nobody found; ask them to sign in once first", field="identifier"
            )
        operations.authorise(
            organisation_id=organisation_id,
            by=_me(request),
            user=user,
            role=request.POST.get("role", Membership.CLERK),
            scopes=request.POST.getlist("scopes"),
            until=_end_of(request.POST.get("until", "")),
            at=clock.now(),
        )
        messages.success(request, _("已授权"))
    except Refusal as refusal:
        messages.error(request, refusal.text())
    return redirect("organisation", organisation_id)


def _end_of(text: str) -> datetime | None:
    """The end of a day in Shanghai; None where no end is given."""
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        raise Invalid("截止日期不正确", "The end date is not valid", field="until")
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=SHANGHAI)


@require_POST
@signed_in
def revoke(request: HttpRequest, organisation_id: UUID, membership_id: UUID) -> HttpResponse:
    """End an authorisation at once."""
    _own(request, organisation_id)
    require_step_up(request)
    if not queries.members(organisation_id).filter(pk=membership_id).exists():
        raise NotFound
    try:
        operations.revoke_authorisation(membership_id=membership_id, by=_me(request), at=clock.now())
        messages.success(request, _("授权已撤销，立即生效"))
    except Refusal as refusal:
        messages.error(request, refusal.text())
    if queries.owned_organisation(_me(request), organisation_id, at=clock.now()) is None:
        return redirect("organisations")  # I ended my own
    return redirect("organisation", organisation_id)
