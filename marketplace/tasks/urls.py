"""Addresses of tasks' pages."""

from django.urls import path

from marketplace.tasks import pages, poster_pages

_task = "work/<uuid:task_id>/"

urlpatterns = [
    path("work/", pages.hall, name="work"),
    path("work/board/", poster_pages.board, name="work-board"),
    path("work/mine/", pages.mine, name="work-mine"),
    path(_task, pages.task, name="task"),
    path(f"{_task}bid/", pages.bid, name="task-bid"),
    path(f"{_task}bid/<slug:act>/", pages.bid_act, name="task-bid-act"),
    path(f"{_task}ask/", pages.ask, name="task-ask"),
    path(f"{_task}questions/<uuid:inquiry_id>/", pages.answer, name="task-answer"),
    path(f"{_task}edit/", poster_pages.edit, name="task-edit"),
    path(f"{_task}amend/", poster_pages.amend, name="task-amend"),
    path(f"{_task}compare/", poster_pages.compare, name="task-compare"),
    path(f"{_task}compare/export/", poster_pages.export, name="task-export"),
    path(f"{_task}files/", poster_pages.attach, name="task-attach"),
    path(f"{_task}files/<uuid:file_id>/", pages.file, name="task-file"),
    path(f"{_task}files/<uuid:file_id>/drop/", poster_pages.detach, name="task-detach"),
    path(f"{_task}bids/<uuid:bid_id>/<slug:act>/", poster_pages.bid_step, name="task-bid-step"),
    path(f"{_task}review/", poster_pages.review, name="task-review"),
    path(f"{_task}review/<slug:act>/", poster_pages.review_step, name="task-review-step"),
    path(f"{_task}<slug:act>/", poster_pages.step, name="task-step"),
]
