"""Registers profiles with Django, and what is forgotten of them when an account is closed."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "marketplace.profiles"
    label = "profiles"
    verbose_name = "工作者主页"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from marketplace.profiles.operations import profiles  # noqa: PLC0415

        limits.FAREWELLS.append(profiles.forget)
