"""Every address of the API."""

from django.urls import path

from backend.disputes import api as disputes
from backend.web.docs import Docs, Schema
from backend.web.notification_pages import MyNotifications
from crowdfunding.campaigns import api, complaint_api, desk_api, stretch_api
from crowdfunding.fulfilment import api as fulfilment
from crowdfunding.leads import api as leads
from crowdfunding.pots import api as pots

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
    path(f"{_campaign}/reminder", api.Reminding.as_view()),
    path(f"{_campaign}/pledges", api.CampaignPledges.as_view()),
    path("v1/pledges", api.Pledges.as_view()),
    path(_pledge, api.PledgeOne.as_view()),
    path(f"{_pledge}/trail", api.PledgeTrail.as_view()),
    path(f"{_pledge}/cashier", api.PledgeCashier.as_view()),
    path(f"{_pledge}/refund", api.PledgeRefund.as_view()),
    path(f"{_pledge}/complaint", complaint_api.PledgeComplaint.as_view()),
    path("v1/cases", disputes.Cases.as_view()),
    path("v1/cases/<uuid:case_id>", disputes.CaseOne.as_view()),
    path("v1/cases/<uuid:case_id>/evidence", disputes.CaseEvidence.as_view()),
    path("v1/cases/<uuid:case_id>/evidence/<uuid:evidence_id>", disputes.EvidenceOne.as_view()),
    path("v1/cases/<uuid:case_id>/<slug:act>", disputes.CaseStep.as_view()),
    path(f"{_pledge}/receipt", api.PledgeReceipt.as_view()),
    path(f"{_pledge}/cancellation", desk_api.PledgeCancellation.as_view()),
    path(f"{_pledge}/confirmation", desk_api.PledgeConfirmation.as_view()),
    path(f"{_campaign}/extension", desk_api.CampaignExtension.as_view()),
    path(f"{_pledge}/answer", desk_api.PledgeAnswer.as_view()),
    path(f"{_campaign}/backers", desk_api.Backers.as_view()),
    path(f"{_campaign}/ending", desk_api.CampaignEnding.as_view()),
    path(f"{_campaign}/ending/confirmation", desk_api.EndingConfirmation.as_view()),
    path(f"{_campaign}/review/<slug:act>", desk_api.ReviewStep.as_view()),
    path(f"{_pledge}/parcel", fulfilment.PledgeParcel.as_view()),
    path(f"{_pledge}/parcel/loss", fulfilment.ParcelLoss.as_view()),
    path(f"{_campaign}/survey", fulfilment.CampaignSurvey.as_view()),
    path(f"{_campaign}/survey/lock", fulfilment.SurveyLock.as_view()),
    path(f"{_campaign}/parcels", fulfilment.CampaignParcels.as_view()),
    path(f"{_campaign}/shipments", fulfilment.CampaignShipments.as_view()),
    path("v1/parcels/<uuid:parcel_id>/settlement", fulfilment.ParcelSettlement.as_view()),
    path(f"{_campaign}/stretches", stretch_api.CampaignStretches.as_view()),
    path("v1/stretches/<uuid:stretch_id>", stretch_api.StretchOne.as_view()),
    path("v1/leads", leads.DealInbox.as_view()),
    path("v1/leads/<uuid:lead_id>", leads.LeadOne.as_view()),
    path("v1/leads/<uuid:lead_id>/reports", leads.LeadReports.as_view()),
    path("v1/leads/<uuid:lead_id>/<slug:act>", leads.LeadStep.as_view()),
    path("v1/lead-reports/<uuid:report_id>/filing", leads.ReportFiling.as_view()),
    path(f"{_campaign}/led", leads.CampaignLed.as_view()),
    path(f"{_campaign}/leads", leads.CampaignLeads.as_view()),
    path(f"{_pledge}/following", leads.PledgeFollowing.as_view()),
    path("v1/pots", pots.Pots.as_view()),
    path("v1/pots/<uuid:pot_id>", pots.PotOne.as_view()),
    path("v1/pots/<uuid:pot_id>/cashier", pots.PotCashier.as_view()),
    path("v1/pots/<uuid:pot_id>/<slug:act>", pots.PotStep.as_view()),
    path(f"{_campaign}/matching", pots.CampaignMatching.as_view()),
    path(f"{_pledge}/match", pots.PledgeMatch.as_view()),
    path("v1/tiers/<uuid:tier_id>", desk_api.TierOne.as_view()),
    path("v1/my/campaigns", desk_api.MyCampaigns.as_view()),
    path("v1/my/messages", desk_api.MyMessages.as_view()),
    path("v1/my/notifications", MyNotifications.as_view()),
    path("v1/payouts", desk_api.Payouts.as_view()),
    path("v1/finance/verification", desk_api.Verification.as_view()),
    path("v1/finance/disputes", desk_api.Disputes.as_view()),
    path("v1/finance/bulk/<uuid:campaign_id>", desk_api.BulkRefund.as_view()),
    path("v1/finance/<slug:name>", desk_api.Desk.as_view()),
    path("v1/finance/<slug:kind>/<str:key>/<slug:act>", desk_api.DeskDecision.as_view()),
]
