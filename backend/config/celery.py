"""The Celery application: queues, and what beat rings for.

The broker is a doorbell. What is due is a row, so a lost or doubled message changes nothing.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

app = Celery("sizhong")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "answer-by-silence": {"task": "crowdfunding.campaigns.tasks.answer_by_silence", "schedule": 5.0},
    "advance-campaigns": {"task": "crowdfunding.campaigns.tasks.advance_due_campaigns", "schedule": 5.0},
    "repay-claims": {"task": "crowdfunding.campaigns.tasks.repay_claims", "schedule": 10.0},
    "remind-of-ends": {"task": "crowdfunding.campaigns.tasks.remind_of_ends", "schedule": 60.0},
    "advance-fulfilment": {"task": "crowdfunding.fulfilment.tasks.advance_fulfilment", "schedule": 10.0},
    "advance-leads": {"task": "crowdfunding.leads.tasks.advance_leads", "schedule": 10.0},
    "advance-appeals": {"task": "backend.moderation.tasks.advance_appeals", "schedule": 60.0},
    "advance-projects": {"task": "backend.projects.tasks.advance_projects", "schedule": 60.0},
    "advance-harvests": {"task": "crowdfunding.harvest.tasks.advance_harvests", "schedule": 10.0},
    "advance-pots": {"task": "crowdfunding.pots.tasks.advance_pots", "schedule": 10.0},
    "advance-engagements": {"task": "marketplace.engagements.tasks.advance_engagements", "schedule": 10.0},
    "advance-tasks": {"task": "marketplace.tasks.tasks.advance_tasks", "schedule": 10.0},
    "advance-judging": {"task": "backend.judging.tasks.advance_judging", "schedule": 10.0},
    "advance-knowledge": {"task": "marketplace.knowledge.tasks.advance_changes", "schedule": 60.0},
    "advance-gaps": {"task": "marketplace.knowledge.tasks.advance_gaps", "schedule": 60.0},
    "advance-solicitations": {"task": "marketplace.ideas.tasks.advance_solicitations", "schedule": 60.0},
    "advance-errands": {"task": "marketplace.errands.tasks.advance_errands", "schedule": 10.0},
    "reckon-outlooks": {"task": "marketplace.errands.tasks.reckon_outlooks", "schedule": 3.0},
    "advance-microtasks": {"task": "marketplace.microtasks.tasks.advance_jobs", "schedule": 10.0},
    "advance-contests": {"task": "marketplace.contests.tasks.advance_contests", "schedule": 10.0},
    "advance-disputes": {"task": "backend.disputes.tasks.advance_disputes", "schedule": 10.0},
    "fold-tallies": {"task": "backend.listings.tasks.fold_tallies", "schedule": 60.0},
    "forget-addresses": {"task": "crowdfunding.fulfilment.tasks.forget_addresses", "schedule": 3600.0},
    "send-mails": {"task": "backend.notifications.tasks.send_mails", "schedule": 20.0},
    "sweep-intents": {"task": "backend.payments.tasks.sweep_intents", "schedule": 5.0},
    "send-refunds": {"task": "backend.payments.tasks.send_refunds", "schedule": 3.0},
    "send-payouts": {"task": "backend.payments.tasks.send_payouts", "schedule": 3.0},
    "watch-payouts": {"task": "backend.payments.tasks.watch_payouts", "schedule": 30.0},
    "settle-debts": {"task": "backend.payments.tasks.settle_debts", "schedule": 30.0},
    "end-deposits": {"task": "crowdfunding.campaigns.tasks.end_deposits", "schedule": 30.0},
    "reconcile-bills": {"task": "backend.payments.tasks.reconcile_bills", "schedule": 600.0},
    "verify-ledger": {"task": "backend.payments.tasks.verify_books", "schedule": 300.0},
}
for _entry in app.conf.beat_schedule.values():
    _entry["options"] = {"expires": 30}
