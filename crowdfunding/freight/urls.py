"""Addresses of shared shipping prices."""

from django.urls import path

from crowdfunding.freight import pages

urlpatterns = [
    path("freight/", pages.freight, name="freight"),
    path("freight/<uuid:quote_id>/end/", pages.end, name="freight-end"),
    path("campaigns/<uuid:campaign_id>/freight/", pages.choose, name="freight-choose"),
]
