"""What people are told about their appeals."""

from backend.common.outbox import when
from backend.moderation.appeals import SUBJECTS
from backend.moderation.events import AppealMoved
from backend.moderation.models import Appeal
from backend.notifications import operations as notifications

_HEARS = {
    "grant": ("您对《{title}》的申诉成立：{answer}", "Your appeal about “{title}” is granted: {answer}"),
    "deny": ("您对《{title}》的申诉不成立：{answer}", "Your appeal about “{title}” is denied: {answer}"),
    "lapse": ("您对《{title}》的申诉已终止：事由已变", "Your appeal about “{title}” is moot: the matter moved on"),
}


@when(lambda event: event.move in _HEARS)
def tell_appellant(event: AppealMoved) -> None:
    found = Appeal.objects.get(pk=event.appeal_id)
    zh, en = (text.format(title=found.title, answer=found.answer[:120]) for text in _HEARS[event.move])
    notifications.tell(
        [event.appellant_id],
        key=str(event.id),
        kind=found.kind,
        zh=zh,
        en=en,
        url=SUBJECTS[found.kind].url.format(found.subject_id),
        at=event.at,
    )


HANDLERS = {AppealMoved: [tell_appellant]}
