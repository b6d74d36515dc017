"""Addresses of the desk."""

from django.urls import path

from marketplace.desk import pages

urlpatterns = [
    path("work/posted/", pages.board, name="posted"),
    path("work/agenda/", pages.agenda, name="agenda"),
]
