"""Addresses of covers."""

from django.urls import path

from marketplace.covers import pages

urlpatterns = [
    path("work/covers/<slug:kind>/<uuid:subject_id>/", pages.cover, name="cover"),
    path("work/covers/<slug:kind>/<uuid:subject_id>/remove/", pages.remove, name="cover-remove"),
]
