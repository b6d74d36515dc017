"""What people are told about project passports."""

from __future__ import annotations

from backend.common.outbox import when
from backend.notifications import operations as notifications
from backend.projects import queries
from backend.projects.events import EvidenceMoved, PassportMoved, StageReached
from backend.projects.kinds import DOCUMENTS, STAGES
from backend.projects.models import Evidence, Passport

_HOLDER_HEARS = {
    "approve": ("项目档案《{name}》已公开", "The passport of “{name}” is published"),
    "return": ("项目档案《{name}》被退回：{reason}", "The passport of “{name}” was returned: {reason}"),
    "hide": ("项目档案《{name}》已下架：{reason}", "The passport of “{name}” was taken down: {reason}"),
    "restore": ("项目档案《{name}》已恢复公开", "The passport of “{name}” is public again"),
}
_DOCUMENT_HEARS = {
    "verify": ("《{name}》的{zh}已核验", "The {en} of “{name}” is verified"),
    "decline": ("《{name}》的{zh}未通过核验", "The {en} of “{name}” was not verified"),
    "revoke": ("《{name}》的{zh}核验已撤销", "The verification of the {en} of “{name}” was revoked"),
    "expire": ("《{name}》的{zh}已过有效期，请更新", "The {en} of “{name}” is no longer valid: file a new one"),
}


@when(lambda event: event.move in _HOLDER_HEARS or event.move == "archive" and event.by_clock)
def tell_holder(event: PassportMoved) -> None:
    archived = ("项目档案《{name}》因长期未更新已归档", "The passport of “{name}” was archived: nobody had touched it")
    name = Passport.objects.values_list("name", flat=True).get(pk=event.passport_id)
    zh, en = (text.format(name=name, reason=event.reason) for text in _HOLDER_HEARS.get(event.move, archived))
    notifications.tell(
        [event.holder_id],
        key=str(event.id),
        kind="project",
        zh=zh,
        en=en,
        url=f"/my/projects/{event.passport_id}/",
        at=event.at,
    )


@when(lambda event: event.move in _DOCUMENT_HEARS)
def tell_of_document(event: EvidenceMoved) -> None:
    found = Evidence.objects.select_related("passport").get(pk=event.evidence_id)
    kind_zh, kind_en = DOCUMENTS[found.kind]
    zh, en = (
        text.format(name=found.passport.name, zh=kind_zh, en=kind_en.lower()) for text in _DOCUMENT_HEARS[event.move]
    )
    notifications.tell(
        [event.holder_id],
        key=str(event.id),
        kind="project",
        zh=zh,
        en=en,
        url=f"/my/projects/{found.passport_id}/#documents",
        at=event.at,
    )


def tell_followers(event: StageReached) -> None:
    name = Passport.objects.values_list("name", flat=True).get(pk=event.passport_id)
    zh, en = STAGES[event.stage]
    notifications.tell(
        queries.followers(event.passport_id),
        key=str(event.id),
        kind="following",
        zh=f"您关注的《{name}》进入了“{zh}”阶段",
        en=f"“{name}”, which you follow, has come to: {en.lower()}",
        url=f"/projects/{event.passport_id}/",
        at=event.at,
    )


HANDLERS = {
    PassportMoved: [tell_holder],
    EvidenceMoved: [tell_of_document],
    StageReached: [tell_followers],
}
