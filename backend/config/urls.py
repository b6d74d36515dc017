"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from backend.web import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("favicon.ico", RedirectView.as_view(url="/static/web/mark.svg")),
    path("payments/", include("backend.payments.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("backend.config.api_urls")),
    path("back-office/", admin.site.urls),
    path("", include("backend.demo.urls")),
    path("", include("crowdfunding.campaigns.urls")),
    path("", include("crowdfunding.fulfilment.urls")),
    path("", include("backend.web.urls")),
]

handler400 = "backend.web.errors.bad_request"
handler403 = "backend.web.errors.forbidden"
handler404 = "backend.web.errors.not_found"
handler500 = "backend.web.errors.server_error"
