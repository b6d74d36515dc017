"""Refusals of short harvests."""

from backend.common.errors import Refusal


class NoHarvest(Refusal):
    """A clause for goods that do not grow."""

    status, code = 409, "no_harvest"
    zh, en = "该类别没有收成，不适用歉收条款", "Goods of this category are not harvested; the clause is not for them"
    source = "features.md G11"


class NoClause(Refusal):
    """A short harvest of a campaign whose backers were told of no such clause."""

    status, code = 409, "no_clause"
    zh, en = (
        "该项目没有约定歉收条款，不能按比例交付；可与支持者协商退款，或申请取消",
        "The campaign has no clause for a short harvest; agree on refunds, or ask to cancel it",
    )
    source = "features.md G11: nobody is bound to terms that were not read"


class AlreadySent(Refusal):
    """A share in kind after parcels went out whole."""

    status, code = 409, "already_sent"
    zh, en = "已有包裹寄出，不能再按比例交付", "Parcels have been sent; shares can no longer be cut"
    source = "features.md G11"


class DeclaredAlready(Refusal):
    """A second word on the same harvest."""

    status, code = 409, "declared_already"
    zh, en = "已有一份申报在处理或已生效", "A shortfall is being checked, or stands"


class OrdersOpen(Refusal):
    """An order placed before the maker's word was heard may still be paid."""

    status, code = 409, "orders_open"
    zh, en = "还有待支付的订单，请稍后再核实", "An order may still be paid; check it again in a while"
    remedy_zh, remedy_en = "未付的订单约 30 分钟后失效", "Unpaid orders lapse after about 30 minutes"


class EscrowShort(Refusal):
    """Escrow holds less than backers would get back."""

    status, code = 409, "escrow_short"
    zh, en = (
        "托管余额 {held} 少于应退 {due}，不能按比例交付；可由两人确认取消项目，不足部分由发起人补退",
        "Escrow holds {held} and {due} would go back; two people may cancel the campaign, and the maker owes the rest",
    )
