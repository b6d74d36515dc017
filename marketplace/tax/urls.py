"""Addresses of the pages about tax."""

from django.urls import path

from marketplace.tax import pages, statement_pages

urlpatterns = [
    path("take-home/", pages.take_home, name="take-home"),
    path("earnings/", statement_pages.earnings, name="earnings"),
    path("earnings/export/", statement_pages.export, name="earnings-export"),
    path("finance/income-report/", statement_pages.report, name="income-report"),
]
