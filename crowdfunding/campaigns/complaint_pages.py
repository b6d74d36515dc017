"""A backer's way from a refused refund to a dispute."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backend.accounts.doors import actor_of, signed_in
from backend.common import clock
from backend.common.errors import NotFound, Refusal
from backend.common.fen import parse_yuan
from backend.common.rules import value
from crowdfunding.campaigns.operations import complaints, pledges


@require_http_methods(["GET", "POST"])
@signed_in
def complain(request: HttpRequest, pledge_id: UUID) -> HttpResponse:
    """Say what happened and what would mend it; what was paid is held until somebody has decided."""
    made = pledges.own_pledge(pledge_id, actor_of(request))
    now = clock.now()
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            case = complaints.complain(
                pledge_id=pledge_id,
                facts=request.POST.get("facts", ""),
                wanted_fen=parse_yuan(request.POST.get("wanted", "").strip(), field="wanted"),
                by=actor_of(request),
                at=now,
            )
            messages.success(request, _("投诉已提交，争议金额已冻结"))
            return redirect("case", case.pk)
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    elif not complaints.may_complain(made, made.campaign, now):
        return redirect("pledge", pledge_id)
    intent = pledges.intent_of(made.pk)
    context = {
        "nav": "my",
        "pledge": made,
        "left_fen": intent.amount_fen - intent.refunded_fen,
        "form": request.POST,
        "refusal": refusal,
        "days": {key: value(f"disputes.{key}_days", at=now) for key in ("evidence", "decide", "appeal")},
    }
    return render(request, "campaigns/complain.html", context, status=refusal.status if refusal else 200)
