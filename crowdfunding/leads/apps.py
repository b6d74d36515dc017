"""Registers led campaigns with Django, and what they know that campaigns ask for."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "crowdfunding.leads"
    label = "leads"
    verbose_name = "领投跟投"

    def ready(self) -> None:
        from crowdfunding.campaigns import gates, panels  # noqa: PLC0415 - models are not loaded before this
        from crowdfunding.leads import cards  # noqa: PLC0415
        from crowdfunding.leads.operations.follows import LeadGate  # noqa: PLC0415

        gates.GATES.append(LeadGate())
        panels.PLEDGE.append(cards.follower_card)
        panels.CONSOLE.append(cards.maker_card)
        panels.PUBLIC.append(cards.leads_card)
        panels.PLEDGE_FORM.append(cards.choice)
