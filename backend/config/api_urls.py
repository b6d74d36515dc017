"""Every address of the API."""

from django.urls import path

from backend.web.docs import Docs, Schema
from crowdfunding.campaigns import api

_campaign = "v1/campaigns/<uuid:campaign_id>"
_pledge = "v1/pledges/<uuid:pledge_id>"

urlpatterns = [
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    path("v1/campaigns", api.Campaigns.as_view()),
    path(_campaign, api.CampaignOne.as_view()),
    path(f"{_campaign}/tiers", api.CampaignTiers.as_view()),
    path(f"{_campaign}/submission", api.Submission.as_view()),
    path(f"{_campaign}/approval", api.ReviewApproval.as_view()),
    path(f"{_campaign}/return", api.ReviewReturn.as_view()),
    path(f"{_campaign}/launch", api.Launch.as_view()),
    path(f"{_campaign}/withdrawal", api.Withdrawal.as_view()),
    path(f"{_campaign}/cancellation", api.CancellationStep.as_view()),
    path(f"{_campaign}/shipment", api.Shipment.as_view()),
    path(f"{_campaign}/updates", api.Updates.as_view()),
    path(f"{_campaign}/questions", api.Questions.as_view()),
    path(f"{_campaign}/pledges", api.CampaignPledges.as_view()),
    path("v1/pledges", api.Pledges.as_view()),
    path(_pledge, api.PledgeOne.as_view()),
    path(f"{_pledge}/trail", api.PledgeTrail.as_view()),
    path(f"{_pledge}/cashier", api.PledgeCashier.as_view()),
    path(f"{_pledge}/refund", api.PledgeRefund.as_view()),
    path(f"{_pledge}/receipt", api.PledgeReceipt.as_view()),
]
