"""Addresses of knowledge's pages."""

from django.urls import path

from marketplace.knowledge import pages

_one = "knowledge/<uuid:article_id>/"
_change = "knowledge/changes/<uuid:change_id>/"

urlpatterns = [
    path("knowledge/", pages.hall, name="knowledge"),
    path("knowledge/mine/", pages.mine, name="knowledge-mine"),
    path("knowledge/reviews/", pages.reviews, name="knowledge-reviews"),
    path(_change, pages.change, name="change"),
    path(f"{_change}edit/", pages.edit, name="change-edit"),
    path(f"{_change}<slug:act>/", pages.change_step, name="change-step"),
    path(_one, pages.article, name="article"),
    path(f"{_one}history/", pages.history, name="article-history"),
    path(f"{_one}diff/", pages.difference, name="article-diff"),
    path(f"{_one}text/", pages.download, name="article-text"),
    path(f"{_one}versions/<int:no>/", pages.version, name="article-version"),
    path(f"{_one}propose/", pages.propose, name="article-propose"),
    path(f"{_one}moderation/<slug:act>/", pages.moderate, name="article-moderate"),
]
