"""Publishing the fee schedule from its typed seed file. Runs as the owner role, in `sizhong migrate`."""

import tomllib
from pathlib import Path

from backend.ledger import operations as ledger
from backend.ledger.models import Fee

STANDING = (
    ledger.CLEARING, ledger.HISTORICAL_CLEARING, ledger.SUSPENSE, ledger.PLATFORM_FEES, ledger.RESERVE,
    ledger.WITHHELD_TAX,
)  # fmt: skip


def publish() -> int:
    """Write the seed file's lines, open the standing accounts, and return the number of lines. Safe to repeat."""
    for account in STANDING:
        ledger.open_account(account)
    rows = tomllib.loads((Path(__file__).parent / "fees.toml").read_text(encoding="utf-8"))["fee"]
    for row in rows:
        keys = {"code": row.pop("code"), "valid_from": row.pop("valid_from")}
        Fee.objects.update_or_create(**keys, defaults=row)
    return len(rows)
