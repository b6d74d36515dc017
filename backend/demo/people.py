"""The people of the demo: fixed numbers, levels, roles, and authenticators whose secrets are made here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import make_password

from backend.accounts import operations as accounts
from backend.accounts import queries
from backend.accounts.models import Membership, Party, User
from backend.common.actors import Actor, Role

PASSWORD = "demo-xiangcheng-2026"


@dataclass(frozen=True)
class Person:
    """One person of the demo."""

    phone: str
    name: str
    level: str
    county: str = ""
    roles: tuple[Role, ...] = ()


STAFF = (
    Person("13800000001", "演示审核员甲", "L2", roles=(Role.MODERATOR,)),
    Person("13800000002", "演示审核员乙", "L2", roles=(Role.MODERATOR,)),
    Person("13800000003", "演示财务甲", "L2", roles=(Role.FINANCE,)),
    Person("13800000004", "演示财务乙", "L2", roles=(Role.FINANCE,)),
    Person("13800000005", "演示审计员", "L2", roles=(Role.AUDITOR,)),
)
MAKERS = (
    Person("13800000011", "桂语坊（演示）", "L2", "421202"),
    Person("13800000012", "羊楼洞茶工坊（演示）", "L2", "421281"),
    Person("13800000013", "崇阳竹艺社（演示）", "L2", "421223"),
    Person("13800000014", "通城药香铺（演示）", "L2", "421222"),
    Person("13800000015", "通山匠作（演示）", "L2", "421224"),
    Person("13800000016", "嘉鱼湖味（演示）", "L2", "421221"),
    Person("13800000017", "高新区创客组（演示）", "L2", "XNGX"),
)
BACKERS = tuple(Person(f"1390000{number:04d}", f"演示支持者{number:02d}", "L1") for number in range(1, 25))


def make_all(at: datetime) -> dict[str, User]:
    """Every person by phone; those who are there stay as they are."""
    found: dict[str, User] = {}
    for person in (*STAFF, *MAKERS, *BACKERS):
        user = accounts.find_user("phone", person.phone) or _make(person, at)
        found[person.phone] = user
    _make_organisation(found, at)
    return found


def _make(person: Person, at: datetime) -> User:
    user = accounts.join(kind="phone", value=person.phone, at=at, name=person.name, level=person.level)
    Party.objects.filter(pk=user.party_id).update(county=person.county)
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    for role in person.roles:
        accounts.appoint(user=user, role=role)
    if person.roles:
        TOTP.activate(user, generate_totp_secret())
    return User.objects.select_related("party").get(pk=user.pk)


def _make_organisation(found: dict[str, User], at: datetime) -> None:
    """A firm that a maker owns and a clerk may file for, but not move money for (A6)."""
    uscc = "91421200MA00DEM00H"
    if Party.objects.filter(uscc=uscc).exists():
        return
    owner, clerk = found["13800000017"], found["13900000001"]
    firm = accounts.found_organisation(
        founder=owner, name="香城示范科技有限公司（演示）", uscc=uscc, county="XNGX", level="O2", at=at
    )
    accounts.authorise(
        organisation_id=firm.pk,
        by=owner,
        user=clerk,
        role=Membership.CLERK,
        scopes={"read", "campaigns"},
        until=at + timedelta(days=365),
        at=at + timedelta(seconds=1),
    )


def acting(user: User, at: datetime, *roles: Role) -> Actor:
    """A person of the demo, acting."""
    return queries.actor(user, hat=None, at=at).wears(*roles)


def authenticator_of(user: User) -> Authenticator | None:
    """The person's authenticator."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def code_of(authenticator: Authenticator) -> str:
    """The code that an authenticator app would show now."""
    secret = decrypt(authenticator.data["secret"])
    step = int(time.time()) // app_settings.TOTP_PERIOD
    return str(format_hotp_value(hotp_value(secret, step)))
