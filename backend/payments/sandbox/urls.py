"""Addresses of the gateway."""

from django.urls import path

from backend.payments.sandbox import views

urlpatterns = [
    path("sandbox/alipay/gateway.do", views.gateway),
    path("sandbox/alipay/cashier/<str:token>/", views.cashier),
    path("sandbox/alipay/cashier/<str:token>/pay", views.pay),
    path("sandbox/alipay/trades/<str:number>", views.state),
    path("sandbox/alipay/bills", views.bill),
    path("sandbox/control", views.control),
]
