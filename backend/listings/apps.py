"""Registers the app with Django."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "backend.listings"
    label = "listings"
    verbose_name = "发现"
