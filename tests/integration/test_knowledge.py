"""Knowledge: a change is read by somebody independent before it shows, has a licence, and every version stays."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.accounts import operations as accounts
from backend.accounts.models import Party
from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusal, Refusals
from backend.common.states import MoveRefused
from backend.judging.models import Proof
from backend.ledger import queries as books
from backend.listings.models import Listing
from marketplace.knowledge import queries
from marketplace.knowledge.diffs import MOST_WORK, diff
from marketplace.knowledge.errors import (
    ChangeFixed,
    ChangeIncomplete,
    InHandAlready,
    LicenceMissing,
    LicenceUnfit,
    NotIndependent,
    NotYetReviewer,
    OpenAlready,
    Outdated,
)
from marketplace.knowledge.licences import LICENCES, goes_into
from marketplace.knowledge.models import Article, Change, Version
from marketplace.knowledge.operations import changes, course, verdicts
from marketplace.knowledge.states import Changing, Shelved
from marketplace.tasks.errors import Stale
from tests.builders import acting, beat, deliver_events, firm, moderator, person
from tests.knowledge_builders import TEXT, changed, entry, experienced, handed_in, reviewed, terms, written
from tests.security.doors import signed_in


def codes(caught) -> set[str]:
    """The codes of all that was refused together."""
    return {one.code for one in getattr(caught.value, "reasons", [caught.value])}


def sound() -> None:
    assert list(books.differences()) == []


# --- from a draft to a version ---------------------------------------------------------------------------------


def test_nothing_shows_before_somebody_independent_published_it(own_db):
    author = acting(person(name="竹匠"))
    change = handed_in(author)
    assert Article.objects.get().state == Shelved.BLANK
    assert not Listing.objects.filter(kind="article").exists()
    assert Client().get(reverse("article", args=[change.article_id])).status_code == 404
    reviewed(change)
    article = Article.objects.get()
    assert (article.state, article.current_no, article.licence) == (Shelved.PUBLISHED, 1, "by-sa")
    page = Client().get(reverse("article", args=[article.pk])).content.decode()
    assert "三年生的楠竹最韧" in page and "CC BY-SA 4.0" in page and "竹*" in page
    assert Listing.objects.get(kind="article").is_public
    version = Version.objects.get()
    assert version.sha256 == Proof.objects.get(party_id=author.party_id).sha256
    sound()


def test_a_change_makes_the_next_version_and_the_first_stays(own_db):
    article, _author = entry()
    other = acting(person(name="篾匠"))
    reviewed(changed(article, other))
    article.refresh_from_db()
    assert article.current_no == 2
    assert [one.no for one in queries.versions_of(article).order_by("no")] == [1, 2]
    assert queries.version_of(article, 1).text == TEXT.strip()
    client = Client()
    old = client.get(reverse("article-version", args=[article.pk, 1])).content.decode()
    assert "这是旧版本" in old and "竹节朝外" not in old
    seen = client.get(reverse("article-diff", args=[article.pk]) + "?from=1&to=2").content.decode()
    assert "竹节朝外放置" in seen and "三年生的楠竹最韧" not in seen
    assert client.get(reverse("article-diff", args=[article.pk]) + "?from=1&to=9").status_code == 404
    assert client.get(reverse("article-diff", args=[article.pk]) + "?from=x").status_code == 400
    text = client.get(reverse("article-text", args=[article.pk])).content.decode()
    assert "creativecommons.org/licenses/by-sa/4.0" in text and "竹*、篾*" in text
    sound()


def test_a_version_is_never_changed(own_db):
    entry()
    version = Version.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(text="改")
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


# --- who may review --------------------------------------------------------------------------------------------


def test_no_author_reviews_their_own_change_whatever_hat_they_wear(own_db):
    who = experienced("能人")
    article, _by = entry()
    change = changed(article, acting(who))
    with pytest.raises(NotIndependent):
        verdicts.take(change_id=change.pk, by=acting(who), at=clock.now())
    _owner, under = firm(who, name="能人的公司")
    with pytest.raises(NotIndependent):
        verdicts.take(change_id=change.pk, by=under, at=clock.now())
    assert Change.objects.get(pk=change.pk).state == Changing.REVIEW
    with pytest.raises(DatabaseError), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(reviewer=who.party_id)


def test_no_colleague_reviews_what_an_organisation_wrote(own_db):
    boss, under = firm(name="竹研所")
    clerk = experienced("同事")
    accounts.authorise(
        organisation_id=under.party_id,
        by=boss,
        user=clerk,
        role="clerk",
        scopes={"read", "work"},
        until=clock.now() + timedelta(days=30),
        at=clock.now(),
    )
    change = handed_in(under)
    with pytest.raises(NotIndependent):
        verdicts.take(change_id=change.pk, by=acting(clerk), at=clock.now())
    verdicts.take(change_id=change.pk, by=acting(experienced("外人")), at=clock.now())


def test_reviewing_needs_standing(own_db):
    article, _by = entry()
    change = changed(article, acting(person(name="篾匠")))
    newcomer = person(name="新人")
    with pytest.raises(NotYetReviewer):
        verdicts.take(change_id=change.pk, by=acting(newcomer), at=clock.now())
    able = experienced()
    Party.objects.filter(pk=able.party_id).update(level="L1")
    with pytest.raises(NotYetReviewer):
        verdicts.take(change_id=change.pk, by=acting(able), at=clock.now())
    Party.objects.filter(pk=able.party_id).update(level="L2")
    reviewed(change, acting(able))
    sound()


def test_who_may_not_review_does_not_read_what_waits(own_db):
    change = handed_in(acting(person(name="竹匠")))
    with pytest.raises(NotFound):
        queries.readable(change.pk, acting(person(name="路人")))
    assert queries.readable(change.pk, acting(experienced())) == change
    assert Client().get(f"/api/v1/changes/{change.pk}").status_code == 401
    stranger = signed_in(person(name="生人"))
    assert stranger.get(f"/api/v1/changes/{change.pk}").status_code == 404
    assert stranger.get(reverse("change", args=[change.pk])).status_code == 404


def test_one_in_hand_and_it_comes_back_by_itself(own_db):
    able = acting(experienced())
    first, second = handed_in(acting(person(name="甲"))), handed_in(acting(person(name="乙")))
    verdicts.take(change_id=first.pk, by=able, at=clock.now())
    with pytest.raises(InHandAlready):
        verdicts.take(change_id=second.pk, by=able, at=clock.now())
    with pytest.raises(MoveRefused):
        verdicts.take(change_id=first.pk, by=moderator(), at=clock.now())
    clock.move_to(clock.now() + timedelta(days=3, minutes=1))
    beat()
    first.refresh_from_db()
    assert (first.state, first.reviewer_id) == (Changing.REVIEW, None)
    with pytest.raises(NotFound):
        verdicts.publish(change_id=first.pk, by=able, at=clock.now())
    verdicts.take(change_id=second.pk, by=able, at=clock.now())


def test_of_many_who_take_one_change_at_once_one_has_it(own_db):
    change = handed_in(acting(person(name="竹匠")))
    readers = [moderator() for _ in range(8)]
    got: list[str] = []

    def run(by) -> None:
        try:
            verdicts.take(change_id=change.pk, by=by, at=clock.now())
            got.append("taken")
        except Refusal as refusal:
            got.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(by,)) for by in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["move_refused"] * 7 + ["taken"]


# --- verdicts --------------------------------------------------------------------------------------------------


def test_a_change_that_comes_back_is_mended_and_reviewed_anew(own_db):
    author, judge = acting(person(name="竹匠")), moderator()
    change = handed_in(author)
    verdicts.take(change_id=change.pk, by=judge, at=clock.now())
    with pytest.raises(Invalid):
        verdicts.send_back(change_id=change.pk, comment="改", by=judge, at=clock.now())
    verdicts.send_back(change_id=change.pk, comment="请补充含水率的来源", by=judge, at=clock.now())
    deliver_events()
    change.refresh_from_db()
    assert (change.state, change.comment) == (Changing.RETURNED, "请补充含水率的来源")
    changes.write(
        change_id=change.pk,
        terms=terms(text=TEXT + "\n来源：竹材标准。"),
        version=change.version,
        by=author,
        at=clock.now(),
    )
    change = changes.submit(change_id=change.pk, by=author, at=clock.now())
    assert change.reviewer is None
    assert reviewed(change).state == Changing.PUBLISHED


def test_a_declined_first_change_ends_the_entry_and_a_later_one_does_not(own_db):
    judge = moderator()
    first = handed_in(acting(person(name="竹匠")))
    verdicts.take(change_id=first.pk, by=judge, at=clock.now())
    verdicts.decline(change_id=first.pk, comment="与条目范围无关", by=judge, at=clock.now())
    assert Article.objects.get(pk=first.article_id).state == Shelved.DROPPED
    article, _by = entry()
    change = changed(article, acting(person(name="篾匠")))
    verdicts.take(change_id=change.pk, by=judge, at=clock.now())
    verdicts.decline(change_id=change.pk, comment="没有依据的说法", by=judge, at=clock.now())
    article.refresh_from_db()
    assert (article.state, article.current_no) == (Shelved.PUBLISHED, 1)
    sound()


def test_of_two_changes_to_one_version_the_second_must_catch_up(own_db):
    article, _by = entry()
    one, other = acting(person(name="甲")), acting(person(name="乙"))
    first = changed(article, one)
    second = changed(article, other, text=TEXT + "\n补：两端封蜡。")
    reviewed(first)
    judge = moderator()
    verdicts.take(change_id=second.pk, by=judge, at=clock.now())
    with pytest.raises(Outdated):
        verdicts.publish(change_id=second.pk, by=judge, at=clock.now())
    with pytest.raises(ChangeFixed):
        changes.rebase(change_id=second.pk, by=other, at=clock.now())
    verdicts.send_back(change_id=second.pk, comment="请并入第二版的改动", by=judge, at=clock.now())
    changes.rebase(change_id=second.pk, by=other, at=clock.now())
    second.refresh_from_db()
    both = Version.objects.get(article=article, no=2).text + "\n补：两端封蜡。"
    changes.write(change_id=second.pk, terms=terms(text=both), version=second.version, by=other, at=clock.now())
    second = changes.submit(change_id=second.pk, by=other, at=clock.now())
    reviewed(second, judge)
    latest = queries.version_of(Article.objects.get(pk=article.pk), 3)
    assert "竹节朝外" in latest.text and "两端封蜡" in latest.text
    sound()


# --- licences and what is lacking ------------------------------------------------------------------------------


def test_nothing_is_given_without_a_licence(own_db):
    change = written(acting(person(name="竹匠")), licence="")
    with pytest.raises((LicenceMissing, Refusals)) as caught:
        changes.submit(change_id=change.pk, by=acting_of(change), at=clock.now())
    assert codes(caught) == {"licence_missing"}
    assert Change.objects.get().state == Changing.DRAFT


def acting_of(change: Change):
    from backend.accounts.models import User

    return acting(User.objects.get(party_id=change.person_id))


@pytest.mark.parametrize("founding", list(LICENCES))
@pytest.mark.parametrize("given_one", list(LICENCES))
def test_a_contribution_must_be_allowed_to_go_into_the_entry(own_db, founding, given_one):
    article, _by = entry(licence=founding)
    by = acting(person(name="篾匠"))
    if goes_into(given_one, founding):
        assert changed(article, by, licence=given_one).state == Changing.REVIEW
    else:
        with pytest.raises((LicenceUnfit, Refusals)) as caught:
            changed(article, by, licence=given_one)
        assert codes(caught) == {"licence_unfit"}


def test_every_missing_thing_is_named_at_once(own_db):
    by = acting(person(name="竹匠"))
    made = changes.start(by=by, at=clock.now())
    with pytest.raises(Refusals) as caught:
        changes.submit(change_id=made.pk, by=by, at=clock.now())
    assert [one.field for one in caught.value.reasons] == ["title", "summary", "text", "licence"]
    article, _by = entry()
    made = changes.propose(article_id=article.pk, by=by, at=clock.now())
    with pytest.raises(Refusals) as caught:
        changes.submit(change_id=made.pk, by=by, at=clock.now())
    assert {one.field for one in caught.value.reasons} == {"note", "text", "licence"}
    assert {one.code for one in caught.value.reasons} == {ChangeIncomplete.code, LicenceMissing.code}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"text": "字" * 50_001}, "text"),
        ({"text": "\n" * 1_001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"licence": "mit"}, "licence"),
        ({"category": "tea-time"}, "category"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(own_db, words, field):
    by = acting(person(name="竹匠"))
    with pytest.raises((Invalid, Refusals)) as caught:
        written(by, **words)
    assert field in {one.field for one in getattr(caught.value, "reasons", [caught.value])}


def test_of_two_windows_the_second_does_not_write_over_the_first(own_db):
    by = acting(person(name="竹匠"))
    change = written(by)
    with pytest.raises(Stale):
        changes.write(change_id=change.pk, terms=terms(), version=1, by=by, at=clock.now())


def test_one_open_change_a_person_and_entry(own_db):
    article, _by = entry()
    by = acting(person(name="篾匠"))
    changes.propose(article_id=article.pk, by=by, at=clock.now())
    with pytest.raises(OpenAlready):
        changes.propose(article_id=article.pk, by=by, at=clock.now())
    with pytest.raises(NotFound):
        changes.propose(article_id=handed_in(acting(person())).article_id, by=by, at=clock.now())


def test_others_do_not_write_hand_in_or_take_back_my_change(own_db):
    change, other = written(acting(person(name="竹匠"))), acting(person(name="旁人"))
    for do in (
        lambda: changes.write(change_id=change.pk, terms=terms(), version=change.version, by=other, at=clock.now()),
        lambda: changes.submit(change_id=change.pk, by=other, at=clock.now()),
        lambda: changes.withdraw(change_id=change.pk, by=other, at=clock.now()),
        lambda: changes.rebase(change_id=change.pk, by=other, at=clock.now()),
    ):
        with pytest.raises(NotFound):
            do()


# --- time and moderators ---------------------------------------------------------------------------------------


def test_time_alone_ends_everything(own_db):
    draft, waiting = written(acting(person(name="甲"))), handed_in(acting(person(name="乙")))
    clock.move_to(clock.now() + timedelta(days=30, minutes=1))
    beat()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.comment) == (Changing.RETURNED, "逾期无人评审，请检查后重新提交")
    clock.move_to(clock.now() + timedelta(days=180, minutes=1))
    beat()
    assert set(Change.objects.values_list("state", flat=True)) == {Changing.WITHDRAWN}
    assert set(Article.objects.values_list("state", flat=True)) == {Shelved.DROPPED}
    assert draft.article_id != waiting.article_id


def test_a_hidden_entry_is_there_for_staff_alone_and_comes_back(own_db):
    article, _by = entry()
    with pytest.raises(Invalid):
        course.moderate(article_id=article.pk, event="hide", reason=" ", by=moderator(), at=clock.now())
    course.moderate(article_id=article.pk, event="hide", reason="侵权投诉成立前先隐藏", by=moderator(), at=clock.now())
    assert Client().get(reverse("article", args=[article.pk])).status_code == 404
    assert Client().get(f"/api/v1/articles/{article.pk}").status_code == 404
    assert not Listing.objects.get(kind="article").is_public
    with pytest.raises(NotFound):
        changes.propose(article_id=article.pk, by=acting(person()), at=clock.now())
    course.moderate(article_id=article.pk, event="unhide", reason="投诉不成立", by=moderator(), at=clock.now())
    assert Client().get(reverse("article", args=[article.pk])).status_code == 200
    sound()


# --- what differs ----------------------------------------------------------------------------------------------


def test_a_line_that_changed_shows_the_letters_that_did():
    found = diff("甲\n竹材晾到百分之十五\n丙", "甲\n竹材晾到百分之十二\n丙")
    assert [(line.sign, line.text) for line in found] == [
        (" ", "甲"),
        ("-", "竹材晾到百分之十五"),
        ("+", "竹材晾到百分之十二"),
        (" ", "丙"),
    ]
    assert found[1].parts == ((False, "竹材晾到百分之十"), (True, "五"))


def test_lines_far_from_a_change_are_folded():
    lines = [f"第{number}行" for number in range(40)]
    found = diff("\n".join(lines), "\n".join([*lines[:20], "新行", *lines[20:]]))
    assert [line.sign for line in found] == ["…", " ", " ", "+", " ", " ", "…"]
    assert (found[0].count, found[-1].count) == (18, 18)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(["", "甲", "乙丙", "丙丁戊", "甲甲甲"]), max_size=30),
    st.lists(st.sampled_from(["", "甲", "乙丙", "丙丁戊", "甲甲甲"]), max_size=30),
)
def test_both_texts_can_be_read_back_from_what_differs(old, new):
    before, after = "\n".join(old), "\n".join(new)
    found = diff(before, after)
    old_lines, new_lines = before.splitlines(), after.splitlines()
    if old_lines == new_lines:
        assert found == []
        return
    was, became = [], []
    for line in found:
        if line.sign == "…":
            start = len(was)
            was += old_lines[start : start + line.count]
            became += new_lines[len(became) : len(became) + line.count]
        if line.sign in " -":
            was.append(line.text)
        if line.sign in " +":
            became.append(line.text)
    assert (was, became) == (old_lines, new_lines)


def test_texts_made_to_be_slow_are_compared_by_the_line():
    before, after = "甲乙" * 20_000, "乙甲" * 20_000
    assert len(before) * len(after) > MOST_WORK
    assert [line.parts for line in diff(before, after)] == [((True, before),), ((True, after),)]
