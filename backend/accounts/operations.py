"""Every write of accounts: joining, codes, hats, tokens, leaving."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction
from django.utils.module_loading import import_string
from stdnum.cn import uscc as credit_codes

from backend.accounts import limits
from backend.accounts.errors import (
    AuthorisedAlready,
    CloseRefused,
    CodesTooMany,
    CodeWrong,
    IdentifierInvalid,
    LastOwner,
    NotAuthorised,
    OrganisationKnown,
    ProofWrong,
)
from backend.accounts.models import (
    SCOPES,
    ApiToken,
    Device,
    Membership,
    Party,
    SignInCode,
    StaffRole,
    User,
    phone_place,
)
from backend.common import encryption, rules
from backend.common.errors import Invalid, refuse_any
from backend.common.ids import new_id

CODE_LIVES = timedelta(minutes=5)
CODE_TRIES = 5
PER_TARGET_AN_HOUR, PER_ADDRESS_AN_HOUR, IN_ALL_AN_HOUR = 10, 60, 20_000
"""Limits of codes asked for, by number or mailbox, by network address, and city-wide for the cost of SMS."""

TOKEN_LIVES = timedelta(days=90)

_PHONE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")
_INVISIBLE = re.compile("[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean_name(text: str) -> str:
    """A name or title without control, bidi and zero-width characters."""
    return _INVISIBLE.sub("", text).strip()


def read_identifier(text: str) -> tuple[str, str]:
    """Tell a mobile number from a mailbox: `("phone", "13800000000")` or `("email", …)`.

    Raises:
        IdentifierInvalid: neither of the two.
    """
    text = text.strip().replace(" ", "")
    if _PHONE.fullmatch(text.removeprefix("+86")):
        return "phone", text.removeprefix("+86")
    if len(text) <= 190 and _EMAIL.fullmatch(text):
        return "email", text.lower()
    raise IdentifierInvalid(field="identifier")


def find_user(kind: str, value: str) -> User | None:
    """The active user behind a number or mailbox."""
    users = User.objects.select_related("party").filter(is_active=True)
    if kind == "phone":
        return users.filter(phone_hash=encryption.lookup_hash(value, purpose="phone")).first()
    return users.filter(email=value).first()


def send_code(*, identifier: str, session_key: str, address: str, at: datetime, purpose: str = "sign_in") -> None:
    """Send a code, for signing in or what else it is for; the same answer whether the number is known or not.

    A new code voids the browser's earlier ones.

    Raises:
        IdentifierInvalid: not a number or mailbox.
        CodesTooMany: a limit is reached.
    """
    kind, value = read_identifier(identifier)
    target = encryption.lookup_hash(value, purpose=kind)
    network = _network(address)
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        _require_below_limits(target, network, at)
        SignInCode.objects.filter(target_hash=target, ended_at=None).update(ended_at=at)
        row = SignInCode(
            purpose=purpose,
            target_hash=target,
            session_key=session_key,
            address=network,
            created_at=at,
            expires_at=at + CODE_LIVES,
        )
        row.code_hash = _code_hash(row.id, code)
        row.save(force_insert=True)
    # After the commit: a message that was sent for a code that was not kept would be of no use.
    import_string(settings.SIZHONG_MESSAGE_SENDER)(
        kind, value, f"【香城四众】验证码 {code}，5 分钟内有效，请勿告诉他人。"
    )


def _require_below_limits(target: str, network: str, at: datetime) -> None:
    """Count under one lock, so that parallel requests cannot all see the same count."""
    since = at - timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('sign-in codes', 2))")
        cursor.execute(
            "SELECT count(*) FILTER (WHERE target_hash = %s), count(*) FILTER (WHERE address = %s), count(*) "
            "FROM accounts_signincode WHERE created_at > %s",
            [target, network, since],
        )
        by_target, by_address, in_all = cursor.fetchone()
    if by_target >= PER_TARGET_AN_HOUR or by_address >= PER_ADDRESS_AN_HOUR or in_all >= IN_ALL_AN_HOUR:
        raise CodesTooMany


def _network(address: str) -> str:
    """An address as limits count it: IPv4 whole, IPv6 by its /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else str(parsed)


def _code_hash(code_id: UUID, code: str) -> str:
    return encryption.lookup_hash(f"{code_id}:{code}", purpose="code")


def redeem_code(*, identifier: str, code: str, session_key: str, at: datetime) -> User:
    """Sign in with a code, or join with it: the user behind the number or mailbox.

    The try is counted in one statement before anything is compared, so sixty guesses at once are
    still at most five comparisons.

    Raises:
        CodeWrong: wrong, used, too old, tried too often, or asked for in another browser.
    """
    kind, value = read_identifier(identifier)
    code_id = compare_code(kind, value, code=code, session_key=session_key, at=at, purpose="sign_in")
    with transaction.atomic():
        use_code(code_id, at)
        return find_user(kind, value) or join(kind=kind, value=value, at=at)


def compare_code(kind: str, value: str, *, code: str, session_key: str, at: datetime, purpose: str) -> UUID:
    """Count a try and compare; the code that fits, still to be used.

    Raises:
        CodeWrong: wrong, used, too old, tried too often, or asked for in another browser or for something else.
    """
    row_id = _count_try(encryption.lookup_hash(value, purpose=kind), session_key, at, purpose=purpose)
    row = SignInCode.objects.filter(pk=row_id).first() if row_id else None
    if row is None or not hmac.compare_digest(row.code_hash, _code_hash(row.id, code)):
        raise CodeWrong(field="code")
    return row.id


def use_code(code_id: UUID, at: datetime) -> None:
    """Use a code up, in the transaction of what it is for.

    Raises:
        CodeWrong: another request used it first.
    """
    if not SignInCode.objects.filter(pk=code_id, ended_at=None).update(ended_at=at):
        raise CodeWrong(field="code")


def needs_second_proof(*, user: User, identifier: str, device: str, at: datetime) -> bool:
    """Whether a code alone does not open this account here (二次核实).

    Numbers are given out anew. An account with a verified name, open business or an organisation
    asks for more when the number was not confirmed lately, or the browser is not known.

    Source: security.md §2, recycled numbers.
    """
    if not _is_worth_guarding(user):
        return False
    since = at - timedelta(days=rules.value("accounts.number_fresh_days", at=at))
    is_known = Device.objects.filter(user=user, token_hash=_device_hash(device), confirmed_at__gt=since).exists()
    by_number = read_identifier(identifier)[0] == "phone"
    is_stale = by_number and (user.phone_confirmed_at is None or user.phone_confirmed_at <= since)
    return is_stale or not is_known


def _is_worth_guarding(user: User) -> bool:
    if user.party.level != "L0" or Membership.objects.filter(user=user, revoked_at=None).exists():
        return True
    return any(obstacle(user.party) is not None for obstacle in limits.OBSTACLES)


def _device_hash(device: str) -> str:
    return hashlib.sha256(device.encode()).hexdigest()


@transaction.atomic
def remember_device(*, user: User, identifier: str, device: str, at: datetime) -> str:
    """Note that the person proved this browser now, and the number the code went to; the text for the cookie."""
    if read_identifier(identifier)[0] == "phone":
        User.objects.filter(pk=user.pk).update(phone_confirmed_at=at)
    if Device.objects.filter(user=user, token_hash=_device_hash(device)).update(confirmed_at=at):
        return device
    text = secrets.token_urlsafe(32)
    Device.objects.create(user=user, token_hash=_device_hash(text), confirmed_at=at)
    return text


@transaction.atomic
def open_proof(*, user: User, session_key: str, address: str, at: datetime) -> None:
    """Let a browser that redeemed a code give the second proof: five tries within five minutes.

    Raises:
        CodesTooMany: a limit is reached.
    """
    target = _proof_target(user.pk)
    network = _network(address)
    _require_below_limits(target, network, at)
    SignInCode.objects.filter(target_hash=target, session_key=session_key, ended_at=None).update(ended_at=at)
    SignInCode.objects.create(
        purpose="second_proof",
        target_hash=target,
        session_key=session_key,
        code_hash="",
        address=network,
        created_at=at,
        expires_at=at + CODE_LIVES,
    )


def _proof_target(user_id: UUID) -> str:
    return encryption.lookup_hash(str(user_id), purpose="proof")


def give_proof(*, user_id: UUID, text: str, session_key: str, at: datetime) -> User:
    """Compare the second proof: the password where there is one, else the full name.

    The try is counted before anything is compared.

    Raises:
        ProofWrong: it does not fit, is too late, or was tried too often.
    """
    row_id = _count_try(_proof_target(user_id), session_key, at, purpose="second_proof")
    user = User.objects.select_related("party").filter(pk=user_id, is_active=True).first()
    if row_id is None or user is None:
        raise ProofWrong(field="proof")
    if user.has_usable_password():
        fits = user.check_password(text)
    else:
        fits = hmac.compare_digest(clean_name(text).encode(), user.party.name.encode())
    if not fits or not SignInCode.objects.filter(pk=row_id, ended_at=None).update(ended_at=at):
        raise ProofWrong(field="proof")
    return user


def _count_try(target: str, session_key: str, at: datetime, *, purpose: str) -> UUID | None:
    """Count one try on this browser's newest open row of a purpose in one statement; None when none is left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_signincode SET tries = tries + 1 WHERE id = ("
            "  SELECT id FROM accounts_signincode WHERE target_hash = %s AND session_key = %s AND purpose = %s"
            "  AND ended_at IS NULL"
            "  ORDER BY created_at DESC LIMIT 1"
            ") AND tries < %s AND ended_at IS NULL AND expires_at > %s RETURNING id",
            [target, session_key, purpose, CODE_TRIES, at],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def join(*, kind: str, value: str, at: datetime, name: str = "", level: str = "L0") -> User:
    """A new person with an account (注册). The caller has proved the number or mailbox."""
    user_id = new_id()
    shown = clean_name(name) or f"香城用户{secrets.randbelow(10**6):06d}"
    party = Party.objects.create(kind=Party.PERSON, name=shown, level=level)
    user = User(id=user_id, party=party, username=f"u{user_id.hex}")
    user.set_unusable_password()
    if kind == "phone":
        give_number(user, value)
        user.phone_confirmed_at = at
    else:
        user.email = value
    user.save(force_insert=True)
    return user


def give_number(user: User, value: str) -> None:
    """Set a number on a person, sealed, found by hash and shown masked; the caller saves."""
    user.phone_sealed = encryption.encrypt(value, place=phone_place(user.pk))
    user.phone_hash = encryption.lookup_hash(value, purpose="phone")
    user.phone_masked = f"{value[:3]}****{value[-4:]}"


@transaction.atomic
def close_account(*, user_id: UUID, at: datetime) -> None:
    """Close a person's account (注销): the number and mailbox are free again, the records of money stay.

    Raises:
        CloseRefused: money or organisations are open; each is named.
    """
    user = User.objects.select_for_update(no_key=True).select_related("party").get(pk=user_id)
    found = [words for obstacle in limits.OBSTACLES if (words := obstacle(user.party)) is not None]
    if Membership.objects.filter(user=user, role=Membership.OWNER, revoked_at=None).exists():
        found.append(("您仍是组织的负责人", "you still own an organisation"))
    if found:
        raise CloseRefused(what_zh="；".join(zh for zh, _ in found), what_en="; ".join(en for _, en in found))
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=at)
    User.objects.filter(pk=user_id).update(
        is_active=False, phone_sealed="", phone_hash=None, phone_masked="", email=None, password=make_password(None)
    )
    for forget in limits.FAREWELLS:
        forget(user.party)
    Party.objects.filter(pk=user.party_id).update(name="已注销用户", about="", closed_at=at)


@transaction.atomic
def found_organisation(*, founder: User, name: str, uscc: str, county: str, at: datetime, level: str = "O0") -> Party:
    """Register an organisation with its first owner (组织).

    Raises:
        LevelTooLow, Invalid: all that fail, together.
        OrganisationKnown: the credit code is taken.
    """
    shown, number = clean_name(name)[:60], uscc.strip().upper()
    wrong_name = Invalid("请填写组织全称", "Enter the organisation's full name", field="name")
    wrong_code = Invalid("统一社会信用代码不正确", "The credit code is not valid", field="uscc")
    refuse_any(
        [
            *limits.failures(founder.party, "found", at=at),
            wrong_name if len(shown) < 2 else None,
            None if credit_codes.is_valid(number) else wrong_code,
        ]
    )
    try:
        with transaction.atomic():
            party = Party.objects.create(
                kind=Party.ORGANISATION, name=shown, uscc=number, county=county[:6], level=level
            )
    except IntegrityError as error:
        raise OrganisationKnown(field="uscc") from error
    Membership.objects.create(organisation=party, user=founder, role=Membership.OWNER, valid_from=at)
    return party


@transaction.atomic
def authorise(
    *,
    organisation_id: UUID,
    by: User,
    user: User,
    role: str,
    scopes: Iterable[str],
    until: datetime | None,
    at: datetime,
) -> Membership:
    """Let a person act for an organisation within scopes and until a date (授权).

    Raises:
        NotAuthorised: whoever grants is no live owner.
        AuthorisedAlready: the person holds an authorisation that was not revoked.
        Invalid: an end in the past, or an unknown role.
    """
    _require_owner(organisation_id, by, at)
    if role not in (Membership.OWNER, Membership.CLERK) or (until is not None and until <= at):
        raise Invalid("角色或截止日期不正确", "The role or the end date is not valid", field="until")
    Membership.objects.filter(organisation_id=organisation_id, user=user, revoked_at=None, valid_to__lte=at).update(
        revoked_at=at
    )
    try:
        with transaction.atomic():
            return Membership.objects.create(
                organisation_id=organisation_id,
                user=user,
                role=role,
                scopes=sorted(SCOPES & set(scopes)),
                valid_from=at,
                valid_to=until,
            )
    except IntegrityError as error:
        raise AuthorisedAlready(field="phone") from error


@transaction.atomic
def revoke_authorisation(*, membership_id: UUID, by: User, at: datetime) -> None:
    """End an authorisation at once.

    Raises:
        NotAuthorised: whoever revokes is no live owner.
        LastOwner: nobody would be left to own the organisation.
    """
    membership = Membership.objects.select_for_update().get(pk=membership_id)
    _require_owner(membership.organisation_id, by, at)
    owners = Membership.objects.select_for_update().filter(
        organisation_id=membership.organisation_id, role=Membership.OWNER, revoked_at=None
    )
    if membership.role == Membership.OWNER and len([m for m in owners if m.is_live(at)]) <= 1:
        raise LastOwner
    membership.revoked_at = at
    membership.save(update_fields=["revoked_at"])


def _require_owner(organisation_id: UUID, user: User, at: datetime) -> None:
    mine = Membership.objects.filter(organisation_id=organisation_id, user=user, role=Membership.OWNER)
    if not any(membership.is_live(at) for membership in mine):
        raise NotAuthorised


def appoint(*, user: User, role: str, county: str = "", until: datetime | None = None) -> StaffRole:
    """Give a staff role; the person may look into the back office."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return StaffRole.objects.update_or_create(user=user, role=role, county=county, defaults={"valid_to": until})[0]


def make_token(*, user: User, party_id: UUID, name: str, scopes: Iterable[str], at: datetime) -> tuple[ApiToken, str]:
    """A new API token and its text, which is shown once and kept only as a hash (访问令牌)."""
    text = f"sz_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        party_id=party_id,
        name=clean_name(name)[:40] or "token",
        prefix=text[:10],
        token_hash=hashlib.sha256(text.encode()).hexdigest(),
        scopes=sorted(SCOPES & set(scopes)),
        expires_at=at + TOKEN_LIVES,
    )
    return token, text


def revoke_token(*, token_id: UUID, user: User, at: datetime) -> None:
    """End a token at once; another's token is left alone."""
    ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None).update(revoked_at=at)
