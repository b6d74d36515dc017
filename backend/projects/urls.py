"""Addresses of ventures' pages."""

from django.urls import path

from backend.projects import pages

urlpatterns = [
    path("my/projects/", pages.mine, name="my-projects"),
    path("my/projects/<uuid:passport_id>/", pages.workbench, name="project-workbench"),
    path("projects/join/<str:token>/", pages.join, name="project-join"),
    path("projects/pictures/<uuid:picture_id>/", pages.picture, name="project-picture"),
    path("projects/documents/<uuid:document_id>/", pages.document, name="project-document"),
    path("projects/documents/<uuid:document_id>/<slug:act>/", pages.document_act, name="project-document-act"),
    path("projects/drop/<slug:what>/<uuid:key>/", pages.drop, name="project-drop"),
    path("projects/<uuid:passport_id>/", pages.project, name="project"),
    path("projects/<uuid:passport_id>/follow/", pages.follow, name="project-follow"),
    path("projects/<uuid:passport_id>/review/", pages.review, name="project-review"),
    path("projects/<uuid:passport_id>/<slug:act>/", pages.act, name="project-act"),
]
