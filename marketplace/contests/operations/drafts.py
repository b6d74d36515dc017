"""The host's side before publication: draft, files, submit, withdraw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import files, richtext, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import MOST_FEN, Fen, show_yuan
from backend.judging.models import TIE_RULES
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import operations as moderation
from marketplace.contests.errors import ContestFixed, ContestIncomplete, TakesAllRights
from marketplace.contests.models import COUNT, GALLERIES, MODES, SINGLE, Contest, ContestFile
from marketplace.contests.operations import money
from marketplace.contests.operations.shared import KIND, move, of_owner, set_clock, show
from marketplace.contests.states import Running
from marketplace.engagements.terms import RIGHTS
from marketplace.invitations.models import PUBLIC
from marketplace.invitations.operations import unknown_visibility
from marketplace.patterns import begun
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Stale

UNTITLED = "未命名赛事"
MOST_FILES, MOST_SKILLS, MOST_WORDS, LEAST_WORDS = 10, 10, 20_000, 50
MOST_CRITERIA = 8


@dataclass(frozen=True)
class Terms:
    """What a host writes; prizes in fen by place, criteria as title and weight, 100 together, the main one first.

    With `finalists` there is a second round for so many, each of whom gets `grant_fen` for a solution handed in within
    `final_days`. With `secrecy_years`, `secret` is read by those alone who promised to keep it for so long.
    """

    title: str
    summary: str
    brief: str
    category: str
    skills: tuple[str, ...]
    county: str
    mode: str
    prizes: tuple[Fen, ...]
    criteria: tuple[tuple[str, int], ...]
    tie_rule: str
    is_blind: bool
    rights: str
    gallery: str
    entry_limit: int
    entry_days: int
    judge_days: int
    publicity_days: int
    finalists: int = 0
    grant_fen: Fen = 0
    final_days: int = 30
    secrecy_years: int = 0
    secret: str = ""
    visibility: str = PUBLIC


@transaction.atomic
def start(*, by: Actor, at: datetime, like: str = "") -> Contest:
    """A new draft of one's own: empty, or begun from a pattern (新建赛事).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound: no such pattern.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    owner = Party.objects.get(pk=by.party_id)
    blank = {
        "title": UNTITLED,
        "category": "design",
        "prizes": [300_000],
        "total_fen": 300_000,
        "criteria": _plain((("切题与实用", 40), ("创意", 35), ("完成度", 25))),
    }
    contest = Contest(**blank | begun(KIND, like), owner=owner, county=owner.county, created_at=at, state_at=at)
    contest.brief_html = richtext.render(contest.brief)
    set_clock(contest)
    contest.save(force_insert=True)
    show(contest)
    return contest


@transaction.atomic
def copy(*, contest_id: UUID, by: Actor, at: datetime) -> Contest:
    """A new draft that says what an earlier contest of one's own said, its files with it (复制赛事)."""
    old, _actor = of_owner(contest_id, by)
    new = Contest(**{name: getattr(old, name) for name in _COPIED}, owner=old.owner, created_at=at, state_at=at)
    set_clock(new)
    new.save(force_insert=True)
    names = ("name", "mime", "size", "sha256", "received_sha256", "is_secret")
    ContestFile.objects.bulk_create(
        ContestFile(contest=new, **{name: getattr(file, name) for name in names})
        for file in old.files.all()[:MOST_FILES]
    )
    show(new)
    return new


_COPIED = (
    "title", "summary", "brief", "brief_html", "category", "skills", "county", "mode", "prizes", "total_fen", "criteria",
    "tie_rule", "is_blind", "rights", "gallery", "entry_limit", "entry_days", "judge_days", "publicity_days",
    "finalists", "grant_fen", "final_days", "secrecy_years", "secret", "secret_html", "visibility",
)  # fmt: skip


def _plain(criteria: tuple[tuple[str, int], ...]) -> list[dict[str, object]]:
    return [
        {"key": f"c{number}", "title": title, "weight": weight} for number, (title, weight) in enumerate(criteria, 1)
    ]


@transaction.atomic
def write(*, contest_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Contest:
    """Save the editor (保存草稿). `version` is the one the editor showed.

    Raises:
        ContestFixed: it is submitted or published.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    contest, _actor = of_owner(contest_id, by)
    if contest.state not in Running.EDITABLE:
        raise ContestFixed
    if version != contest.version:
        raise Stale
    refuse_any([*_check_prizes(terms, at), *_check_final(terms, at), *_check_form(terms, at)])
    contest.title = clean_name(terms.title)[:60] or UNTITLED
    contest.summary = clean_name(terms.summary)[:160]
    contest.brief, contest.brief_html = terms.brief, richtext.render(terms.brief)
    contest.skills = list(dict.fromkeys(clean_name(skill)[:20] for skill in terms.skills if skill.strip()))
    for name in _AS_WRITTEN:
        setattr(contest, name, getattr(terms, name))
    contest.secret = terms.secret if terms.secrecy_years else ""
    contest.secret_html = richtext.render(contest.secret)
    contest.prizes, contest.total_fen = list(terms.prizes), sum(terms.prizes) + terms.finalists * terms.grant_fen
    contest.criteria = _plain(tuple((clean_name(title)[:40], weight) for title, weight in terms.criteria))
    contest.state_at, contest.version = at, contest.version + 1
    set_clock(contest)
    contest.save()
    show(contest)
    return contest


_AS_WRITTEN = (
    "category", "county", "mode", "tie_rule", "is_blind", "rights", "gallery", "entry_limit", "entry_days", "judge_days",
    "publicity_days", "finalists", "grant_fen", "final_days", "secrecy_years", "visibility",
)  # fmt: skip


def _bad(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
    return Invalid(zh, en, field=field) if fails else None


def _check_prizes(terms: Terms, at: datetime) -> list[Refusal | None]:
    least, most = rules.value("contests.prize_least_fen", at=at), rules.value("contests.prizes_most", at=at)
    ordered = all(one >= other for one, other in zip(terms.prizes, terms.prizes[1:], strict=False))
    return [
        _bad("没有这个选项", "There is no such choice", "mode", fails=terms.mode not in MODES),
        _bad(f"奖项须为 1 至 {most} 个", f"1 to {most} prizes", "prizes", fails=not 1 <= len(terms.prizes) <= most),
        _bad("单奖只设一项奖金", "One prize only", "prizes", fails=terms.mode == SINGLE and len(terms.prizes) != 1),
        _bad("计件各项奖金相同", "Piece-rate prizes are equal", "prizes",
             fails=terms.mode == COUNT and len(set(terms.prizes)) > 1),
        _bad("前面名次的奖金不得低于后面的", "A better place gets no smaller prize", "prizes", fails=not ordered),
        _bad(f"每项奖金不得低于 {show_yuan(least)}", f"At least {show_yuan(least)} each", "prizes",
             fails=any(prize < least for prize in terms.prizes)),
        _bad("奖金合计过大", "The prizes are too large", "prizes",
             fails=sum(terms.prizes) + terms.finalists * terms.grant_fen > MOST_FEN),
    ]  # fmt: skip


def _check_final(terms: Terms, at: datetime) -> list[Refusal | None]:
    """The second round and the secret, where there are any."""
    most, years = rules.value("contests.finalists_most", at=at), rules.value("contests.secrecy_years_most", at=at)
    least, longest = rules.value("contests.prize_least_fen", at=at), rules.value("contests.entry_days_most", at=at)
    two = terms.finalists > 0
    return [
        _bad(f"入选决赛的名额须为 2 至 {most}，不设决赛请填 0", f"2 to {most} finalists, or 0 for one round", "finalists",
             fails=terms.finalists != 0 and not 2 <= terms.finalists <= most),
        _bad("奖项不能多于决赛名额", "No more prizes than finalists", "finalists",
             fails=two and len(terms.prizes) > terms.finalists),
        _bad("研发补助只发给决赛者，请先设决赛名额", "A grant is for finalists: set how many", "grant_fen",
             fails=terms.grant_fen != 0 and not two),
        _bad(f"研发补助不得低于 {show_yuan(least)}，不设请填 0", f"At least {show_yuan(least)}, or 0", "grant_fen",
             fails=terms.grant_fen != 0 and terms.grant_fen < least),
        _bad(f"决赛提交天数须为 1 至 {longest}", f"1 to {longest} days", "final_days",
             fails=not 1 <= terms.final_days <= longest),
        _bad(f"保密年限须为 0 至 {years} 年", f"0 to {years} years", "secrecy_years",
             fails=not 0 <= terms.secrecy_years <= years),
        _bad("有保密内容，请设定保密年限", "There is a secret: say for how many years", "secrecy_years",
             fails=bool(terms.secret.strip()) and terms.secrecy_years == 0),
        _bad("保密内容过长", "The secret is too long", "secret", fails=len(terms.secret) > MOST_WORDS),
    ]  # fmt: skip


def _check_form(terms: Terms, at: datetime) -> list[Refusal | None]:
    def bounded(value: int, least: int, most: int, field: str) -> Refusal | None:
        return _bad(
            f"须在 {least} 与 {most} 之间", f"Between {least} and {most}", field, fails=not least <= value <= most
        )

    def known(value: str, choices: object, field: str) -> Refusal | None:
        return _bad("没有这个选项", "There is no such choice", field, fails=value not in choices)  # type: ignore[operator]  # any container

    weights = [weight for _title, weight in terms.criteria]
    unnamed = any(not clean_name(title) for title, _weight in terms.criteria)
    return [
        known(terms.category, WORK_CATEGORY_KEYS, "category"),
        known(terms.county, ("", *COUNTIES), "county"),
        known(terms.tie_rule, ("", *TIE_RULES), "tie_rule"),
        known(terms.rights, RIGHTS, "rights"),
        known(terms.gallery, GALLERIES, "gallery"),
        unknown_visibility(terms.visibility),
        bounded(terms.entry_limit, 1, rules.value("contests.entries_each_most", at=at), "entry_limit"),
        bounded(
            terms.entry_days,
            rules.value("contests.entry_days_least", at=at),
            rules.value("contests.entry_days_most", at=at),
            "entry_days",
        ),
        bounded(terms.judge_days, 1, rules.value("contests.judge_days_most", at=at), "judge_days"),
        bounded(
            terms.publicity_days,
            rules.value("judging.publicity_least_days", at=at),
            rules.value("contests.publicity_days_most", at=at),
            "publicity_days",
        ),
        bounded(len(terms.criteria), 1, MOST_CRITERIA, "criteria"),
        _bad("每项标准须有名称和 1–100 的权重，合计 100", "Each criterion has a name and a weight, 100 together",
             "criteria", fails=sum(weights) != 100 or any(weight < 1 for weight in weights) or unnamed),
        _bad("说明过长", "The brief is too long", "brief", fails=len(terms.brief) > MOST_WORDS),
        _bad(f"最多 {MOST_SKILLS} 项技能", f"At most {MOST_SKILLS} skills", "skills", fails=len(terms.skills) > MOST_SKILLS),
    ]  # fmt: skip


def attach(
    *, contest_id: UUID, name: str, body: bytes, is_secret: bool = False, by: Actor, at: datetime
) -> ContestFile:
    """Add a file to the brief, for everybody or for those who promise secrecy; its type is known by its content (添加附件).

    Raises:
        ContestFixed: it is submitted or published.
        Invalid: a file that is not taken, one that is there, or too many.
    """
    _require_editable(contest_id, by)
    kept = files.keep(name, body)
    with transaction.atomic():
        contest, _actor = of_owner(contest_id, by)
        if contest.state not in Running.EDITABLE:
            raise ContestFixed
        if contest.files.count() >= MOST_FILES:
            raise Invalid(f"最多 {MOST_FILES} 个附件", f"At most {MOST_FILES} files", field="file")
        try:
            with transaction.atomic():
                return ContestFile.objects.create(contest=contest, is_secret=is_secret, **vars(kept))
        except IntegrityError as error:
            raise Invalid("这份文件已在附件中", "This file is there already", field="file") from error


@transaction.atomic
def _require_editable(contest_id: UUID, by: Actor) -> None:
    """Look before a file is kept."""
    contest, _actor = of_owner(contest_id, by)
    if contest.state not in Running.EDITABLE:
        raise ContestFixed


@transaction.atomic
def detach(*, file_id: UUID, by: Actor) -> None:
    """Take a file out of a draft's brief (移除附件)."""
    contest_id = ContestFile.objects.filter(pk=file_id).values_list("contest_id", flat=True).first()
    if contest_id is None:
        raise NotFound
    contest, _actor = of_owner(contest_id, by)
    if contest.state not in Running.EDITABLE:
        raise ContestFixed
    ContestFile.objects.filter(pk=file_id).delete()


_TAKES_ALL = re.compile(
    r"(所有|全部|一切|凡|未获奖|未中选|落选)[^。；\n]{0,16}(作品|稿件|方案)[^。；\n]{0,16}?"
    r"(归|属于|转让给?|无偿)(?!于?(作者|原作者|参赛|创作|设计者|投稿|各自|本人))[^。；\n]{0,10}"
)
"""A clause that would make losers' works the host's (O3p); 99designs and the copyright law leave them to their makers."""


@transaction.atomic
def submit(*, contest_id: UUID, by: Actor, at: datetime) -> Contest:
    """Send a draft to review; every missing thing is named at once (提交审核).

    Raises:
        LevelTooLow, ContestIncomplete, TakesAllRights: all that fail, together.
    """
    contest, actor = of_owner(contest_id, by)
    contest.machine.step("submit", contest.state)
    refuse_any([*limits.failures(contest.owner, "post_work", at=at), *_gaps(contest)])
    move(contest, "submit", by=actor, at=at)
    moderation.enqueue(
        kind=KIND, subject_id=contest.id, title=f"赛事：{contest.title}"[:80], owner_name=contest.owner.name, at=at
    )
    return contest


def _gaps(contest: Contest) -> list[Refusal | None]:
    def missing(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return ContestIncomplete(what_zh=zh, what_en=en, field=field) if fails else None

    takes = _TAKES_ALL.search(f"{contest.brief}\n{contest.secret}")
    has_secret = contest.files.filter(is_secret=True).exists()
    return [
        missing("请填写标题", "Give it a title", "title", fails=contest.title == UNTITLED or len(contest.title) < 4),
        missing("请填写一句话说明", "Say in a sentence what it is", "summary", fails=not contest.summary),
        missing(
            f"征集说明至少 {LEAST_WORDS} 字",
            f"The brief needs at least {LEAST_WORDS} characters",
            "brief",
            fails=len(contest.brief.strip()) < LEAST_WORDS,
        ),
        missing("请选定同分规则", "Choose the rule for ties", "tie_rule", fails=contest.tie_rule not in TIE_RULES),
        missing(
            "有保密附件，请设定保密年限",
            "There are secret files: say for how many years they are kept",
            "secrecy_years",
            fails=has_secret and not contest.secrecy_years,
        ),
        missing(
            "设定了保密年限，请填写保密内容或上传保密附件",
            "There are years of secrecy, and nothing secret: write it, or add a file",
            "secret",
            fails=bool(contest.secrecy_years) and not contest.secret.strip() and not has_secret,
        ),
        TakesAllRights(words=takes.group(0), field="brief") if takes else None,
    ]


@transaction.atomic
def withdraw(*, contest_id: UUID, by: Actor, at: datetime) -> Contest:
    """Let a contest go before it was ever opened (撤回).

    Raises:
        BeingPaid: the prize has come and is being booked.
    """
    contest, actor = of_owner(contest_id, by)
    money.refuse_paid_order(contest)
    move(contest, "withdraw", by=actor, at=at)
    return contest
