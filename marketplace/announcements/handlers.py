"""Who is told of announcements."""

from __future__ import annotations

from backend.listings.models import Listing
from backend.notifications import operations as notifications
from marketplace.announcements import queries
from marketplace.announcements.events import AnnouncementMade
from marketplace.announcements.models import Announcement


def tell(event: AnnouncementMade) -> None:
    """Everybody who takes part hears it once."""
    made = Announcement.objects.get(pk=event.announcement_id)
    title = Listing.objects.filter(kind=made.kind, subject_id=made.subject_id).values_list("title", flat=True).first()
    words = f"{made.text[:120]}{'…' if len(made.text) > 120 else ''}"
    zh, en = f"《{title or ''}》公告：{words}", f"“{title or ''}” announces: {words}"
    url = f"/work/announcements/{made.kind}/{made.subject_id}/"
    for some in queries.told(made):
        notifications.tell(some, key=str(event.id), kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {AnnouncementMade: [tell]}
