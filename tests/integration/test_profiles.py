"""Profiles: what somebody says and shows of themselves, without contacts; and the work that fits, each with its reason."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from backend.accounts import operations as accounts
from backend.accounts.errors import LevelTooLow
from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusals
from backend.listings.models import Listing
from backend.moderation.models import StaffAct
from marketplace.knowledge.operations import gaps
from marketplace.profiles import queries
from marketplace.profiles.errors import PieceThere, TooManyPieces
from marketplace.profiles.models import MOST_PIECES, Piece, Profile
from marketplace.profiles.operations import profiles
from marketplace.profiles.operations.profiles import Terms
from marketplace.tasks.errors import Affiliated, Stale
from tests.builders import acting, firm, moderator, person
from tests.contest_builders import drawing
from tests.knowledge_builders import open_gap


def terms(**more: object) -> Terms:
    words: dict[str, object] = {
        "headline": "二十年竹编，能画能编",
        "text": "做过食盒、灯罩和茶席；有自己的作坊。",
        "skills": ["竹编", "产品设计"],
        "categories": ["design", "engineering"],
        "counties": ["421223"],
        "takes_work": True,
    } | more
    return Terms(**words)


def written(by, **more: object) -> Profile:
    found = queries.profile_of(by.party_id)
    return profiles.write(terms=terms(**more), version=found.version if found else 1, by=by, at=clock.now())


def shown(by, seed: int = 1, title: str = "三层食盒"):
    return profiles.add_piece(title=title, text="桂花纹样", name="图.png", body=drawing(seed), by=by, at=clock.now())


def test_what_somebody_wrote_and_shows_is_on_their_page(own_db):
    who = person(name="竹匠")
    by = acting(who)
    written(by)
    piece = shown(by)
    body = Client().get(reverse("work-party", args=[by.party_id])).content.decode()
    assert "二十年竹编" in body and "产品设计" in body and "三层食盒" in body and "竹匠" not in body
    picture = Client().get(reverse("piece", args=[piece.pk]))
    assert picture.status_code == 200 and picture["Content-Security-Policy"].startswith("sandbox")
    api = Client().get(f"/api/v1/people/{by.party_id}/profile").json()
    assert (api["skills"], len(api["pieces"]), api["reviews"]) == (["竹编", "产品设计"], 1, 0)
    assert Client().get(reverse("work-party", args=[acting(person(name="空白")).party_id])).status_code == 200


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"headline": "微信 zhujiang888 详谈"}, "text"),
        ({"text": "电话 13812345678"}, "text"),
        ({"skills": [f"技能{n}" for n in range(16)]}, "skills"),
        ({"categories": ["tea-time"]}, "categories"),
        ({"counties": ["000000"]}, "counties"),
        ({"text": "字" * 3_001}, "text"),
        ({"text": "a\x00b"}, "text"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(own_db, words, field):
    by = acting(person(name="竹匠"))
    with pytest.raises((Invalid, Refusals)) as caught:
        written(by, **words)
    assert field in {one.field for one in getattr(caught.value, "reasons", [caught.value])}
    assert not Profile.objects.exclude(headline="").exists()


def test_of_two_windows_the_second_does_not_write_over_the_first(own_db):
    by = acting(person(name="竹匠"))
    written(by)
    with pytest.raises(Stale):
        profiles.write(terms=terms(), version=1, by=by, at=clock.now())


def test_pieces_are_of_the_verified_twelve_at_most_each_once(own_db):
    by = acting(person(name="竹匠"))
    with pytest.raises((LevelTooLow, Refusals)):
        shown(acting(person(level="L0", name="新人")))
    for number in range(MOST_PIECES):
        shown(by, number)
    with pytest.raises(TooManyPieces):
        shown(by, 99)
    first = Piece.objects.first()
    assert first is not None
    profiles.remove_piece(piece_id=first.pk, by=by)
    with pytest.raises(PieceThere):
        shown(by, 5 if first.sha256 != Piece.objects.order_by("at")[4].sha256 else 6)
    with pytest.raises(Invalid):
        profiles.add_piece(title="图", text="加微信 abcd1234", name="图.png", body=drawing(50), by=by, at=clock.now())
    with pytest.raises(NotFound):
        profiles.remove_piece(piece_id=Piece.objects.latest("at").pk, by=acting(person(name="旁人")))


def test_a_hidden_piece_is_there_for_its_owner_and_staff_alone(own_db):
    by = acting(person(name="竹匠"))
    piece = shown(by)
    judge = moderator()
    with pytest.raises(Invalid):
        profiles.moderate(piece_id=piece.pk, hide=True, reason=" ", by=judge, at=clock.now())
    profiles.moderate(piece_id=piece.pk, hide=True, reason="非本人作品", by=judge, at=clock.now())
    assert StaffAct.objects.filter(act="piece.hide", subject_id=piece.pk).count() == 1
    assert Client().get(reverse("piece", args=[piece.pk])).status_code == 404
    with pytest.raises(NotFound):
        queries.piece(piece.pk, acting(person(name="路人")))
    assert queries.piece(piece.pk, by) == queries.piece(piece.pk, judge) == piece
    assert queries.pieces_of(by.party_id, acting(person(name="路人"))) == []
    profiles.moderate(piece_id=piece.pk, hide=False, reason="申诉成立", by=judge, at=clock.now())
    assert Client().get(reverse("piece", args=[piece.pk])).status_code == 200


def test_no_moderator_judges_what_they_show_themselves(own_db):
    judge = moderator()
    piece = shown(judge)
    with pytest.raises(Affiliated):
        profiles.moderate(piece_id=piece.pk, hide=True, reason="自己的", by=judge, at=clock.now())


def test_a_closed_account_shows_nothing_any_more(own_db):
    who = person(name="竹匠")
    by = acting(who)
    written(by)
    piece = shown(by)
    accounts.close_account(user_id=who.pk, at=clock.now())
    assert not Profile.objects.filter(party=by.party_id).exists()
    assert Client().get(reverse("piece", args=[piece.pk])).status_code == 404
    assert Client().get(reverse("work-party", args=[by.party_id])).status_code == 404


# --- what is suggested -----------------------------------------------------------------------------------------


def because(one: queries.Suggested) -> list[tuple[str, str]]:
    return [(why.kind, why.word) for why in one.because]


def test_open_work_is_suggested_by_what_somebody_said_and_says_why(own_db, cashier):
    by = acting(person(name="竹匠"))
    profile = written(by, skills=["熏蒸"], categories=["design"], counties=["421223"])
    fits, _poster = open_gap(cashier)
    open_gap(cashier, title="招牌字体怎样选", wanted="请写明三种字体的适用场合与授权，照着就能选。" * 2, category="design",
             county="421202")  # fmt: skip
    open_gap(cashier, title="茶园遮阴怎样做", wanted="请写明遮阴率、时间与材料，照着就能做。" * 2, category="training",
             county="421281")  # fmt: skip
    found = queries.suggested(profile)
    assert [one.listing.subject_id for one in found][0] == fits.pk
    assert because(found[0]) == [("skill", "熏蒸"), ("county", "421223"), ("fresh", "")]
    assert because(found[1]) == [("category", "design"), ("fresh", "")]
    assert len(found) == 2


def test_nobody_is_suggested_their_own_work_what_is_closed_or_what_is_not_public(own_db, cashier):
    _who, under = firm(name="竹业协会")
    gap, _by = open_gap(cashier, under)
    gaps.ask(terms=made_terms(), by=acting(person(name="未审")), at=clock.now())
    own = written(under, skills=["熏蒸"])
    other = written(acting(person(name="竹匠")), skills=["熏蒸"])
    assert queries.suggested(own) == []
    assert [one.listing.subject_id for one in queries.suggested(other)] == [gap.pk]
    Listing.objects.filter(subject_id=gap.pk).update(is_open=False)
    assert queries.suggested(other) == []


def made_terms():
    from tests.knowledge_builders import gap_terms

    return gap_terms()


def test_every_fourth_place_is_for_work_that_nobody_has_answered(own_db):
    profile = written(acting(person(name="竹匠")), skills=["竹编"], categories=["design"])
    now = clock.now()
    for number in range(12):
        Listing.objects.create(
            kind="task", subject_id=f"0192f3a8-5c1e-7b40-9d2f-3e6a8b1c4d{number:02d}", title=f"设计{number}", category="design",
            state="open", is_public=True, is_open=True, people_n=0 if number < 3 else 5, listed_at=now,
        )  # fmt: skip
    Listing.objects.filter(people_n=0).update(listed_at=now.replace(year=2020))
    found = queries.suggested(profile)
    assert [one.listing.people_n for one in found] == [5, 5, 5, 0, 5, 5, 5, 0, 5, 5, 5, 0]


def test_a_skill_of_strange_letters_suggests_nothing_and_breaks_nothing(own_db, cashier):
    open_gap(cashier)
    profile = written(acting(person(name="竹匠")), skills=["&|!():*", "'"], categories=[])
    assert queries.suggested(profile) == []
