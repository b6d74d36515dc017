"""Addresses of engagements' pages."""

from django.urls import path

from marketplace.engagements import pages

_contract = "contracts/<uuid:contract_id>/"
_stage = "milestones/<uuid:milestone_id>/"

urlpatterns = [
    path("contracts/", pages.mine, name="contracts"),
    path(_contract, pages.contract, name="contract"),
    path(f"{_contract}sign/", pages.sign, name="contract-sign"),
    path(f"{_contract}messages/", pages.say, name="contract-say"),
    path(f"{_contract}messages/<uuid:message_id>/", pages.message_file, name="contract-message-file"),
    path(f"{_contract}review/", pages.review, name="contract-review"),
    path(f"{_contract}files/<uuid:file_id>/", pages.delivered, name="delivered-file"),
    path(f"{_contract}<slug:act>/", pages.contract_step, name="contract-step"),
    path(f"{_stage}pay/", pages.pay, name="milestone-pay"),
    path(f"{_stage}deliveries/", pages.submit, name="milestone-submit"),
    path(f"{_stage}claims/", pages.claim, name="milestone-claim"),
    path(f"{_stage}invoice/", pages.attach_invoice, name="invoice-attach"),
    path(f"{_stage}invoice/ask/", pages.ask_invoice, name="invoice-ask"),
    path(f"{_stage}invoice/file/", pages.invoice_file, name="invoice-file"),
    path(f"{_stage}<slug:act>/", pages.stage_step, name="milestone-step"),
    path("claims/<uuid:claim_id>/<slug:act>/", pages.claim_step, name="claim-step"),
    path("reviews/<uuid:review_id>/reply/", pages.reply, name="review-reply"),
]
