"""`sizhong ledger statement ACCOUNT`: the transfers of an account, newest first."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from backend.common.fen import wire_yuan
from backend.ledger.models import Account, Transfer


class Command(BaseCommand):
    """Print one line a transfer, tab-separated."""

    help = "Print the newest transfers of an account by its code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account")
        parser.add_argument("--limit", type=int, default=100)

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(code=options["account"]).first()
        if account is None:
            raise CommandError(f"no account {options['account']}")
        touching = Transfer.objects.filter(Q(debit=account) | Q(credit=account)).select_related("debit", "credit")
        for row in touching.order_by("-seq")[: options["limit"]]:
            line = (
                row.seq,
                row.at.isoformat(),
                row.kind,
                row.phase,
                row.debit.code,
                row.credit.code,
                wire_yuan(row.amount_fen),
            )
            self.stdout.write("\t".join(str(value) for value in line))
