"""Addresses of appeals' pages."""

from django.urls import path

from backend.moderation import pages

urlpatterns = [
    path("appeals/<uuid:appeal_id>/", pages.appeal, name="appeal"),
    path("appeals/<uuid:appeal_id>/<slug:act>/", pages.act, name="appeal-act"),
    path("appeals/<slug:kind>/<uuid:subject_id>/", pages.file_appeal, name="appeal-file"),
]
