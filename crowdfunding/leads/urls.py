"""Addresses of led campaigns' pages."""

from django.urls import path

from crowdfunding.leads import pages

urlpatterns = [
    path("leads/", pages.inbox, name="leads"),
    path("leads/campaigns/<uuid:campaign_id>/", pages.propose, name="lead-propose"),
    path("leads/campaigns/<uuid:campaign_id>/form/", pages.choose, name="lead-choose"),
    path("leads/pledges/<uuid:pledge_id>/<uuid:lead_id>/", pages.confirm, name="lead-confirm"),
    path("leads/reports/<uuid:report_id>/", pages.report, name="lead-report"),
    path("leads/<uuid:lead_id>/", pages.lead, name="lead"),
    path("leads/<uuid:lead_id>/<slug:act>/", pages.act, name="lead-act"),
]
