"""Terms that change while a campaign runs: who backs it says yes again, or leaves with the whole sum (重新确认)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import refuse_any
from backend.common.states import move_all
from crowdfunding.campaigns import gates
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.states import PledgeState


@transaction.atomic
def take_back(*, pledge_id: UUID, reason: str, at: datetime) -> None:
    """End a paid pledge of a running campaign by the platform's own rule; refunded whole. Safe to repeat."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state in (PledgeState.PAID, PledgeState.TO_CONFIRM):
        pledges.return_money(made, "cancel", by=SYSTEM, reason=reason, at=at)


def ask_again(*, pledge_ids: Sequence[UUID], until: datetime | None, at: datetime, reason: str) -> list[UUID]:
    """Ask backers to confirm under changed terms; who stays silent until then lapses (请求重新确认).

    Without `until` they wait for terms to confirm. A fixed number of statements; in the caller's transaction,
    which holds the campaign's lock alone.
    """
    asked = move_all(Pledge, pledge_ids, event="ask_again", source=PledgeState.PAID, by=SYSTEM, at=at, reason=reason)
    Pledge.objects.filter(pk__in=asked).update(state_at=at)
    Pledge.objects.filter(pk__in=pledge_ids, state=PledgeState.TO_CONFIRM).update(confirm_by=until)
    return asked


@transaction.atomic
def confirm(*, pledge_id: UUID, by: Actor, at: datetime, reason: str) -> Pledge:
    """The backer stays under the changed terms (确认继续支持).

    Raises:
        Refusals of the gates: more has to be chosen than a yes.
        MoveRefused: nothing is to be confirmed, or the time is over.
    """
    pledges.own_pledge(pledge_id, by)
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    refuse_any(gates.bars_yes(made))
    if made.confirm_by is not None and at >= made.confirm_by:
        raise made.machine.refusal(PledgeState.CANCELLED)
    made.confirm_by = None
    made.save(update_fields=["confirm_by"])
    pledges.step(made, "confirm", by=by.wears(Role.BACKER), at=at, reason=reason)
    return made


@transaction.atomic
def lapse(*, pledge_id: UUID, at: datetime) -> None:
    """Nobody confirmed in time: the pledge ends and its money goes back (逾期未确认). Safe to repeat."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state == PledgeState.TO_CONFIRM and made.confirm_by is not None and made.confirm_by <= at:
        pledges.return_money(made, "lapse", by=CLOCK, reason="条件变更后未确认", at=at)
