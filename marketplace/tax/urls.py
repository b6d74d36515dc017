"""The address of the take-home calculation."""

from django.urls import path

from marketplace.tax import pages

urlpatterns = [path("take-home/", pages.take_home, name="take-home")]
