"""Tenders: published after review, bid for under seal, opened together, awarded once."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.db import connection

from backend.accounts.errors import LevelTooLow
from backend.accounts.models import Membership, Party, User
from backend.common import clock, timelock
from backend.common.errors import Forbidden, Invalid, NotFound, Refusals
from backend.common.states import MoveForbidden, MoveRefused
from backend.ledger import queries as books
from backend.listings.models import Listing
from backend.notifications.models import Message
from marketplace.engagements.models import Contract
from marketplace.engagements.operations import contracts
from marketplace.invitations.operations import come_in
from marketplace.keeping import operations as keeping
from marketplace.tasks import queries
from marketplace.tasks.diffs import changes_since
from marketplace.tasks.errors import (
    AboveBudget,
    Affiliated,
    AskingClosed,
    BiddingClosed,
    ChecklistOpen,
    CopiedBid,
    OwnTask,
    TaskFixed,
    TermsMoved,
)
from marketplace.tasks.models import Bid, SealLock, Task
from marketplace.tasks.operations import awards, bids, drafts, inquiries, reviews
from marketplace.tasks.operations import terms as amending
from marketplace.tasks.operations.shared import TASKS
from tests.builders import acting, beat, deliver_events, firm, moderator, person
from tests.work_builders import open_bids, open_task, proposal, sealed_bid, task_draft, terms

pytestmark = pytest.mark.django_db


def _bid(bid: Bid) -> Bid:
    return Bid.objects.get(pk=bid.pk)


def test_a_task_is_published_after_a_review_with_every_line_signed():
    by = firm()[1]
    task = task_draft(by)
    drafts.submit(task_id=task.pk, by=by, at=clock.now())
    with pytest.raises(ChecklistOpen):
        reviews.REVIEWING.approve(subject_id=task.pk, checklist=("poster",), by=moderator(), at=clock.now())
    reviews.REVIEWING.approve(
        subject_id=task.pk, checklist=reviews.REVIEWING.lines_for(task), by=moderator(), at=clock.now()
    )

    task.refresh_from_db()
    assert task.state == "open"
    assert task.closes_at - task.opens_at == timedelta(days=10)
    assert Listing.objects.get(subject_id=task.pk).is_public
    assert [lock.private_key for lock in task.locks.all()] == [""]


def test_a_moderator_of_the_poster_does_not_review():
    founder, by = firm()
    task = task_draft(by)
    drafts.submit(task_id=task.pk, by=by, at=clock.now())
    from backend.common.actors import Role

    with pytest.raises(Affiliated):
        reviews.REVIEWING.approve(
            subject_id=task.pk, checklist=reviews.CHECKLIST, by=acting(founder, Role.MODERATOR), at=clock.now()
        )
    assert Task.objects.get(pk=task.pk).state == "review"


def test_everything_that_a_draft_lacks_is_named_at_once():
    by = acting(person(level="L0"))
    task = drafts.start(by=by, at=clock.now())
    with pytest.raises(Refusals) as caught:
        drafts.submit(task_id=task.pk, by=by, at=clock.now())
    assert [reason.field for reason in caught.value.reasons] == ["", "title", "summary", "brief"]
    assert isinstance(caught.value.reasons[0], LevelTooLow)


@pytest.mark.parametrize(
    "more",
    [
        {"stages": (("全部", 99),)},
        {"stages": ()},
        {"stages": (("", 100),)},
        {"budget_fen": 1},
        {"bid_days": 0},
        {"category": "bamboo"},
        {"rights": "all_yours"},
        {"accept_days": 60},
        {"visibility": "secret"},
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(more):
    by = firm()[1]
    task = drafts.start(by=by, at=clock.now())
    with pytest.raises((Invalid, Refusals)):
        drafts.write(task_id=task.pk, terms=terms(**more), version=1, by=by, at=clock.now())
    assert Task.objects.get(pk=task.pk).version == 1


def test_a_published_task_is_not_edited_in_silence():
    task, by = open_task()
    with pytest.raises(TaskFixed):
        drafts.write(task_id=task.pk, terms=terms(title="另一件事"), version=task.version, by=by, at=clock.now())


def test_a_sealed_bid_is_in_no_column_in_no_event_and_in_no_message_before_the_opening():
    task, _by = open_task()
    words = "独门方案：以火山灰釉面做浮雕封套，手工烫印"
    sealed_bid(task, amount_fen=612_345, text=words * 2)
    deliver_events()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s OR t::text LIKE %s", ["%612345%", f"%{words}%"]
            )
            assert cursor.fetchone()[0] == 0, table
            encoded = base64.b64encode(words[:9].encode()).decode().rstrip("=")
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{encoded}%"])
            assert cursor.fetchone()[0] == 0, table


def test_the_keeper_opens_nothing_before_its_time_whatever_the_row_says():
    task, _by = open_task()
    bid, _bidder = sealed_bid(task)
    SealLock.objects.filter(task=task).update(opens_at=clock.now() - timedelta(days=1))
    Task.objects.filter(pk=task.pk).update(
        opens_at=clock.now() - timedelta(days=2), closes_at=clock.now() - timedelta(days=1), due_at=clock.now()
    )
    with pytest.raises(timelock.TooEarly):
        awards.advance(task_id=task.pk, at=clock.now())
    assert _bid(bid).amount_fen is None
    assert Task.objects.get(pk=task.pk).state == "open"


def test_a_box_of_another_task_opens_nothing():
    one, _by = open_task()
    other, _by = open_task()
    sealed_bid(one)
    stolen = SealLock.objects.get(task=other)
    SealLock.objects.filter(task=one).update(box=stolen.box)
    with pytest.raises(timelock.SealBroken):
        timelock.release(stolen.box, subject_id=one.pk, at=clock.now() + timedelta(days=400))


def test_without_the_keepers_key_bids_stay_sealed(settings, tmp_path):
    task, _by = open_task()
    bid, _bidder = sealed_bid(task)
    settings.SIZHONG_KEEPER_KEY = tmp_path / "nowhere"
    open_bids(task)
    assert _bid(bid).state == "sealed"
    assert Task.objects.get(pk=task.pk).state == "open"


def test_bids_are_opened_together_when_the_time_has_come():
    task, _by = open_task()
    made = [sealed_bid(task, amount_fen=fen)[0] for fen in (600_000, 550_000, 700_000)]
    opened = open_bids(task)

    assert opened.state == "selecting"
    rows = [_bid(bid) for bid in made]
    assert [bid.amount_fen for bid in rows] == [600_000, 550_000, 700_000]
    assert {bid.opened_at for bid in rows} == {rows[0].opened_at}
    assert [row.bid.amount_fen for row in queries.compared(opened)] == [550_000, 600_000, 700_000]
    assert (queries.spread(opened).lowest, queries.spread(opened).middle) == (550_000, 600_000)
    assert list(books.differences()) == []


def test_a_bid_after_the_deadline_is_refused_by_the_servers_clock():
    task, _by = open_task()
    clock.move_to(task.closes_at)
    with pytest.raises(BiddingClosed):
        sealed_bid(task)
    assert not Bid.objects.filter(task=task).exists()


def test_a_bid_that_was_moved_to_another_bidders_row_is_spoilt():
    task, _by = open_task()
    one, other = sealed_bid(task, amount_fen=500_000)[0], sealed_bid(task, amount_fen=700_000)[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_bid SET seal = %s, digest = %s WHERE id = %s", [one.seal, one.digest, other.pk])
    open_bids(task)
    assert (_bid(one).state, _bid(other).state) == ("opened", "unreadable")


def test_a_bid_is_replaced_withdrawn_and_made_again_until_the_opening():
    task, _by = open_task()
    who = person(name="设计师")
    bid, by = sealed_bid(task, who, amount_fen=700_000)
    bids.withdraw(task_id=task.pk, by=by, at=clock.now())
    assert Task.objects.get(pk=task.pk).bids_n == 0
    sealed_bid(task, who, amount_fen=650_000)
    sealed_bid(task, who, amount_fen=640_000)
    assert Task.objects.get(pk=task.pk).bids_n == 1
    open_bids(task)
    assert _bid(bid).amount_fen == 640_000


def test_the_receipt_proves_what_was_sealed():
    import hashlib

    task, _by = open_task()
    by = acting(person(name="设计师"))
    receipt = bids.seal(task_id=task.pk, proposal=proposal(), terms_no=1, by=by, at=clock.now())
    assert hashlib.sha256(receipt.plain.encode()).hexdigest() == _bid(receipt.bid).digest


def test_a_task_without_a_bid_fails_at_its_time():
    task, _by = open_task()
    assert open_bids(task).state == "failed"


def test_the_poster_and_those_who_belong_to_them_do_not_bid():
    founder, by = firm()
    task, _by = open_task(by)
    clerk = person(name="经办人")
    Membership.objects.create(organisation_id=by.party_id, user=clerk, role=Membership.CLERK, scopes=["read"])
    for who in (founder, clerk):
        with pytest.raises(OwnTask):
            sealed_bid(task, who)


def test_a_firm_of_the_posters_owner_does_not_bid():
    from backend.accounts import queries as people

    founder, by = firm()
    task, _by = open_task(by)
    other = firm(founder, name="另一家公司")[1]
    assert other.party_id != by.party_id
    hat = people.actor(User.objects.get(pk=founder.pk), hat=other.party_id, at=clock.now())
    with pytest.raises(OwnTask):
        bids.seal(task_id=task.pk, proposal=proposal(), terms_no=1, by=hat, at=clock.now())


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"amount_fen": 800_001}, AboveBudget),
        ({"amount_fen": 0}, AboveBudget),
        ({"days": 0}, Invalid),
        ({"text": "短"}, Invalid),
        ({"text": "价格好谈，加微信号：zhuyi12345 详谈，保证满意，随时可以开始工作"}, Invalid),
    ],
)
def test_a_bid_that_does_not_fit_is_refused(more, error):
    task, _by = open_task()
    with pytest.raises(error):
        sealed_bid(task, **more)
    assert not Bid.objects.filter(task=task).exists()


def test_one_text_is_not_sent_to_many_tasks():
    who = person(name="设计师")
    words = "我们团队服务过两百家企业，覆盖包装、海报、网页、动画与展陈，流程规范、响应及时、源文件齐全、修改及时，欢迎考察合作。"
    one, _by = open_task()
    sealed_bid(one, who, text=words)
    open_bids(one)
    other, _by = open_task()
    with pytest.raises(CopiedBid):
        sealed_bid(other, who, text=words + "期待")


def test_changed_terms_ask_every_bidder_again_and_an_unconfirmed_bid_does_not_count():
    task, poster = open_task()
    stays, stayer = sealed_bid(task, amount_fen=500_000)
    goes, _bidder = sealed_bid(task, amount_fen=600_000)
    amending.amend(
        task_id=task.pk,
        terms=terms(budget_fen=900_000, stages=(("一次交付", 100),)),
        reason="合并为一次交付，预算上调",
        version=task.version,
        by=poster,
        at=clock.now(),
    )
    task.refresh_from_db()
    assert [_bid(each).state for each in (stays, goes)] == ["unconfirmed", "unconfirmed"]
    assert {change.field for change in changes_since(task, 1)} == {"budget_fen", "stages"}
    with pytest.raises(TermsMoved):
        bids.confirm(task_id=task.pk, terms_no=1, by=stayer, at=clock.now())
    bids.confirm(task_id=task.pk, terms_no=2, by=stayer, at=clock.now())
    open_bids(task)
    assert [_bid(each).state for each in (stays, goes)] == ["opened", "lapsed"]
    assert _bid(goes).amount_fen is None


def test_terms_changed_late_move_the_opening_and_seals_stay_closed_until_then():
    task, poster = open_task()
    bid, bidder = sealed_bid(task)
    first_time = task.closes_at
    clock.move_to(task.closes_at - timedelta(hours=1))
    amending.amend(
        task_id=task.pk, terms=terms(work_days=40), reason="工期放宽", version=task.version, by=poster, at=clock.now()
    )
    task.refresh_from_db()
    assert task.closes_at > first_time + timedelta(days=1)
    bids.confirm(task_id=task.pk, terms_no=2, by=bidder, at=clock.now())
    assert (_bid(bid).first_lock, _bid(bid).last_lock) == (1, 2)

    clock.move_to(first_time + timedelta(hours=1))
    key = timelock.release(task.locks.get(no=1).box, subject_id=task.pk, at=clock.now())
    with pytest.raises(timelock.SealBroken):
        timelock.unseal(_bid(bid).seal, private_key=key, place=f"tasks_bid.seal:{task.pk}:{bid.bidder_id}")

    open_bids(task)
    assert _bid(bid).amount_fen == 600_000


def test_who_sees_it_and_how_long_it_takes_bids_stay_as_published():
    task, poster = open_task()
    amending.amend(
        task_id=task.pk,
        terms=terms(visibility="invited", bid_days=3, work_days=40),
        reason="工期放宽",
        version=task.version,
        by=poster,
        at=clock.now(),
    )
    after = Task.objects.get(pk=task.pk)
    assert (after.visibility, after.closes_at) == ("public", task.closes_at)


def test_questions_are_answered_for_all_until_a_day_before_the_opening():
    task, poster = open_task()
    asker = acting(person())
    asked = inquiries.ask(task_id=task.pk, text="刀版尺寸是成品尺寸吗？", by=asker, at=clock.now())
    with pytest.raises(NotFound):
        inquiries.answer(inquiry_id=asked.pk, text="是", by=asker, at=clock.now())
    inquiries.answer(inquiry_id=asked.pk, text="是成品尺寸，含粘口。", by=poster, at=clock.now())
    assert queries.inquiries(task)[0].answer == "是成品尺寸，含粘口。"
    with pytest.raises(Invalid):
        inquiries.ask(task_id=task.pk, text="电话 13800138000 联系我", by=asker, at=clock.now())
    clock.move_to(task.closes_at - timedelta(hours=20))
    with pytest.raises(AskingClosed):
        inquiries.ask(task_id=task.pk, text="还能改尺寸吗？", by=asker, at=clock.now())


def test_a_task_for_the_invited_is_in_no_list_and_there_for_nobody_else():
    task, _by = open_task(visibility="invited")
    stranger = acting(person())
    assert not Listing.objects.get(subject_id=task.pk).is_public
    with pytest.raises(NotFound):
        queries.visible(task.pk, stranger)
    with pytest.raises(NotFound):
        bids.seal(task_id=task.pk, proposal=proposal(), terms_no=1, by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        inquiries.ask(task_id=task.pk, text="可以参加吗？", by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        keeping.favour(kind="task", subject_id=task.pk, by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        come_in(TASKS, "task", "0" * 32, by=stranger, at=clock.now())

    come_in(TASKS, "task", task.invite_code, by=stranger, at=clock.now())
    assert queries.visible(task.pk, stranger).pk == task.pk
    bids.seal(task_id=task.pk, proposal=proposal(), terms_no=1, by=stranger, at=clock.now())


def test_the_poster_chooses_with_a_reason_and_the_worker_gets_the_contract():
    task, poster = open_task()
    chosen, _worker = sealed_bid(task, amount_fen=599_999)
    other, _bidder = sealed_bid(task)
    open_bids(task)
    with pytest.raises(Invalid):
        awards.award(bid_id=chosen.pk, reason="", by=poster, at=clock.now())
    with pytest.raises(NotFound):
        awards.award(bid_id=chosen.pk, reason="我来选一个", by=acting(person()), at=clock.now())
    awards.award(bid_id=chosen.pk, reason="方案最贴合", by=poster, at=clock.now())
    with pytest.raises(MoveRefused):
        awards.award(bid_id=other.pk, reason="再选一个试试", by=poster, at=clock.now())

    contract = Contract.objects.get(subject_id=chosen.pk)
    assert [(each.title, each.amount_fen) for each in contract.milestones.order_by("no")] == [
        ("初稿两套", 240_000),
        ("定稿与印刷文件", 359_999),
    ]
    assert (contract.state, contract.total_fen) == ("offered", 599_999)


def test_a_worker_who_declines_leaves_the_choice_open_and_signing_ends_it_for_the_others():
    task, poster = open_task()
    first, one = sealed_bid(task)
    second, two = sealed_bid(task)
    third, _bidder = sealed_bid(task)
    open_bids(task)
    awards.award(bid_id=first.pk, reason="方案最贴合", by=poster, at=clock.now())
    contracts.decline(
        contract_id=Contract.objects.get(subject_id=first.pk).pk, reason="档期冲突", by=one, at=clock.now()
    )
    deliver_events()
    assert (Task.objects.get(pk=task.pk).state, _bid(first).state) == ("selecting", "declined")
    awards.award(bid_id=second.pk, reason="次优方案也合适", by=poster, at=clock.now())
    contract = Contract.objects.get(subject_id=second.pk)
    contracts.accept(contract_id=contract.pk, digest=contract.digest, by=two, at=clock.now())
    deliver_events()
    assert Task.objects.get(pk=task.pk).state == "delivering"
    assert [_bid(each).state for each in (first, second, third)] == ["declined", "contracted", "not_selected"]


def test_a_contract_that_nobody_signs_lapses_and_a_task_without_another_bid_fails():
    task, poster = open_task()
    only, _bidder = sealed_bid(task)
    open_bids(task)
    awards.award(bid_id=only.pk, reason="方案最贴合", by=poster, at=clock.now())
    clock.advance(timedelta(days=3, minutes=1))
    beat()
    assert Contract.objects.get(subject_id=only.pk).state == "lapsed"
    assert Task.objects.get(pk=task.pk).state == "failed"


def test_a_silent_poster_is_reminded_and_then_the_task_fails():
    task, poster = open_task()
    bid, _bidder = sealed_bid(task)
    open_bids(task)
    clock.advance(timedelta(days=11))
    beat()
    assert Task.objects.get(pk=task.pk).state == "selecting"
    assert Message.objects.filter(party_id=poster.party_id, zh__contains="逾期流标").count() == 1
    clock.advance(timedelta(days=5))
    beat()
    assert (Task.objects.get(pk=task.pk).state, _bid(bid).state) == ("failed", "not_selected")


def test_a_frozen_task_opens_nothing_and_goes_on_later():
    task, _poster = open_task()
    bid, _bidder = sealed_bid(task)
    reviews.REVIEWING.freeze(subject_id=task.pk, reason="收到侵权投诉，核查中", by=moderator(), at=clock.now())
    with pytest.raises(BiddingClosed):
        sealed_bid(task)
    clock.advance(timedelta(days=2))
    reviews.REVIEWING.thaw(subject_id=task.pk, reason="核查无误", by=moderator(), at=clock.now())
    assert Task.objects.get(pk=task.pk).closes_at > task.closes_at + timedelta(days=1)
    open_bids(task)
    assert _bid(bid).state == "opened"


def test_a_cancelled_task_tells_every_bidder_why_and_opens_no_seal():
    task, poster = open_task()
    bid, bidder = sealed_bid(task)
    awards.cancel(task_id=task.pk, reason="项目预算取消", by=poster, at=clock.now())
    deliver_events()
    assert (_bid(bid).state, _bid(bid).amount_fen) == ("overtaken", None)
    assert Message.objects.filter(party_id=bidder.party_id, zh__contains="项目预算取消").exists()


def test_a_copy_says_what_the_task_said_and_a_pattern_begins_a_draft():
    task, by = open_task()
    copied = drafts.copy(task_id=task.pk, by=by, at=clock.now())
    assert (copied.state, copied.title, copied.stages) == ("draft", task.title, task.stages)
    assert copied.invite_code != task.invite_code
    begun = drafts.start(by=by, at=clock.now(), like="packaging")
    assert (begun.category, sum(percent for _title, percent in begun.plan)) == ("design", 100)
    with pytest.raises(NotFound):
        drafts.start(by=by, at=clock.now(), like="nothing")


def test_a_mandate_that_does_not_cover_work_posts_and_bids_nothing():
    founder, by = firm()
    clerk = person(name="经办人")
    Membership.objects.create(organisation_id=by.party_id, user=clerk, role=Membership.CLERK, scopes=["read"])
    from backend.accounts import queries as people

    hat = people.actor(clerk, hat=by.party_id, at=clock.now())
    with pytest.raises(Forbidden):
        drafts.start(by=hat, at=clock.now())
    task, _poster = open_task()
    with pytest.raises(Forbidden):
        bids.seal(task_id=task.pk, proposal=proposal(), terms_no=1, by=hat, at=clock.now())


def test_only_a_moderator_moves_a_task_in_review():
    by = firm()[1]
    task = task_draft(by)
    drafts.submit(task_id=task.pk, by=by, at=clock.now())
    with pytest.raises((MoveForbidden, Affiliated)):
        reviews.REVIEWING.approve(subject_id=task.pk, checklist=reviews.CHECKLIST, by=acting(person()), at=clock.now())
    assert Party.objects.get(pk=by.party_id).level == "O2"
