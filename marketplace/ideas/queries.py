"""Every read of solicitations that spans rows."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from marketplace.ideas.models import Endorsement, Idea, Solicitation
from marketplace.ideas.operations.shared import SOLICITATIONS, may_see
from marketplace.ideas.states import Asking, Proposed

A_HANDFUL = 200
ORDERS = {"endorsed": ("-endorsements_n", "-id"), "newest": ("-made_at", "-id")}


visible, own, of_owner, due = (
    SOLICITATIONS.visible,
    SOLICITATIONS.own,
    SOLICITATIONS.posted_by,
    SOLICITATIONS.due,
)


def ideas_of(found: Solicitation, actor: Actor) -> QuerySet[Idea]:
    """The ideas that everybody reads; staff also read hidden ones."""
    states = (*Proposed.PUBLIC, Proposed.HIDDEN) if Role.MODERATOR in actor.roles else Proposed.PUBLIC
    return found.ideas.filter(state__in=states).select_related("author")


def idea(idea_id: UUID, actor: Actor) -> Idea:
    """An idea that one may read: everybody's while it is shown, its author's always, staff's when it is hidden.

    Raises:
        NotFound: none, or not for this reader.
    """
    rows = Idea.objects.select_related("solicitation__owner", "author")
    found = rows.filter(pk=idea_id).first()
    if found is None or not may_see(found.solicitation, actor):
        raise NotFound
    is_author = actor.party_id is not None and actor.party_id == found.author_id
    if found.state in Proposed.PUBLIC or is_author:
        return found
    if found.state == Proposed.HIDDEN and actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        return found
    raise NotFound


def endorsed_by(actor: Actor, ideas: Collection[Idea]) -> set[UUID]:
    """Which of some ideas a person has endorsed."""
    if actor.person_id is None:
        return set()
    rows = Endorsement.objects.filter(idea__in=[one.pk for one in ideas], person_id=actor.person_id)
    return set(rows.values_list("idea_id", flat=True))


def mine(party_id: UUID) -> QuerySet[Idea]:
    """An author's ideas."""
    return Idea.objects.filter(author_id=party_id).select_related("solicitation")


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether solicitations keep a party's account from being closed."""
    if of_owner(party.pk).filter(state__in=Asking.UNDER_WAY).exists():
        return "您有未结束的创意征集", "you have solicitations under way"
    return None


STANDING: dict[str, str] = {
    "idea's endorsements are not counted right (idea, shown, counted)": """
        SELECT i.id, i.endorsements_n, count(e.id) FROM ideas_idea i LEFT JOIN ideas_endorsement e ON e.idea_id = i.id
        GROUP BY i.id HAVING i.endorsements_n <> count(e.id) ORDER BY 1""",
    "idea endorsed by its author (idea)": """
        SELECT i.id FROM ideas_idea i JOIN ideas_endorsement e ON e.idea_id = i.id AND e.person_id = i.person_id
        ORDER BY 1""",
    "idea waits in a solicitation that is over (idea, state)": """
        SELECT i.id, s.state FROM ideas_idea i JOIN ideas_solicitation s ON s.id = i.solicitation_id
        WHERE i.state = 'shown' AND s.state IN ('concluded', 'unanswered', 'cancelled') ORDER BY 1""",
    "solicitation counts other ideas than are shown (solicitation, counted, shown)": """
        SELECT s.id, s.ideas_n, count(i.id) FROM ideas_solicitation s LEFT JOIN ideas_idea i
            ON i.solicitation_id = s.id AND i.state IN ('shown', 'adopted', 'declined', 'unanswered')
        GROUP BY s.id HAVING s.ideas_n <> count(i.id) ORDER BY 1""",
}
