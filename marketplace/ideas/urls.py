"""Addresses of solicitations' pages."""

from django.urls import path

from marketplace.ideas import pages

_one = "ideas/<uuid:solicitation_id>/"
_idea = "ideas/one/<uuid:idea_id>/"

urlpatterns = [
    path("ideas/", pages.hall, name="solicitations"),
    path("ideas/board/", pages.board, name="solicitation-board"),
    path("ideas/mine/", pages.mine, name="idea-mine"),
    path(_idea, pages.idea, name="idea"),
    path(f"{_idea}<slug:act>/", pages.idea_step, name="idea-step"),
    path(_one, pages.solicitation, name="solicitation"),
    path(f"{_one}propose/", pages.propose, name="idea-propose"),
    path(f"{_one}edit/", pages.edit, name="solicitation-edit"),
    path(f"{_one}review/", pages.review, name="solicitation-review"),
    path(f"{_one}review/<slug:act>/", pages.review_step, name="solicitation-review-step"),
    path(f"{_one}<slug:act>/", pages.step, name="solicitation-step"),
]
