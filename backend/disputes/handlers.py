"""What people are told of disputes."""

from __future__ import annotations

from backend.common.fen import show_yuan
from backend.disputes.events import CaseMoved, CaseSpoken
from backend.disputes.models import Case
from backend.notifications import operations as notifications

_BOTH_HEAR = {
    "": (
        "《{title}》有一起纠纷待受理，争议金额 {stake} 已冻结",
        "A dispute about “{title}” was filed; {stake} is held",
    ),
    "take_up": (
        "《{title}》的纠纷已受理，双方可在举证期内提交证据",
        "The dispute about “{title}” was taken up; both sides may bring evidence",
    ),
    "reopen": (
        "《{title}》的纠纷重新开放举证",
        "The dispute about “{title}” is open for evidence again",
    ),
    "dismiss": ("《{title}》的投诉不予受理", "The complaint about “{title}” was not admitted"),
    "withdraw": ("《{title}》的投诉已撤回", "The complaint about “{title}” was withdrawn"),
    "settle": ("《{title}》的纠纷双方已和解", "The dispute about “{title}” was settled by both sides"),
    "rule": (
        "《{title}》的纠纷已裁定，7 天内可申诉一次；不申诉即执行",
        "The dispute about “{title}” was ruled on; either side may appeal once within 7 days, then it is carried out",
    ),
    "appeal": (
        "《{title}》的裁定被申诉，由另一位审核员复核",
        "The ruling about “{title}” was appealed; another decider looks at it",
    ),
    "execute": ("《{title}》的纠纷裁定已执行", "The ruling about “{title}” was carried out"),
    "decide_appeal": (
        "《{title}》的申诉已复核并执行，此为最终裁定",
        "The appeal about “{title}” was decided; it is final",
    ),
    "give_up": (
        "《{title}》的纠纷逾期未裁定，冻结已解除；可向 12315 或法院主张",
        "The dispute about “{title}” was not decided in time and nothing is held any more; you may turn to 12315 or the courts",
    ),
    "overtake": (
        "《{title}》已终止，纠纷随之按规则处理",
        "“{title}” has ended, and the dispute with it, by its rules",
    ),
}
_SPOKEN = {
    "evidence": ("《{title}》的纠纷：对方提交了证据", "The dispute about “{title}”: the other side brought evidence"),
    "offer": ("《{title}》的纠纷：对方提出和解方案", "The dispute about “{title}”: the other side made an offer"),
}


def tell_both(event: CaseMoved) -> None:
    case = Case.objects.get(pk=event.case_id)
    words = {"title": case.title, "stake": show_yuan(case.stake_fen)}
    zh, en = (text.format(**words) for text in _BOTH_HEAR[event.move])
    notifications.tell(
        [event.claimant_id, event.respondent_id],
        key=str(event.id),
        kind="case",
        zh=zh,
        en=en,
        url=f"/cases/{case.pk}/",
        at=event.at,
    )


def tell_other(event: CaseSpoken) -> None:
    case = Case.objects.get(pk=event.case_id)
    zh, en = (text.format(title=case.title) for text in _SPOKEN[event.what])
    notifications.tell(
        [event.to_id], key=str(event.id), kind="case", zh=zh, en=en, url=f"/cases/{case.pk}/", at=event.at
    )


HANDLERS = {CaseMoved: [tell_both], CaseSpoken: [tell_other]}
