"""The operators' admin (unfold): looks at everything, changes nothing about money or states."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backend.accounts.models import Membership, Party, StaffRole, User
from backend.common.models import Delivery, OutboxEvent, Rule, StateChange
from backend.ledger.models import Account, Fee, Transfer
from backend.moderation.models import Appeal, Review, StaffAct
from backend.payments.models import Dispute, Notice, PaymentIntent, Payout, Refund, RefundBatch, StopSwitch
from backend.projects.models import Evidence, Passport
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.leads.models import Lead, LedRound
from crowdfunding.leads.models import Report as LeadReport
from crowdfunding.pots.models import Match, Pot


class ReadOnly(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """A list and a detail page; no adding, changing or deleting. Every act goes through its operation."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


_SHOWN: dict[type[Any], tuple[str, ...]] = {
    Party: ("name", "kind", "level", "county"),
    User: ("username", "phone_masked", "is_active", "is_staff"),
    Membership: ("organisation", "user", "role", "valid_to", "revoked_at"),
    StaffRole: ("user", "role", "county", "valid_to"),
    Rule: ("key", "ruleset", "value", "unit", "valid_from", "valid_to"),
    StateChange: ("machine", "event", "source", "target", "role", "at"),
    OutboxEvent: ("id", "kind", "at", "fanned_out"),
    Delivery: ("handler", "state", "tries", "error"),
    Account: ("code", "kind", "debits_fen", "credits_fen", "held_fen"),
    Transfer: ("seq", "kind", "phase", "debit", "credit", "amount_fen", "at"),
    Fee: ("code", "name", "rate_bp", "valid_from", "valid_to"),
    PaymentIntent: ("number", "state", "amount_fen", "created_at", "paid_at"),
    Notice: ("id", "outcome", "reason", "received_at", "times"),
    Refund: ("number", "state", "amount_fen", "created_at", "succeeded_at"),
    RefundBatch: ("reason", "state", "count", "total_fen", "created_at"),
    Payout: ("number", "state", "amount_fen", "created_at", "paid_at"),
    Dispute: ("provider_no", "state", "amount_fen", "opened_at"),
    StopSwitch: ("stopped", "reason", "at"),
    Campaign: ("title", "state", "goal_fen", "raised_fen", "closes_at"),
    Tier: ("title", "price_fen", "stock", "left", "is_open"),
    Pledge: ("id", "state", "total_fen", "created_at"),
    LedRound: ("campaign", "state", "state_at", "due_at"),
    Lead: ("party", "campaign", "state", "stake_fen", "state_at"),
    Pot: ("title", "sponsor", "state", "amount_fen", "closes_at"),
    Match: ("pot", "pledge", "state", "fen", "paid_fen"),
    LeadReport: ("lead", "no", "state", "due_at", "filed_at"),
    Passport: ("name", "holder", "state", "stage", "touched_at"),
    Evidence: ("kind", "number", "issuer", "state", "checker"),
    Review: ("title", "kind", "decision", "opened_at"),
    Appeal: ("title", "kind", "state", "filed_at"),
    StaffAct: ("act", "person_id", "reason", "at"),
}

for _model, _columns in _SHOWN.items():
    admin.site.register(_model, type(f"{_model.__name__}Admin", (ReadOnly,), {"list_display": _columns}))

admin.site.unregister(Group)
