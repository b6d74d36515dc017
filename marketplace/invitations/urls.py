"""Addresses of invitations."""

from django.urls import path

from marketplace.invitations import pages

urlpatterns = [
    path("work/invited/", pages.mine, name="invited-to"),
    path("work/invited/<slug:kind>/<uuid:subject_id>/renew/", pages.renew, name="invitation-renew"),
    path("work/invited/<slug:kind>/<slug:code>/", pages.come_in, name="invited"),
]
