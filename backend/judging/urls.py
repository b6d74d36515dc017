"""Addresses of judging's pages."""

from django.urls import path

from backend.judging import pages

_call = "judging/<uuid:call_id>/"
_objection = "objections/<uuid:objection_id>/"

urlpatterns = [
    path("judging/", pages.seats, name="judging-seats"),
    path("judging/join/<slug:code>/", pages.join, name="judging-join"),
    path(_call, pages.desk, name="judging-desk"),
    path(f"{_call}judges/<uuid:judge_id>/remove/", pages.remove, name="judging-remove"),
    path(f"{_call}works/<uuid:application_id>/score/", pages.score, name="judging-score"),
    path(f"{_call}works/<uuid:application_id>/<slug:act>/", pages.work_step, name="judging-work-step"),
    path(f"{_call}<slug:act>/", pages.call_step, name="judging-step"),
    path("objections/", pages.objection_queue, name="objections"),
    path("objections/new/<uuid:application_id>/", pages.object_to, name="objection-new"),
    path(_objection, pages.objection, name="objection"),
    path(f"{_objection}evidence/", pages.evidence, name="objection-evidence"),
    path(f"{_objection}files/<uuid:file_id>/", pages.objection_file, name="objection-file"),
    path(f"{_objection}<slug:act>/", pages.objection_step, name="objection-step"),
    path("proofs/", pages.my_proofs, name="proofs"),
    path("proofs/<uuid:proof_id>/", pages.proof, name="proof"),
    path("proofs/<uuid:proof_id>/file/", pages.proof_file, name="proof-file"),
]
