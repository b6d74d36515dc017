"""Every write of covers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from backend.common import files
from backend.common.actors import Actor
from backend.listings import operations as listings
from marketplace.covers.errors import CoverFixed
from marketplace.kinds_of_work import kind_of

EDITABLE = ("draft", "returned")


def _editable(kind: str, subject_id: UUID, by: Actor) -> Any:
    """A draft of one's own, its row held.

    Raises:
        NotFound, Forbidden: not the poster's, or the hat's mandate does not cover work.
        CoverFixed: it is submitted or published.
    """
    row, _poster = kind_of(kind).postings.held_by_owner(subject_id, by)
    if row.state not in EDITABLE:
        raise CoverFixed
    return row


def choose(*, kind: str, subject_id: UUID, name: str, body: bytes, by: Actor) -> None:
    """Give a draft its picture, in the place of the one before (设置封面).

    Raises:
        NotFound, Forbidden, CoverFixed: not a draft of one's own.
        Invalid: no picture, or too large.
    """
    with transaction.atomic():
        _editable(kind, subject_id, by)
    kept, width, height = files.keep_picture(name, body)
    with transaction.atomic():
        _editable(kind, subject_id, by)
        listings.set_cover(
            kind=kind, subject_id=subject_id, sha256=kept.sha256, mime=kept.mime, width=width, height=height
        )


@transaction.atomic
def remove(*, kind: str, subject_id: UUID, by: Actor) -> None:
    """Take a draft's picture away (移除封面).

    Raises:
        NotFound, Forbidden, CoverFixed: not a draft of one's own.
    """
    _editable(kind, subject_id, by)
    listings.set_cover(kind=kind, subject_id=subject_id, sha256="", mime="", width=None, height=None)
