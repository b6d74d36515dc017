"""Addresses of contests' pages."""

from django.urls import path

from marketplace.contests import host_pages, pages

_contest = "contests/<uuid:contest_id>/"
_entry = "entries/<uuid:entry_id>/"

urlpatterns = [
    path("contests/", pages.hall, name="contests"),
    path("contests/board/", host_pages.board, name="contest-board"),
    path("contests/mine/", pages.mine, name="contest-mine"),
    path(_contest, pages.contest, name="contest"),
    path(f"{_contest}enter/", pages.enter, name="contest-enter"),
    path(f"{_contest}edit/", host_pages.edit, name="contest-edit"),
    path(f"{_contest}pay/", host_pages.pay, name="contest-pay"),
    path(f"{_contest}extend/", host_pages.extend, name="contest-extend"),
    path(f"{_contest}export/", host_pages.export, name="contest-export"),
    path(f"{_contest}secret/", pages.secret, name="contest-secret"),
    path(f"{_contest}secret/promise/", pages.promise, name="contest-promise"),
    path(f"{_contest}secret/pledge/", pages.pledge, name="contest-pledge"),
    path(f"{_contest}secret/pledges/", host_pages.pledges, name="contest-pledges"),
    path(f"{_contest}secret/<uuid:file_id>/", pages.secret_file, name="contest-secret-file"),
    path(f"{_contest}files/", host_pages.attach, name="contest-attach"),
    path(f"{_contest}files/<uuid:file_id>/", pages.file, name="contest-file"),
    path(f"{_contest}files/<uuid:file_id>/drop/", host_pages.detach, name="contest-detach"),
    path(f"{_contest}review/", host_pages.review, name="contest-review"),
    path(f"{_contest}review/<slug:act>/", host_pages.review_step, name="contest-review-step"),
    path(f"{_contest}<slug:act>/", host_pages.step, name="contest-step"),
    path(_entry, pages.entry, name="entry"),
    path(f"{_entry}files/", pages.entry_attach, name="entry-attach"),
    path(f"{_entry}files/<uuid:file_id>/", pages.entry_file, name="entry-file"),
    path(f"{_entry}files/<uuid:file_id>/drop/", pages.entry_detach, name="entry-detach"),
    path(f"{_entry}<slug:act>/", pages.entry_step, name="entry-step"),
]
