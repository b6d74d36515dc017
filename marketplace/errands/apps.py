"""The app of on-site errands."""

from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    """On-site errands (现场任务)."""

    name = "marketplace.errands"
    label = "errands"
    verbose_name = "现场任务"
