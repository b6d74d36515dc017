"""Addresses of disputes' pages."""

from django.urls import path

from backend.disputes import pages

urlpatterns = [
    path("cases/", pages.my_cases, name="my-cases"),
    path("cases/queue/", pages.queue, name="case-queue"),
    path("cases/<uuid:case_id>/", pages.case, name="case"),
    path("cases/<uuid:case_id>/evidence/<uuid:evidence_id>/", pages.evidence, name="case-evidence"),
    path("cases/<uuid:case_id>/<slug:act>/", pages.case_act, name="case-act"),
]
