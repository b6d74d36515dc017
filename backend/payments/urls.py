"""Addresses of payments."""

from django.urls import path

from backend.payments import pages

urlpatterns = [
    path("alipay/notify/", pages.notify, name="alipay-notify"),
    path("alipay/return/", pages.returned, name="alipay-return"),
]
