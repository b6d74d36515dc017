"""Addresses of announcements' pages."""

from django.urls import path

from marketplace.announcements import pages

urlpatterns = [
    path("work/announcements/<uuid:announcement_id>/<slug:act>/", pages.moderate, name="announcement-moderate"),
    path("work/announcements/<slug:kind>/<uuid:subject_id>/", pages.announcements, name="announcements"),
    path("work/announcements/<slug:kind>/<uuid:subject_id>/new/", pages.announce, name="announce"),
]
