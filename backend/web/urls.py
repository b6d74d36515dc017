"""Addresses of the site's own pages."""

from django.urls import path

from backend.web import account_pages, contact_pages, notification_pages, organisation_pages, pages, project_pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("preferences/", pages.preferences, name="preferences"),
    path("fees/", pages.fees, name="fees"),
    path("rules/", pages.rules_page, name="rules"),
    path("projects/", project_pages.projects, name="projects"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("sign-in/", account_pages.sign_in, name="sign-in"),
    path("sign-in/code/", account_pages.sign_in_code, name="sign-in-code"),
    path("sign-in/proof/", account_pages.sign_in_proof, name="sign-in-proof"),
    path("sign-out/", account_pages.sign_out, name="sign-out"),
    path("my/", account_pages.my, name="my"),
    path("my/account/", account_pages.account, name="account"),
    path("my/account/contact/", contact_pages.contact, name="contact"),
    path("my/account/hat/", account_pages.change_hat, name="change-hat"),
    path("my/account/tokens/", account_pages.make_token, name="make-token"),
    path("my/account/tokens/<uuid:token_id>/revoke/", account_pages.revoke_token, name="revoke-token"),
    path("my/account/data/", account_pages.my_data, name="my-data"),
    path("my/account/payout/", account_pages.payout_account, name="payout-account"),
    path("my/account/close/", account_pages.close_account, name="close-account"),
    path("my/organisations/", organisation_pages.organisations, name="organisations"),
    path("my/organisations/<uuid:organisation_id>/", organisation_pages.organisation, name="organisation"),
    path("my/organisations/<uuid:organisation_id>/members/", organisation_pages.authorise, name="authorise"),
    path(
        "my/organisations/<uuid:organisation_id>/members/<uuid:membership_id>/revoke/",
        organisation_pages.revoke,
        name="revoke-authorisation",
    ),
    path("my/notifications/", notification_pages.choices, name="notifications"),
    path("my/inbox/", account_pages.inbox, name="inbox"),
]
