"""`sizhong sandbox describe`: what an independent client of the local gateway needs."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from backend.common.errors import Refusal
from backend.common.fen import parse_yuan, wire_yuan
from backend.payments.models import PaymentIntent


class Command(BaseCommand):
    """Addresses, numbers and key files of the sandbox; with `--new-order` an order to pay."""

    help = "Describe the local gateway for an independent client; --new-order YUAN opens an order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="results alone on standard output")
        parser.add_argument("--new-order", metavar="YUAN", help="open an order of this sum on a live campaign")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SIZHONG_DEMO:
            raise CommandError("the sandbox exists in demo and tests only")
        alipay = settings.ALIPAY
        keys = Path(str(alipay["private_key"])).resolve().parent
        found: dict[str, Any] = {
            "gateway": alipay["gateway"],
            "notifyUrl": alipay["notify_url"],
            "returnUrl": alipay["return_url"],
            "appId": alipay["app_id"],
            "sellerId": alipay["seller_id"],
            "merchantPrivateKey": str(keys / "merchant_private.pem"),
            "platformPublicKey": str(keys / "platform_public.pem"),
            "platformPrivateKey": str(keys / "platform_private.pem"),
        }
        if options["new_order"]:
            order = self._open(options["new_order"])
            found["stateUrl"] = f"{settings.SITE_URL}/demo/orders/{order.number}/"
            found["order"] = {
                "outTradeNo": order.number,
                "totalAmount": wire_yuan(order.amount_fen),
                "subject": order.title,
            }
        else:
            found["stateUrl"] = f"{settings.SITE_URL}/demo/orders/{{outTradeNo}}/"
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for name, value in found.items():
                self.stdout.write(f"{name:20} {value}")

    def _open(self, yuan: str) -> PaymentIntent:
        """A real order; who buys what is the demo's business, reached by name so that no import points up."""
        try:
            amount = parse_yuan(yuan, field="new-order")
            order: PaymentIntent = import_string(settings.SIZHONG_DEMO_ORDER)(amount)
        except Refusal as refusal:
            raise CommandError(refusal.text("en")) from refusal
        return order
