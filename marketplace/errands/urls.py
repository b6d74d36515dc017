"""Addresses of on-site errands' pages."""

from django.urls import path

from marketplace.errands import pages, poster_pages, service_pages

_errand = "errands/<uuid:errand_id>/"
_stop = "errands/stops/<uuid:stop_id>/"
_licence = "errands/licences/<uuid:licence_id>/"

urlpatterns = [
    path("errands/", pages.hall, name="errands"),
    path("errands/nearby/", pages.nearby, name="errand-nearby"),
    path("errands/board/", poster_pages.board, name="errand-board"),
    path("errands/mine/", pages.mine, name="errand-mine"),
    path("errands/runner/", pages.runner, name="errand-runner"),
    path("errands/services/", service_pages.near, name="errand-services"),
    path("errands/services/<uuid:service_id>/hide/", service_pages.hide, name="errand-service-hide"),
    path("errands/services/<uuid:service_id>/remove/", service_pages.remove, name="errand-service-remove"),
    path("errands/card/", service_pages.mine, name="errand-card-mine"),
    path("errands/providers/<uuid:runner_id>/", service_pages.card, name="errand-card"),
    path("errands/licences/", pages.add_licence, name="errand-licences"),
    path(_licence, pages.licence, name="errand-licence"),
    path(f"{_licence}picture/", pages.licence_picture, name="errand-licence-picture"),
    path(f"{_licence}<slug:act>/", pages.licence_step, name="errand-licence-step"),
    path("errands/offers/<uuid:offer_id>/<slug:act>/", pages.offer_step, name="errand-offer-step"),
    path(_stop, pages.stop, name="errand-stop"),
    path(f"{_stop}photos/<uuid:photo_id>/", pages.photo, name="errand-photo"),
    path(f"{_stop}finding/<slug:act>/", pages.finding, name="errand-finding"),
    path(f"{_stop}<slug:act>/", pages.stop_step, name="errand-stop-step"),
    path(_errand, pages.errand, name="errand"),
    path(f"{_errand}edit/", poster_pages.edit, name="errand-edit"),
    path(f"{_errand}forecast/", poster_pages.forecast, name="errand-forecast"),
    path(f"{_errand}pay/", poster_pages.pay, name="errand-pay"),
    path(f"{_errand}export/", poster_pages.export, name="errand-export"),
    path(f"{_errand}draft/<slug:act>/", poster_pages.draft_step, name="errand-draft-step"),
    path(f"{_errand}stops/<uuid:stop_id>/remove/", poster_pages.remove_stop, name="errand-remove-stop"),
    path(f"{_errand}review/", poster_pages.review, name="errand-review"),
    path(f"{_errand}review/<slug:act>/", poster_pages.review_step, name="errand-review-step"),
    path(f"{_errand}<slug:act>/", poster_pages.step, name="errand-step"),
]
