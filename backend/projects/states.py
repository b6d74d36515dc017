"""The lives of a passport and of a piece of evidence (features.md B7)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Showing:
    """States of a passport."""

    DRAFT, REVIEW, RETURNED = "draft", "review", "returned"
    PUBLISHED, HIDDEN, ARCHIVED = "published", "hidden", "archived"

    WRITABLE = (DRAFT, RETURNED, PUBLISHED)
    LIVE = (DRAFT, REVIEW, RETURNED, PUBLISHED, HIDDEN)


PASSPORT = Machine(
    name="passport",
    zh="创业项目",
    initial=Showing.DRAFT,
    finals=frozenset({Showing.ARCHIVED}),
    holds_money=frozenset(),
    refunds=frozenset(),
    words={
        Showing.DRAFT: ("草稿", "Draft"),
        Showing.REVIEW: ("审核中", "In review"),
        Showing.RETURNED: ("退回修改", "Returned for changes"),
        Showing.PUBLISHED: ("已公开", "Published"),
        Showing.HIDDEN: ("已下架", "Taken down"),
        Showing.ARCHIVED: ("已归档", "Archived"),
    },
    moves=(
        Move("submit", (Showing.DRAFT, Showing.RETURNED), Showing.REVIEW, by=Role.OWNER),
        Move("approve", Showing.REVIEW, Showing.PUBLISHED, by=Role.MODERATOR),
        Move(
            "return",
            Showing.REVIEW,
            Showing.RETURNED,
            by=(Role.MODERATOR, Role.CLOCK),
            after="14 days unreviewed",
        ),
        Move(
            "reconsider",
            Showing.RETURNED,
            Showing.REVIEW,
            by=(Role.MODERATOR, Role.CLOCK),
            after="an appeal 14 days unanswered",
        ),
        Move("hide", Showing.PUBLISHED, Showing.HIDDEN, by=Role.MODERATOR),
        Move("restore", Showing.HIDDEN, Showing.PUBLISHED, by=Role.MODERATOR),
        Move(
            "archive",
            (Showing.DRAFT, Showing.RETURNED, Showing.PUBLISHED, Showing.HIDDEN),
            Showing.ARCHIVED,
            by=(Role.OWNER, Role.CLOCK),
            after="a draft: a year untouched; published: two years untouched; taken down: 90 days",
        ),
    ),
)


class Proving:
    """States of a piece of evidence."""

    FILED, VERIFIED, DECLINED = "filed", "verified", "declined"
    EXPIRED, WITHDRAWN, REVOKED = "expired", "withdrawn", "revoked"

    STANDING = (FILED, VERIFIED)


EVIDENCE = Machine(
    name="evidence",
    zh="项目凭证",
    initial=Proving.FILED,
    finals=frozenset({Proving.DECLINED, Proving.EXPIRED, Proving.WITHDRAWN, Proving.REVOKED}),
    holds_money=frozenset(),
    refunds=frozenset(),
    words={
        Proving.FILED: ("待核验", "To be verified"),
        Proving.VERIFIED: ("已核验", "Verified"),
        Proving.DECLINED: ("未通过核验", "Not verified"),
        Proving.EXPIRED: ("已过有效期", "Expired"),
        Proving.WITHDRAWN: ("已撤下", "Withdrawn"),
        Proving.REVOKED: ("核验已撤销", "Verification revoked"),
    },
    moves=(
        Move("verify", Proving.FILED, Proving.VERIFIED, by=Role.MODERATOR),
        Move(
            "decline",
            Proving.FILED,
            Proving.DECLINED,
            by=(Role.MODERATOR, Role.CLOCK),
            after="14 days unchecked",
        ),
        Move(
            "expire",
            Proving.VERIFIED,
            Proving.EXPIRED,
            by=Role.CLOCK,
            after="the last day on which the document is valid",
        ),
        Move("withdraw", Proving.STANDING, Proving.WITHDRAWN, by=(Role.OWNER, Role.SYSTEM)),
        Move("revoke", Proving.VERIFIED, Proving.REVOKED, by=Role.MODERATOR),
    ),
)
