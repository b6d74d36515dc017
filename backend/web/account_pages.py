"""Sign-in, one's own account, hats, tokens, inbox."""

from __future__ import annotations

import json
from uuid import UUID

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backend.accounts import operations, queries
from backend.accounts.doors import HAT, actor_of, has_second_factor, require_step_up, signed_in
from backend.accounts.models import SCOPES, User
from backend.common import clock, encryption, paging
from backend.common.errors import Invalid, Refusal
from backend.notifications import operations as notify
from backend.notifications import queries as notifications
from backend.payments import queries as payments
from backend.payments.operations import payouts
from crowdfunding.campaigns import queries as campaigns

WAITING, PROOF, NEW_TOKEN = "code_for", "proof_for", "new_token"


def _next(request: HttpRequest) -> str:
    back = request.POST.get("next") or request.GET.get("next") or "/my/"
    return back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/my/"


def address_of(request: HttpRequest) -> str:
    """The client's address, from as many proxies as are configured and no more."""
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            return hops[-settings.ALLAUTH_TRUSTED_PROXY_COUNT]
    return str(request.META.get("REMOTE_ADDR", ""))


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a number or mailbox and send a code; joining and signing in are one."""
    if request.user.is_authenticated and "again" not in request.GET:
        return redirect(_next(request))
    refusal: Refusal | None = None
    identifier = request.POST.get("identifier", "").strip()[:200]
    if request.method == "POST":
        if not request.session.session_key:
            request.session.create()
        try:
            operations.send_code(
                identifier=identifier,
                session_key=request.session.session_key or "",
                address=address_of(request),
                at=clock.now(),
            )
        except Refusal as caught:
            refusal = caught
        else:
            keep(request, WAITING, {"identifier": identifier, "next": _next(request)})
            return redirect("sign-in-code")
    status = refusal.status if refusal else 200
    context = {"refusal": refusal, "identifier": identifier, "next": _next(request)}
    return render(request, "web/sign_in.html", context, status=status)


@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Take the code; django-allauth finishes the sign-in, with the second factor where there is one."""
    waiting = kept(request, WAITING)
    if waiting is None:
        return redirect("sign-in")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            user = operations.redeem_code(
                identifier=waiting["identifier"],
                code=request.POST.get("code", "").strip()[:12],
                session_key=request.session.session_key or "",
                at=clock.now(),
            )
        except Refusal as caught:
            refusal = caught
        else:
            del request.session[WAITING]
            return _after_code(request, user, waiting)
    context = {"refusal": refusal, "identifier": waiting["identifier"]}
    return render(request, "web/sign_in_code.html", context, status=refusal.status if refusal else 200)


def _after_code(request: HttpRequest, user: User, waiting: dict[str, str]) -> HttpResponse:
    """Finish the sign-in, or ask for the second proof where a code alone is too little."""
    guarded = operations.needs_second_proof(
        user=user, identifier=waiting["identifier"], device=_device(request), at=clock.now()
    )
    if guarded and not is_mfa_enabled(user):  # with a second factor django-allauth asks for that
        try:
            operations.open_proof(
                user=user,
                session_key=request.session.session_key or "",
                address=address_of(request),
                at=clock.now(),
            )
        except Refusal as refusal:
            messages.error(request, refusal.text())
            return redirect("sign-in")
        keep(request, PROOF, {**waiting, "user": str(user.pk)})
        return redirect("sign-in-proof")
    return _enter(request, user, waiting)


def _device(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.SIZHONG_DEVICE_COOKIE, "")[:100]


def _enter(request: HttpRequest, user: User, waiting: dict[str, str]) -> HttpResponse:
    record_authentication(request, user, method="code")
    back = waiting["next"]
    back = back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/my/"
    signed: HttpResponse = perform_login(request, Login(user=user, redirect_url=back))
    if request.user.is_authenticated:
        text = operations.remember_device(
            user=user, identifier=waiting["identifier"], device=_device(request), at=clock.now()
        )
        signed.set_cookie(
            settings.SIZHONG_DEVICE_COOKIE,
            text,
            max_age=400 * 24 * 3600,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return signed


@require_http_methods(["GET", "POST"])
def sign_in_proof(request: HttpRequest) -> HttpResponse:
    """The second proof: a code alone does not open an account with a name or money on a new device."""
    waiting = kept(request, PROOF)
    user = User.objects.filter(pk=waiting["user"], is_active=True).first() if waiting else None
    if waiting is None or user is None:
        return redirect("sign-in")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            user = operations.give_proof(
                user_id=user.pk,
                text=request.POST.get("proof", "")[:200],
                session_key=request.session.session_key or "",
                at=clock.now(),
            )
        except Refusal as caught:
            refusal = caught
        else:
            del request.session[PROOF]
            return _enter(request, user, waiting)
    context = {"refusal": refusal, "by_password": user.has_usable_password()}
    return render(request, "web/sign_in_proof.html", context, status=refusal.status if refusal else 200)


def keep(request: HttpRequest, name: str, values: dict[str, str]) -> None:
    """Keep something personal in the session for the next step, sealed."""
    request.session[name] = encryption.encrypt(json.dumps(values), place=f"session.{name}")


def kept(request: HttpRequest, name: str) -> dict[str, str] | None:
    """What the step before kept; None where there is nothing, or it was sealed for something else."""
    sealed = request.session.get(name)
    if not isinstance(sealed, str):
        return None
    try:
        values: dict[str, str] = json.loads(encryption.decrypt(sealed, place=f"session.{name}"))
    except ValueError:
        return None
    return values


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("home")


@require_GET
@signed_in
def my(request: HttpRequest) -> HttpResponse:
    """What needs me first, then what is mine."""
    actor = actor_of(request)
    if actor.party_id is None:
        return redirect("sign-in")
    return render(
        request,
        "web/my.html",
        {
            "nav": "my",
            "now": clock.now(),
            "pledges": list(campaigns.pledges_of(actor.party_id).order_by("-created_at", "-pk")[:5]),
            "campaigns": list(campaigns.owned_by(actor.party_id).order_by("-created_at", "-pk")[:5]),
            "messages_new": list(notifications.inbox(actor.party_id).filter(read_at=None).order_by("-at", "-pk")[:5]),
            "actor_is_person": actor.party_id == actor.person_id,
        },
    )


@require_GET
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """Levels, hats, second factor, sessions, tokens, payout account."""
    user = request.user
    if not isinstance(user, User):
        return redirect("sign-in")
    actor = actor_of(request)
    token = kept(request, NEW_TOKEN)
    request.session.pop(NEW_TOKEN, None)
    return render(
        request,
        "web/account.html",
        {
            "nav": "my",
            "hats": queries.hats(user, at=clock.now()),
            "tokens": list(queries.tokens(user)[:20]),
            "scopes": sorted(SCOPES),
            "new_token": token["text"] if token else "",
            "second_factor": has_second_factor(request),
            "payout": payments.payout_account(actor.party_id) if actor.party_id else None,
            "now": clock.now(),
        },
    )


@require_POST
@signed_in
def change_hat(request: HttpRequest) -> HttpResponse:
    """Act for an organisation, or for oneself again; the authorisation is checked at every request."""
    wanted = request.POST.get("party", "")
    user = request.user
    if not isinstance(user, User):
        return redirect("sign-in")
    if not wanted or wanted == str(user.party_id):
        request.session.pop(HAT, None)
    else:
        queries.actor(user, hat=_uuid(wanted), at=clock.now())
        request.session[HAT] = wanted
    return redirect("account")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("编号无效", "The id is not valid") from error


@require_POST
@signed_in
def make_token(request: HttpRequest) -> HttpResponse:
    """A new API token, shown once, after a fresh proof of identity."""
    require_step_up(request)
    user, actor = request.user, actor_of(request)
    if not isinstance(user, User) or actor.party_id is None:
        return redirect("sign-in")
    _, text = operations.make_token(
        user=user,
        party_id=actor.party_id,
        name=request.POST.get("name", ""),
        scopes=set(request.POST.getlist("scopes")) & actor.scopes,
        at=clock.now(),
    )
    keep(request, NEW_TOKEN, {"text": text})
    return redirect("account")


@require_POST
@signed_in
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End one's own token."""
    if isinstance(request.user, User):
        operations.revoke_token(token_id=token_id, user=request.user, at=clock.now())
    return redirect("account")


@require_POST
@signed_in
def payout_account(request: HttpRequest) -> HttpResponse:
    """Name the account one is paid to, after a fresh proof of identity; usable after a day."""
    require_step_up(request)
    actor = actor_of(request)
    login, holder = request.POST.get("login", "").strip(), request.POST.get("holder", "").strip()
    if actor.party_id is None or "money" not in actor.scopes:
        raise Invalid("当前身份不能设置收款账户", "This hat cannot set a payout account")
    if not 3 <= len(login) <= 100 or not 2 <= len(holder) <= 60:
        raise Invalid("请填写支付宝账号和户名", "Enter the Alipay account and its holder")
    payouts.set_account(party_id=actor.party_id, login=login, holder=holder, by=actor, at=clock.now())
    messages.success(request, _("收款账户已更新，24 小时后可用"))
    return redirect("account")


@require_GET
@signed_in
def my_data(request: HttpRequest) -> HttpResponse:
    """One's own record as a file (个人信息副本)."""
    user = request.user
    if not isinstance(user, User):
        return redirect("sign-in")
    own = campaigns.pledges_of(user.party_id).order_by("created_at")[:10_000]
    record = {
        "name": user.party.name,
        "level": user.party.level,
        "phone": user.phone_masked,
        "email": user.email,
        "pledges": [
            {
                "id": str(made.pk),
                "campaign": made.campaign.title,
                "total_fen": made.total_fen,
                "state": made.state,
                "at": made.created_at.isoformat(),
            }
            for made in own
        ],
    }
    response = HttpResponse(json.dumps(record, ensure_ascii=False, indent=1), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_POST
@signed_in
def close_account(request: HttpRequest) -> HttpResponse:
    """Close one's account, after a fresh proof of identity; what is open is named."""
    require_step_up(request)
    if not isinstance(request.user, User):
        return redirect("sign-in")
    try:
        operations.close_account(user_id=request.user.pk, at=clock.now())
    except Refusal as refusal:
        messages.error(request, refusal.text())
        return redirect("account")
    logout(request)
    return redirect("home")


@require_http_methods(["GET", "POST"])
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """Messages, newest first; posting marks all as read."""
    actor = actor_of(request)
    if actor.party_id is None:
        return redirect("sign-in")
    if request.method == "POST":
        notify.read_all(party_id=actor.party_id, at=clock.now())
        return HttpResponseRedirect(request.path)
    page = paging.page(
        notifications.inbox(actor.party_id), order=("-at", "-id"), cursor=request.GET.get("cursor", ""), size=30
    )
    return render(request, "web/inbox.html", {"nav": "inbox", "page": page, "paged": "cursor" in request.GET})
