"""Changing one's number or mailbox: a fresh proof of identity, then a code sent to the new one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backend.accounts import contacts, operations
from backend.accounts.doors import require_step_up, signed_in
from backend.accounts.models import User
from backend.common import clock, rules
from backend.common.errors import Refusal
from backend.web.account_pages import address_of, keep, kept

NEW_CONTACT = "new_contact"


@require_http_methods(["GET", "POST"])
@signed_in
def contact(request: HttpRequest) -> HttpResponse:
    """Name the new number or mailbox, then give its code."""
    user = request.user
    if not isinstance(user, User):
        return redirect("sign-in")
    waiting = kept(request, NEW_CONTACT)
    refusal: Refusal | None = None
    if request.method == "POST":
        require_step_up(request)
        try:
            if waiting is not None and "code" in request.POST:
                return _take(request, user, waiting["identifier"])
            waiting = _send(request)
        except Refusal as caught:
            refusal = caught
    elif "again" in request.GET:
        request.session.pop(NEW_CONTACT, None)
        waiting = None
    context = {
        "nav": "my",
        "refusal": refusal,
        "waiting": waiting["identifier"] if waiting else "",
        "identifier": request.POST.get("identifier", ""),
        "hours": rules.value("accounts.contact_hold_hours", at=clock.now()),
    }
    return render(request, "web/contact.html", context, status=refusal.status if refusal else 200)


def _send(request: HttpRequest) -> dict[str, str]:
    identifier = request.POST.get("identifier", "").strip()[:200]
    operations.send_code(
        identifier=identifier,
        session_key=request.session.session_key or "",
        address=address_of(request),
        at=clock.now(),
        purpose=contacts.CHANGE,
    )
    keep(request, NEW_CONTACT, {"identifier": identifier})
    return {"identifier": identifier}


def _take(request: HttpRequest, user: User, identifier: str) -> HttpResponse:
    contacts.take_contact(
        user_id=user.pk,
        identifier=identifier,
        code=request.POST.get("code", "").strip()[:12],
        session_key=request.session.session_key or "",
        at=clock.now(),
    )
    del request.session[NEW_CONTACT]
    hours = rules.value("accounts.contact_hold_hours", at=clock.now())
    messages.success(request, _("已更换，%(hours)s 小时内不能收款") % {"hours": hours})
    return redirect("account")
