"""Registers short harvests with Django, and what they know that campaigns, parcels and the ledger ask for."""

from django.apps import AppConfig


class HarvestConfig(AppConfig):
    name = "crowdfunding.harvest"
    label = "harvest"
    verbose_name = "收成"

    def ready(self) -> None:
        from backend.ledger import queries as books  # noqa: PLC0415 - models are not loaded before this
        from crowdfunding.campaigns import panels  # noqa: PLC0415
        from crowdfunding.campaigns.operations import delivery, late, verdicts  # noqa: PLC0415
        from crowdfunding.fulfilment.operations import shipments  # noqa: PLC0415
        from crowdfunding.harvest import cards, queries  # noqa: PLC0415
        from crowdfunding.harvest.operations import clauses  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        delivery.HOLDS.append(queries.holds)
        late.BARS.append(queries.bars_late)
        verdicts.CAPS.append(clauses.caps_first_part)
        shipments.SHARES.append(queries.share_to_send)
        panels.PUBLIC.append(cards.harvest_card)
        panels.PLEDGE_FORM.append(cards.clause_note)
        panels.PLEDGE.append(cards.portion_card)
        panels.CONSOLE.append(cards.maker_card)
        panels.EDITOR.append(cards.clause_form)
