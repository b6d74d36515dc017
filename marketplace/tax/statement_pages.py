"""Pages of what was paid and withheld: a worker's year, and the quarter's report for finance."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backend.accounts.doors import actor_of, signed_in, staff
from backend.common import clock, paging
from backend.common.actors import Role
from backend.common.errors import NotFound
from backend.common.fen import wire_yuan
from backend.common.rules import SHANGHAI
from backend.common.workbooks import book, download
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from marketplace.tax import queries
from marketplace.tax.pages import METHODS


def _today() -> date:
    return clock.now().astimezone(SHANGHAI).date()


def _year(request: HttpRequest, today: date) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:4]) <= today.year else today.year


@require_GET
@signed_in
def earnings(request: HttpRequest) -> HttpResponse:
    """A worker's year: gross, fee, tax, net, month by month, and every payment."""
    party_id, today = actor_of(request).party_id, _today()
    if party_id is None:
        raise NotFound
    year = _year(request, today)
    page = paging.page(
        queries.of_payee(party_id, year), order=("-day", "-id"), cursor=request.GET.get("cursor", ""), size=50
    )
    context = {
        "nav": "work",
        "statement": queries.statement(party_id, year),
        "years": queries.years(party_id, today),
        "page": page,
        "methods": METHODS,
        "payable_fen": books.available(ledger.payable_to(party_id)),
    }
    return render(request, "tax/earnings.html", context)


@require_GET
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """A worker's year as a workbook, for the yearly settlement."""
    party_id, today = actor_of(request).party_id, _today()
    if party_id is None:
        raise NotFound
    year = _year(request, today)
    rows = queries.of_payee(party_id, year).order_by("day", "pk")[:5_000]
    lines = [
        [
            row.day.isoformat(),
            f"{row.title}（{_('更正：款项已退回')}）" if row.corrects_id else row.title,
            wire_yuan(row.paid_fen),
            wire_yuan(row.fee_fen),
            wire_yuan(row.taxable_fen),
            f"{row.percent}%",
            wire_yuan(row.tax_fen),
            row.source,
        ]
        for row in rows
    ]
    head = [_("日期"), _("事项"), _("报酬"), _("服务费"), _("计税所得"), _("预扣率"), _("预扣税额"), _("依据")]
    return download(book(f"{year}", head, lines), f"earnings-{year}")


@require_GET
@staff(Role.FINANCE, Role.AUDITOR)
def report(request: HttpRequest) -> HttpResponse:
    """A quarter's income by payee, to be reported in the month after it."""
    year, quarter = queries.quarter_of(request.GET.get("quarter", ""), _today())
    rows = queries.report(year, quarter)
    if request.GET.get("export"):
        head = [_("收款方"), _("类别"), _("统一社会信用代码"), _("笔数"), _("收入总额"), _("服务费"), _("预扣税额")]
        lines = [
            [
                row.party.name,
                row.party.kind,
                row.party.uscc or "",
                str(row.payments),
                wire_yuan(row.paid_fen),
                wire_yuan(row.fee_fen),
                wire_yuan(row.tax_fen),
            ]
            for row in rows
        ]
        return download(book(f"{year}Q{quarter}", head, lines), f"report-{year}-{quarter}")
    context = {
        "nav": "finance",
        "year": year,
        "quarter": quarter,
        "rows": rows[:200],
        "count": len(rows),
        "paid_fen": sum(row.paid_fen for row in rows),
        "tax_fen": sum(row.tax_fen for row in rows),
        "held_fen": books.balance(ledger.WITHHELD_TAX),
    }
    return render(request, "tax/report.html", context)
