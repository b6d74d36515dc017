"""Addresses of profiles' pages."""

from django.urls import path

from marketplace.profiles import pages

_piece = "work/pieces/<uuid:piece_id>/"

urlpatterns = [
    path("work/people/<uuid:party_id>/", pages.party, name="work-party"),
    path("work/profile/", pages.mine, name="profile-mine"),
    path("work/profile/pieces/", pages.add, name="piece-add"),
    path("work/suggested/", pages.suggested, name="work-suggested"),
    path(_piece, pages.picture, name="piece"),
    path(f"{_piece}drop/", pages.remove, name="piece-drop"),
    path(f"{_piece}moderation/<slug:act>/", pages.moderate, name="piece-moderate"),
]
