"""Registers the app with Django."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "backend.projects"
    label = "projects"
    verbose_name = "创业项目"

    def ready(self) -> None:
        from backend.moderation.appeals import SUBJECTS  # noqa: PLC0415 - models are not loaded before this
        from backend.projects.operations import passports  # noqa: PLC0415

        SUBJECTS["project"] = passports.APPEALS
