"""Addresses of short harvests' pages."""

from django.urls import path

from crowdfunding.harvest import pages

urlpatterns = [
    path("campaigns/<uuid:campaign_id>/harvest/clause/", pages.clause, name="harvest-clause"),
    path("campaigns/<uuid:campaign_id>/harvest/declare/", pages.declare, name="harvest-declare"),
    path("harvest/<uuid:shortfall_id>/", pages.shortfall, name="shortfall"),
    path("harvest/<uuid:shortfall_id>/proof/", pages.proof, name="shortfall-proof"),
    path("harvest/<uuid:shortfall_id>/<slug:act>/", pages.act, name="shortfall-act"),
]
