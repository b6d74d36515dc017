"""Addresses of keeping."""

from django.urls import path

from marketplace.keeping import pages

urlpatterns = [
    path("work/favourites/", pages.favourites, name="favourites"),
    path("work/favourites/<slug:kind>/<uuid:subject_id>/", pages.favour, name="favour"),
    path("work/searches/<uuid:search_id>/drop/", pages.drop_search, name="search-drop"),
    path("work/searches/<slug:kind>/", pages.save_search, name="search-save"),
]
