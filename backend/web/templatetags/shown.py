"""How money, time, people and charts are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django import template
from django.template.context import RequestContext
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.common.fen import Fen, show_yuan
from backend.common.states import MACHINES
from backend.listings import queries as listings
from backend.listings.models import Listing
from backend.projects.kinds import DOCUMENTS, NEEDS, STAGES

register = template.Library()


def _english() -> bool:
    return (translation.get_language() or "zh").startswith("en")


@register.filter
def yuan(fen: Fen | None) -> str:
    """`¥342,000`."""
    return "" if fen is None else show_yuan(fen)


@register.filter
def way(metres: int) -> str:
    """A way in metres, from a kilometre on in kilometres: `850 m`, `3.2 km`."""
    return f"{metres} m" if metres < 1_000 else f"{metres / 1_000:.1f} km"


@register.filter
def yuan_short(fen: Fen) -> str:
    """From ¥100,000 in summaries `34.2 万元`; in English `¥342k`."""
    if fen < 10_000_000:
        return show_yuan(fen)
    if _english():
        return f"¥{fen / 100_000:,.0f}k" if fen < 100_000_000 else f"¥{fen / 100_000_000:,.2f}m"
    return f"{fen / 1_000_000:,.1f} 万元"


@register.filter
def yuan_input(fen: Fen | None) -> str:
    """Yuan as an input field holds them."""
    if fen is None:
        return ""
    return str(fen // 100) if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"


@register.filter
def kilograms(grams: int) -> str:
    """`2.5` from 2500 grams."""
    return f"{grams / 1_000:.3f}".rstrip("0").rstrip(".")


@register.filter
def day(value: datetime | date | None) -> str:
    """`2026年11月23日`."""
    if value is None:
        return "—"
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return f"{local:%d %b %Y}" if _english() else f"{local.year}年{local.month}月{local.day}日"


@register.filter
def moment(value: datetime | None) -> str:
    """`11-23 14:05`, with the year where it is another one."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return f"{local:%m-%d %H:%M}" if local.year == timezone.localtime().year else f"{local:%Y-%m-%d %H:%M}"


@register.simple_tag(takes_context=True)
def time_left(context: RequestContext, until: datetime | None) -> str:
    """`剩 12 天` up to the last day, then hours, then minutes."""
    now = context.get("now") or timezone.now()
    left = until - now if until else timedelta(0)
    if left <= timedelta(0):
        return "Ended" if _english() else "已截止"
    hours = int(left.total_seconds() // 3600)
    if hours >= 48:
        return f"{left.days} days left" if _english() else f"剩 {left.days} 天"
    if hours >= 1:
        return f"{hours} hours left" if _english() else f"剩 {hours} 小时"
    minutes = max(1, int(left.total_seconds() // 60))
    return f"{minutes} min left" if _english() else f"剩 {minutes} 分钟"


@register.filter
def percent_bar(percent: int) -> int:
    """A progress element's value: at most 100."""
    return min(100, percent)


COUNTIES = {
    "421202": ("咸安区", "Xian'an"),
    "421281": ("赤壁市", "Chibi"),
    "421221": ("嘉鱼县", "Jiayu"),
    "421222": ("通城县", "Tongcheng"),
    "421223": ("崇阳县", "Chongyang"),
    "421224": ("通山县", "Tongshan"),
    "XNGX": ("咸宁高新区", "High-Tech Zone"),
}
CATEGORY_WORDS = {
    "osmanthus": ("桂花", "Osmanthus"),
    "tea": ("茶叶", "Tea"),
    "bamboo": ("竹艺", "Bamboo"),
    "food": ("风味农产", "Farm produce"),
    "craft": ("非遗手作", "Heritage craft"),
    "culture": ("文创设计", "Cultural design"),
    "tech": ("科技产品", "Technology"),
    "other": ("其他", "Other"),
    "design": ("设计创意", "Design"),
    "software": ("软件开发", "Software"),
    "copywriting": ("文案策划", "Copywriting"),
    "translation": ("翻译", "Translation"),
    "photography": ("摄影摄像", "Photography and film"),
    "engineering": ("工程技术", "Engineering"),
    "research": ("研发检测", "Research and testing"),
    "data": ("数据处理", "Data"),
    "marketing": ("营销推广", "Marketing"),
    "training": ("教育培训", "Training"),
    "livelihood": ("生活服务", "Everyday services"),
    "work_other": ("其他任务", "Other work"),
}
WORK_RIGHTS = {
    "transfer": ("付款后著作财产权转让给发包方", "Rights pass to the client on payment"),
    "licence": ("权利归承接方，发包方获得永久使用许可", "Rights stay with the worker; the client may use it for good"),
}
RULE_WORDS = {
    "all_or_nothing": ("达标才成立", "All or nothing"),
    "keep_it_all": ("筹多少是多少", "Keep it all"),
    "two_rounds": ("两轮筹资", "Two rounds"),
}
RIGHT_WORDS = {
    "seven_days": ("收货后七日无理由退货", "Returnable within 7 days of receipt"),
    "made_to_order": ("定制商品，不适用七日无理由", "Made to order: no 7-day return"),
    "fresh": ("鲜活易腐，不适用七日无理由", "Fresh goods: no 7-day return"),
}


def _word(table: dict[str, tuple[str, str]], key: str) -> str:
    zh, en = table.get(key, (key, key))
    return en if _english() else zh


TRANSFER_WORDS = {
    "debt": ("抵扣或核销欠款", "Debt paid or written off"),
    "claims": ("应补退给支持者", "Owed to backers"),
    "repayment": ("还款到账", "Repayment received"),
    "contribution": ("支持款入托管", "Pledge into escrow"),
    "late": ("超时到账，待核", "Late payment, in suspense"),
    "release": ("放款", "Release"),
    "refund": ("退款", "Refund"),
    "payout": ("付款", "Payout"),
    "dispute": ("拒付", "Chargeback"),
    "case": ("纠纷冻结", "Held for a dispute"),
    "reversal": ("冲正", "Reversal"),
}
PHASE_WORDS = {
    "posted": ("已入账", "Posted"),
    "pending": ("已冻结", "Held"),
    "captured": ("冻结已划出", "Hold captured"),
    "voided": ("冻结已解除", "Hold let go"),
}


@register.filter
def transfer_word(kind: str) -> str:
    """What a transfer of the ledger was for."""
    return _word(TRANSFER_WORDS, kind)


@register.filter
def phase_word(phase: str) -> str:
    """Whether a transfer moved money, holds it, or ended a hold."""
    return _word(PHASE_WORDS, phase)


SCOPE_WORDS = {
    "read": ("查看", "See"),
    "pledge": ("支持项目", "Back campaigns"),
    "campaigns": ("发起和管理项目", "Run campaigns"),
    "work": ("发布和承接任务", "Post and take work"),
    "money": ("收款与账户", "Payouts and accounts"),
}
ROLE_WORDS = {"owner": ("负责人", "Owner"), "clerk": ("经办人", "Clerk")}


@register.filter
def scope_word(scope: str) -> str:
    """What a scope of an authorisation or token reaches, in words."""
    return _word(SCOPE_WORDS, scope)


@register.filter
def role_word(role: str) -> str:
    """A member's role in an organisation."""
    return _word(ROLE_WORDS, role)


@register.filter
def county(code: str) -> str:
    """A county's name."""
    return _word(COUNTIES, code) if code else ""


@register.filter
def category(key: str) -> str:
    """A category's name."""
    return _word(CATEGORY_WORDS, key)


@register.filter
def work_rights(key: str) -> str:
    """What becomes of the rights in what is made."""
    return _word(WORK_RIGHTS, key)


@register.filter
def tenths(value: int) -> str:
    """A mean of stars, in tenths, with one decimal: `4.6`."""
    return f"{value // 10}.{value % 10}"


@register.filter
def stage(key: str) -> str:
    """How far a venture is."""
    return _word(STAGES, key)


@register.filter
def document_kind(key: str) -> str:
    """What kind of document proves something."""
    return _word(DOCUMENTS, key)


@register.filter
def need_kind(key: str) -> str:
    """What a venture is looking for."""
    return _word(NEEDS, key)


@register.filter
def funding_rule(key: str) -> str:
    """A funding rule's name."""
    return _word(RULE_WORDS, key)


@register.filter
def right_class(key: str) -> str:
    """What may be sent back."""
    return _word(RIGHT_WORDS, key)


@register.filter
def both(pair: tuple[str, str]) -> str:
    """The Chinese or the English of a pair."""
    return pair[1] if _english() else pair[0]


@register.filter
def get(table: dict[str, object], key: str) -> object:
    """A value of a mapping."""
    return table.get(key, "")


@register.simple_tag
def columns(points: Sequence[tuple[str, int]], label: str) -> SafeString:
    """A column chart as SVG: values over labels, heights to scale, each value as text for readers."""
    if not points:
        return SafeString("")
    width, height, gap = 640, 180, 4
    top = max(value for _, value in points) or 1
    step = width / len(points)
    bars = []
    for index, (name, value) in enumerate(points):
        tall = round(value / top * (height - 40))
        bars.append(
            format_html(
                '<rect class="s-c" x="{}" y="{}" width="{}" height="{}" rx="2" data-v="{} {}"/>',
                round(index * step + gap / 2, 1),
                height - 20 - tall,
                round(max(1.0, step - gap), 1),
                tall,
                name,
                show_yuan(value),
            )  # fmt: skip
        )
    ends = format_html(
        '<text x="0" y="{}">{}</text><text x="{}" y="{}" text-anchor="end">{}</text>'
        '<text x="0" y="12">{}</text>',
        height - 4, points[0][0], width, height - 4, points[-1][0], show_yuan(top),
    )  # fmt: skip
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><line class="ax" x1="0" x2="{}" y1="{}" y2="{}"/>{}{}</svg>',
        width, height, label, width, height - 20, height - 20, SafeString("".join(bars)), ends,
    )  # fmt: skip


@register.filter
def percent_of_bp(basis_points: int) -> str:
    """`3%` from 300."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}%" if rest else f"{whole}%"


@register.filter
def cleaned(html: str) -> SafeString:
    """Rich text that `richtext.render` has cleaned; the one place where HTML is not escaped."""
    return SafeString(html)


@register.simple_tag
def listing_cover(kind: str, subject_id: UUID) -> Listing | None:
    """The picture of a posted work, where it has one."""
    return listings.cover_of(kind, subject_id)


@register.filter
def listing_state(listing: Listing) -> str:
    """A listing's state in words, from the table of moves of its kind."""
    machine = MACHINES.get(listing.kind)
    return machine.word(listing.state) if machine else listing.state
