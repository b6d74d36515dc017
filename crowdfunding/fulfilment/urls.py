"""Addresses of fulfilment's pages."""

from django.urls import path

from crowdfunding.fulfilment import pages

urlpatterns = [
    path("parcels/<uuid:pledge_id>/address/", pages.address, name="parcel-address"),
    path("parcels/<uuid:pledge_id>/lost/", pages.lost, name="parcel-lost"),
    path("fulfilment/<uuid:campaign_id>/", pages.desk, name="fulfilment"),
    path("fulfilment/<uuid:campaign_id>/survey/", pages.survey, name="fulfilment-survey"),
    path("fulfilment/<uuid:campaign_id>/lock/", pages.announce, name="fulfilment-lock"),
    path("fulfilment/<uuid:campaign_id>/packing/<slug:form>/", pages.packing, name="fulfilment-packing"),
    path("fulfilment/<uuid:campaign_id>/shipments/", pages.ship, name="fulfilment-ship"),
    path(
        "fulfilment/<uuid:campaign_id>/parcels/<uuid:parcel_id>/<slug:act>/", pages.parcel_act, name="fulfilment-parcel"
    ),
]
