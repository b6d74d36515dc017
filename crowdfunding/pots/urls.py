"""Addresses of match pots' pages."""

from django.urls import path

from crowdfunding.pots import pages

urlpatterns = [
    path("pots/", pages.pots, name="pots"),
    path("pots/new/", pages.propose, name="pot-propose"),
    path("pots/<uuid:pot_id>/", pages.pot, name="pot"),
    path("pots/<uuid:pot_id>/pay/", pages.pay, name="pot-pay"),
    path("pots/<uuid:pot_id>/<slug:act>/", pages.act, name="pot-act"),
]
