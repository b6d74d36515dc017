"""Addresses of campaigns' pages."""

from django.urls import path

from crowdfunding.campaigns import complaint_pages, console_pages, outside_pages, pages, staff_pages

urlpatterns = [
    path("campaigns/", pages.browse, name="browse"),
    path("campaigns/<uuid:campaign_id>/", pages.campaign, name="campaign"),
    path("campaigns/<uuid:campaign_id>/share/", pages.share, name="share"),
    path("campaigns/<uuid:campaign_id>/remind/", pages.remind, name="remind"),
    path("campaigns/<uuid:campaign_id>/figures/", pages.figures, name="figures"),
    path("campaigns/<uuid:campaign_id>/pledge/", pages.pledge_form, name="pledge-form"),
    path("campaigns/<uuid:campaign_id>/questions/", pages.ask, name="ask"),
    path("questions/<uuid:question_id>/answer/", pages.answer, name="answer"),
    path("my/pledges/", pages.my_pledges, name="my-pledges"),
    path("pledges/<uuid:pledge_id>/", pages.pledge, name="pledge"),
    path("pledges/<uuid:pledge_id>/pay/", pages.pay, name="pledge-pay"),
    path("pledges/<uuid:pledge_id>/complain/", complaint_pages.complain, name="complain"),
    path("pledges/<uuid:pledge_id>/outside/<slug:act>/", outside_pages.act, name="outside-act"),
    path("pledges/<uuid:pledge_id>/<slug:act>/", pages.pledge_act, name="pledge-act"),
    path("create/", console_pages.console, name="console"),
    path("create/coach/", console_pages.coach, name="coach"),
    path("create/money/", console_pages.money, name="console-money"),
    path("create/money/repay/", console_pages.repay, name="repay-debts"),
    path("create/<uuid:campaign_id>/", console_pages.campaign, name="console-campaign"),
    path("create/<uuid:campaign_id>/edit/", console_pages.edit, name="console-edit"),
    path("create/<uuid:campaign_id>/preview/", console_pages.preview, name="console-preview"),
    path("create/<uuid:campaign_id>/tiers/", console_pages.add_tier, name="console-tier"),
    path("create/<uuid:campaign_id>/stretches/", console_pages.add_stretch, name="console-stretch"),
    path("create/stretches/<uuid:stretch_id>/remove/", console_pages.remove_stretch, name="console-stretch-remove"),
    path("create/tiers/<uuid:tier_id>/remove/", console_pages.remove_tier, name="console-tier-remove"),
    path("create/<uuid:campaign_id>/backers/", console_pages.backers, name="console-backers"),
    path("create/<uuid:campaign_id>/backers.xlsx", console_pages.backers_sheet, name="console-backers-sheet"),
    path("create/<uuid:campaign_id>/<slug:act>/", console_pages.act, name="console-act"),
    path("review/", staff_pages.queue, name="review-queue"),
    path("review/<uuid:campaign_id>/", staff_pages.review, name="review"),
    path("review/<uuid:campaign_id>/<slug:act>/", staff_pages.review_act, name="review-act"),
    path("finance/", staff_pages.finance, name="finance"),
    path("finance/verify/", staff_pages.verify, name="finance-verify"),
    path("finance/bulk/<uuid:campaign_id>/", staff_pages.bulk, name="finance-bulk"),
    path("finance/disputes/", staff_pages.open_dispute, name="finance-dispute"),
    path("finance/<slug:kind>/<str:key>/<slug:act>/", staff_pages.finance_act, name="finance-act"),
]
