"""Addresses of knowledge's pages."""

from django.urls import path

from marketplace.knowledge import gap_pages, pages

_one = "knowledge/<uuid:article_id>/"
_gap = "knowledge/gaps/<uuid:gap_id>/"
_change = "knowledge/changes/<uuid:change_id>/"

urlpatterns = [
    path("knowledge/", pages.hall, name="knowledge"),
    path("knowledge/mine/", pages.mine, name="knowledge-mine"),
    path("knowledge/reviews/", pages.reviews, name="knowledge-reviews"),
    path("knowledge/gaps/", gap_pages.hall, name="gaps"),
    path("knowledge/gaps/board/", gap_pages.board, name="gap-board"),
    path("knowledge/gaps/new/", gap_pages.ask, name="gap-ask"),
    path(_gap, gap_pages.gap, name="gap"),
    path(f"{_gap}edit/", gap_pages.edit, name="gap-edit"),
    path(f"{_gap}pay/", gap_pages.pay, name="gap-pay"),
    path(f"{_gap}answer/", gap_pages.answer, name="gap-answer"),
    path(f"{_gap}finding/<slug:act>/", gap_pages.finding, name="gap-finding"),
    path(f"{_gap}review/", gap_pages.review, name="gap-review"),
    path(f"{_gap}review/<slug:act>/", gap_pages.review_step, name="gap-review-step"),
    path(f"{_gap}<slug:act>/", gap_pages.step, name="gap-step"),
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
