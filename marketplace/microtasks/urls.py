"""Addresses of micro-tasks' pages."""

from django.urls import path

from marketplace.microtasks import pages, poster_pages

_job = "microtasks/<uuid:job_id>/"
_sheet = "microtasks/sheets/<uuid:sheet_id>/"
_plea = "microtasks/pleas/<uuid:plea_id>/"

urlpatterns = [
    path("microtasks/", pages.hall, name="microtasks"),
    path("microtasks/board/", poster_pages.board, name="microtask-board"),
    path("microtasks/mine/", pages.mine, name="microtask-mine"),
    path(_sheet, pages.sheet, name="microtask-sheet"),
    path(f"{_sheet}<slug:act>/", pages.sheet_step, name="microtask-sheet-step"),
    path("microtasks/answers/<uuid:answer_id>/<slug:act>/", pages.answer_step, name="microtask-answer-step"),
    path(_plea, pages.plea, name="microtask-plea"),
    path(f"{_plea}<slug:act>/", pages.plea_step, name="microtask-plea-step"),
    path(_job, pages.job, name="microtask"),
    path(f"{_job}take/", pages.begin, name="microtask-take"),
    path(f"{_job}answers/", pages.my_answers, name="microtask-answers"),
    path(f"{_job}pictures/<uuid:picture_id>/", pages.picture, name="microtask-picture"),
    path(f"{_job}edit/", poster_pages.edit, name="microtask-edit"),
    path(f"{_job}load/", poster_pages.load, name="microtask-load"),
    path(f"{_job}pictures/", poster_pages.add_pictures, name="microtask-pictures"),
    path(f"{_job}pay/", poster_pages.pay, name="microtask-pay"),
    path(f"{_job}items/", poster_pages.items, name="microtask-items"),
    path(f"{_job}items/<uuid:item_id>/", poster_pages.item_step, name="microtask-item-step"),
    path(f"{_job}reject/<uuid:answer_id>/", poster_pages.reject, name="microtask-reject"),
    path(f"{_job}pleas/", poster_pages.pleas_page, name="microtask-pleas"),
    path(f"{_job}export/", poster_pages.export, name="microtask-export"),
    path(f"{_job}review/", poster_pages.review, name="microtask-review"),
    path(f"{_job}review/<slug:act>/", poster_pages.review_step, name="microtask-review-step"),
    path(f"{_job}<slug:act>/", poster_pages.step, name="microtask-step"),
]
