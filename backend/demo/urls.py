"""Addresses that exist only in the demo."""

from django.conf import settings
from django.urls import URLPattern, path

from backend.demo import pages

urlpatterns: list[URLPattern] = []
if settings.SIZHONG_DEMO:
    urlpatterns = [
        path("demo/inbox/", pages.inbox, name="demo-inbox"),
        path("demo/orders/<str:number>/", pages.order_state, name="demo-order"),
    ]
