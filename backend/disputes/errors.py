"""Refusals of disputes."""

from backend.common.errors import Refusal


class NothingHeld(Refusal):
    """A complaint about money that has already gone on."""

    status, code = 409, "nothing_held"
    zh, en = "托管中已没有可供裁定的款项", "Escrow holds nothing that could be divided"
    remedy_zh, remedy_en = "可向 12315 投诉或向法院主张", "You may turn to 12315 or to the courts"


class EvidenceClosed(Refusal):
    """Evidence outside its time."""

    status, code = 409, "evidence_closed"
    zh, en = "举证期已结束", "The time for evidence is over"
    remedy_zh, remedy_en = "可请审核员重新开放举证", "Ask the decider to open it again"
    source = "features.md F2"


class EvidenceKnown(Refusal):
    """The same file twice."""

    status, code = 409, "evidence_known"
    zh, en = "这份文件已经提交过", "This file is there already"


class EvidenceOpen(Refusal):
    """A ruling before both could bring what they have."""

    status, code = 409, "evidence_open"
    zh, en = "举证期未结束，不能裁定", "The time for evidence is not over"
    source = "features.md F2"


class SplitWrong(Refusal):
    """A split that does not sum to what is held."""

    status, code = 400, "split_wrong"
    zh, en = "双方金额之和须等于争议金额 {stake}", "Both sums must make up the {stake} at stake"
    source = "features.md F3"


class NoRedo(Refusal):
    """A ruling that the work is done again, where it cannot be, was before, or in too long a time."""

    status, code = 409, "no_redo"
    zh, en = (
        "这项纠纷不能裁定重做：只有交付类协议可以，每个阶段一次，期限 1 至 {most} 天",
        "It cannot be ruled that this is done again: only a delivery can, once a stage, within 1 to {most} days",
    )
    source = "features.md F3"


class NotNeutral(Refusal):
    """A decider with a conflict."""

    status, code = 403, "not_neutral"
    zh, en = "您与一方有关联，须回避", "You are connected with one side and may not decide"
    source = "features.md F3"


class OfferStale(Refusal):
    """Agreement to an offer that is no longer there."""

    status, code = 409, "offer_stale"
    zh, en = "对方的和解方案已变更，请重新查看", "The other side's offer has changed; look again"


class TooLateToComplain(Refusal):
    """A complaint long after the claim was turned down, or before the other side could answer."""

    status, code = 409, "cannot_complain"
    zh, en = (
        "须先提出退款申请；被拒绝后 {days} 天内，或 {wait} 个工作日未获答复后，才能投诉",
        "Ask for a refund first; you may complain within {days} days of a refusal, or after {wait} working days of silence",
    )
    source = "features.md F1"
