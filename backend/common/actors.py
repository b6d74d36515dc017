"""Who acts: a natural person, the hat they wear, and the roles that gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from backend.common.errors import Refusal


class Role(StrEnum):
    """What a move or a door may ask of its actor."""

    OWNER = "owner"
    BACKER = "backer"
    LEAD = "lead"
    CLIENT = "client"
    WORKER = "worker"
    JUDGE = "judge"
    AUTHOR = "author"
    MODERATOR = "moderator"
    FINANCE = "finance"
    AUDITOR = "auditor"
    ADMIN = "admin"
    CLOCK = "clock"
    SYSTEM = "system"
    PROVIDER = "provider"


@dataclass(frozen=True)
class Actor:
    """One natural person under one hat, or one of the system's own parts.

    `person_id` is the natural person's party, `party_id` the hat (the same, or an organisation).
    `scopes` bound what the hat may do; empty means all.
    """

    person_id: UUID | None
    party_id: UUID | None
    roles: frozenset[Role] = field(default_factory=frozenset)
    scopes: frozenset[str] = field(default_factory=frozenset)
    name: str = ""

    def wears(self, *roles: Role) -> Actor:
        """The same actor with more roles, for one object."""
        return Actor(self.person_id, self.party_id, self.roles | set(roles), self.scopes, self.name)


CLOCK = Actor(None, None, frozenset({Role.CLOCK}), name="clock")
SYSTEM = Actor(None, None, frozenset({Role.SYSTEM}), name="system")
PROVIDER = Actor(None, None, frozenset({Role.PROVIDER}), name="provider")


class SamePerson(Refusal):
    """Two hands were asked for and one person offered both."""

    status, code = 403, "same_person"
    zh, en = "须由另一位自然人办理，您已经手此事", "Another natural person must do this; you already took part"
    source = "features.md A8"


class PersonNeeded(Refusal):
    """A staff act without a natural person behind it."""

    status, code = 403, "person_needed"
    zh, en = "此操作须由自然人办理", "A natural person must do this"


def require_other_person(actor: Actor, *earlier: UUID | None) -> None:
    """The two-person rule (双人复核): whoever acts now is none of the natural persons before.

    It looks at the person, not the hat, so acting through two organisations does not help.

    Raises:
        PersonNeeded: no natural person acts.
        SamePerson: the person already took part.
    """
    if actor.person_id is None:
        raise PersonNeeded
    if actor.person_id in earlier:
        raise SamePerson
