"""Addresses of calendar and diary."""

from django.urls import path

from crowdfunding.diary import pages

_diary = "campaigns/<uuid:campaign_id>/diary"

urlpatterns = [
    path("campaigns/diary/<uuid:entry_id>/photo/", pages.photo, name="diary-photo"),
    path(f"{_diary}/", pages.diary, name="diary"),
    path(f"{_diary}/add/<slug:act>/", pages.add, name="diary-add"),
    path(f"{_diary}/steps/<uuid:step_id>/<slug:act>/", pages.change_step, name="diary-step"),
    path(f"{_diary}/<uuid:entry_id>/withdraw/", pages.withdraw, name="diary-withdraw"),
]
