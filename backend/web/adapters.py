"""How django-allauth finds, names and messages our people."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from backend.accounts import operations
from backend.accounts.models import User, phone_place
from backend.common import clock, encryption


class AccountAdapter(DefaultAccountAdapter):
    """Phones are sealed and found by hash; joining goes through our own code pages."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def phone_form_field(self, **kwargs: Any) -> forms.Field:
        return forms.RegexField(r"^(\+86)?1[3-9][0-9]{9}$", max_length=14, **kwargs)

    def get_user_by_phone(self, phone: str) -> User | None:
        return operations.find_user("phone", phone.removeprefix("+86"))

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        if not user.phone_sealed:
            return None
        return encryption.decrypt(user.phone_sealed, place=phone_place(user.pk)), user.phone_confirmed_at is not None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        operations.give_number(user, phone.removeprefix("+86"))
        user.save(update_fields=["phone_sealed", "phone_hash", "phone_masked"])

    def set_phone_verified(self, user: Any, phone: str) -> None:
        User.objects.filter(pk=user.pk).update(phone_confirmed_at=clock.now())

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        import_string(settings.SIZHONG_MESSAGE_SENDER)("phone", phone, f"【香城四众】验证码 {code}")

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Nothing is sent: known and unknown numbers look alike."""


class MFAAdapter(DefaultMFAAdapter):
    """Names shown by authenticators; secrets are sealed at rest."""

    def get_totp_label(self, user: Any) -> str:
        return str(user.phone_masked or user.email or user.username)

    def get_totp_issuer(self) -> str:
        return "香城四众"

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text, place="mfa_authenticator.data")

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text, place="mfa_authenticator.data")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = settings.SITE_URL.split("//", 1)[1].split(":")[0].split("/")[0]
        return {"id": host, "name": "香城四众"}
