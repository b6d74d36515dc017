"""Every address of the site."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from backend.web import health

OWN_CONTACT = ("email", "phone/change", "phone/verify")
"""Where django-allauth would change a number or mailbox without our rules for it."""


def mark(request: HttpRequest) -> HttpResponseRedirect:
    """The site's sign, for browsers that ask where it always was."""
    return HttpResponseRedirect(static("web/mark.svg"))


urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("favicon.ico", mark),
    path("payments/", include("backend.payments.urls")),
    *(path(f"accounts/{way}/", RedirectView.as_view(pattern_name="contact")) for way in OWN_CONTACT),
    path("accounts/", include("allauth.urls")),
    path("api/", include("backend.config.api_urls")),
    path("back-office/", admin.site.urls),
    path("", include("backend.demo.urls")),
    path("", include("backend.moderation.urls")),
    path("", include("backend.disputes.urls")),
    path("", include("backend.projects.urls")),
    path("", include("crowdfunding.campaigns.urls")),
    path("", include("crowdfunding.fulfilment.urls")),
    path("", include("crowdfunding.leads.urls")),
    path("", include("crowdfunding.pots.urls")),
    path("", include("crowdfunding.diary.urls")),
    path("", include("crowdfunding.freight.urls")),
    path("", include("crowdfunding.harvest.urls")),
    path("", include("marketplace.tax.urls")),
    path("", include("marketplace.engagements.urls")),
    path("", include("marketplace.profiles.urls")),
    path("", include("marketplace.announcements.urls")),
    path("", include("marketplace.covers.urls")),
    path("", include("marketplace.keeping.urls")),
    path("", include("marketplace.invitations.urls")),
    path("", include("marketplace.desk.urls")),
    path("", include("marketplace.tasks.urls")),
    path("", include("marketplace.contests.urls")),
    path("", include("marketplace.microtasks.urls")),
    path("", include("marketplace.errands.urls")),
    path("", include("marketplace.ideas.urls")),
    path("", include("marketplace.knowledge.urls")),
    path("", include("backend.judging.urls")),
    path("", include("backend.web.urls")),
]

handler400 = "backend.web.errors.bad_request"
handler403 = "backend.web.errors.forbidden"
handler404 = "backend.web.errors.not_found"
handler500 = "backend.web.errors.server_error"
