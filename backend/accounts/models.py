"""People, organisations, memberships, staff roles, sign-in codes, API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from backend.common.ids import new_id

PERSON_LEVELS = ("L0", "L1", "L2", "L3")
ORGANISATION_LEVELS = ("O0", "O1", "O2")
SCOPES = frozenset({"read", "pledge", "campaigns", "work", "money"})
"""What an authorisation or a token may reach."""


class Party(models.Model):
    """Whoever owns, pays and is paid: a person or an organisation (主体)."""

    PERSON, ORGANISATION = "person", "organisation"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("类别", max_length=12, choices=[(PERSON, "个人"), (ORGANISATION, "组织")])
    name = models.CharField("名称", max_length=60)
    level = models.CharField("实名等级", max_length=2, default="L0")
    county = models.CharField("县市区", max_length=6, blank=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, null=True, unique=True)
    about = models.TextField("简介", blank=True)
    created_at = models.DateTimeField("注册时间", db_default=Now())
    closed_at = models.DateTimeField("注销时间", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="person", level__in=PERSON_LEVELS)
                | models.Q(kind="organisation", level__in=ORGANISATION_LEVELS),
                name="party_level_fits_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_name(self) -> str:
        """The name as lists show it: an organisation's whole, a person's family name only."""
        if self.kind == self.ORGANISATION:
            return self.name
        return self.name[:1] + "*" * max(1, min(2, len(self.name) - 1))


class UserManager(BaseUserManager["User"]):
    """Finds users by id for Django; everything else goes through `operations`."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser):
    """The natural person who signs in (登录用户); one party of kind person each.

    The phone number is kept sealed, and found by keyed hash.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    party = models.OneToOneField(Party, models.PROTECT, verbose_name="主体")
    username = models.CharField("用户名", max_length=40, unique=True)
    email = models.EmailField("邮箱", null=True, unique=True)
    phone_sealed = models.TextField("手机号密文", blank=True)
    phone_hash = models.CharField("手机号摘要", max_length=64, null=True, unique=True)
    phone_masked = models.CharField("手机号", max_length=16, blank=True)
    phone_confirmed_at = models.DateTimeField("手机号确认时间", null=True)
    contact_changed_at = models.DateTimeField("更换联系方式的时间", null=True)
    language = models.CharField("语言", max_length=8, default="zh-hans")
    is_active = models.BooleanField("有效", default=True)
    is_staff = models.BooleanField("可进后台", default=False)
    is_superuser = models.BooleanField("系统管理员", default=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.party.name

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Admin's question: staff may look at everything there, and change nothing."""
        return self.is_active and self.is_staff and ".view_" in perm

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        """Admin's question: which apps it lists."""
        return self.is_active and self.is_staff


class Membership(models.Model):
    """A person's live authorisation to act for an organisation (授权), with scopes and an end."""

    OWNER, CLERK = "owner", "clerk"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Party, models.PROTECT, related_name="memberships", verbose_name="组织")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name="成员")
    role = models.CharField("角色", max_length=8, choices=[(OWNER, "负责人"), (CLERK, "经办人")])
    scopes = ArrayField(models.CharField(max_length=32), verbose_name="范围", default=list, blank=True)
    valid_from = models.DateTimeField("起", db_default=Now())
    valid_to = models.DateTimeField("止", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], condition=models.Q(revoked_at=None), name="membership_once"
            )
        ]

    def is_live(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        started = self.valid_from is None or self.valid_from <= at
        return started and self.revoked_at is None and (self.valid_to is None or at < self.valid_to)


class StaffRole(models.Model):
    """A role on the platform's staff (工作人员角色), with an end."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="staff_roles", verbose_name="人员")
    role = models.CharField("角色", max_length=16)
    county = models.CharField("县市区", max_length=6, blank=True)
    valid_to = models.DateTimeField("止", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "county"], name="staff_role_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["moderator", "finance", "auditor", "admin"]), name="staff_role_known"
            ),
        ]


class SignInCode(models.Model):
    """A code on its way to a phone or mailbox (验证码). Tries are counted before any comparison."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField("用途", max_length=16)
    target_hash = models.CharField("收件摘要", max_length=64)
    session_key = models.CharField("浏览器会话", max_length=64)
    code_hash = models.CharField("验证码摘要", max_length=64)
    address = models.CharField("来源", max_length=64)
    tries = models.PositiveSmallIntegerField("已试次数", default=0)
    created_at = models.DateTimeField("时间")
    expires_at = models.DateTimeField("失效时间")
    ended_at = models.DateTimeField("用过或作废", null=True)

    class Meta:
        indexes = [
            models.Index(fields=["target_hash", "created_at"], name="code_target"),
            models.Index(fields=["address", "created_at"], name="code_address"),
            models.Index(fields=["created_at"], name="code_age"),
        ]


class Device(models.Model):
    """A browser that its person has proved to be theirs (常用设备); its cookie is kept as a hash."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="devices", verbose_name="用户")
    token_hash = models.CharField("摘要", max_length=64, unique=True)
    confirmed_at = models.DateTimeField("确认时间")

    class Meta:
        indexes = [models.Index(fields=["user", "-confirmed_at"], name="device_user")]


class ApiToken(models.Model):
    """A key for programs (访问令牌): hashed, scoped, expiring, shown once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="tokens", verbose_name="所有者")
    party = models.ForeignKey(Party, models.PROTECT, verbose_name="代表")
    name = models.CharField("名称", max_length=40)
    prefix = models.CharField("前缀", max_length=16)
    token_hash = models.CharField("摘要", max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name="范围")
    expires_at = models.DateTimeField("失效时间")
    revoked_at = models.DateTimeField("撤销时间", null=True)
    created_at = models.DateTimeField("时间", db_default=Now())


def phone_place(user_id: UUID | Any) -> str:
    """Where a sealed phone number belongs."""
    return f"accounts_user.phone:{user_id}"
