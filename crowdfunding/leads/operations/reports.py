"""What leads owe their followers after success: a report a month (领投报告)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import outbox, richtext, rules
from backend.common.actors import CLOCK, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound
from crowdfunding.leads.events import ReportMoved
from crowdfunding.leads.models import Lead, Report
from crowdfunding.leads.states import Leading, Reporting

MOST_CHARACTERS = 10_000


def ask_first(lead: Lead, *, at: datetime) -> None:
    """The first report is due a month after success. Safe to repeat."""
    if not Report.objects.filter(lead=lead).exists():
        _ask(lead, 1, at)


def _ask(lead: Lead, number: int, since: datetime) -> None:
    due = since + rules.days("leads.report_days", at=since)
    Report.objects.create(lead=lead, no=number, due_at=due)


def release(lead: Lead, *, at: datetime) -> None:
    """The campaign is closed: what is not due yet need not be filed."""
    for report in Report.objects.select_for_update().filter(lead=lead, state=Reporting.DUE):
        report.move("void", by=CLOCK, at=at)


def own(report_id: UUID, by: Actor) -> Report:
    """A lead's own report; another's does not exist.

    Raises:
        NotFound: not the lead's hat.
        Forbidden: the hat's mandate does not cover campaigns.
    """
    report = Report.objects.select_related("lead").filter(pk=report_id).first()
    if report is None or by.party_id is None or report.lead.party_id != by.party_id:
        raise NotFound
    if "campaigns" not in by.scopes:
        raise Forbidden
    return report


@transaction.atomic
def file(*, report_id: UUID, body: str, by: Actor, at: datetime) -> Report:
    """The lead reports; a missed report can still be filed, and stays marked as late (提交报告).

    Raises:
        NotFound: not the lead's hat.
        Invalid: too short to say anything, or too long.
        MoveRefused: filed before.
    """
    own(report_id, by)
    report = Report.objects.select_for_update(of=("self",)).select_related("lead").get(pk=report_id)
    if not 20 <= len(body.strip()) <= MOST_CHARACTERS:
        raise Invalid("报告须为 20 到 10000 字", "A report has 20 to 10,000 characters", field="body")
    event = "file_late" if report.state == Reporting.MISSED else "file"
    report.move(event, by=by.wears(Role.LEAD), at=at)
    report.body, report.body_html, report.filed_at = body, richtext.render(body), at
    report.save(update_fields=["body", "body_html", "filed_at"])
    outbox.record(ReportMoved(at=at, report_id=report.id, lead_id=report.lead_id, move=event))
    if event == "file":
        _ask_next(report)
    return report


@transaction.atomic
def miss(*, report_id: UUID, at: datetime) -> None:
    """The day has passed without a report: it is on the lead's record (逾期未交). Safe to repeat."""
    report = Report.objects.select_for_update(of=("self",)).select_related("lead").get(pk=report_id)
    if report.state != Reporting.DUE or report.due_at > at:
        return
    report.move("miss", by=CLOCK, at=at)
    outbox.record(ReportMoved(at=at, report_id=report.id, lead_id=report.lead_id, move="miss"))
    _ask_next(report)


def _ask_next(report: Report) -> None:
    """The next one is due a month after this one was, as long as the lead leads."""
    if report.lead.state == Leading.ACTIVE:
        _ask(report.lead, report.no + 1, report.due_at)
