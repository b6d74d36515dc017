"""Whatever client, worker, deciders, banks and time do to a contract: no fen is made, doubled or left behind.

Hypothesis chooses the acts, on a real database and against the local gateway; at the end of each play time alone runs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backend.common import clock
from backend.common.errors import Refusal
from backend.disputes.models import Case
from backend.disputes.operations import cases, rulings
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Dispute, PaymentIntent, Refund
from backend.payments.operations import disputes as chargebacks
from backend.payments.operations import intents
from marketplace.engagements.models import Claim, Contract, Milestone
from marketplace.engagements.operations import claims, contracts, money, work
from marketplace.engagements.states import Agreeing, Stage
from tests.builders import deliver_events, moderator, move_on, officer
from tests.work_builders import signed

TEXT = "交付说明：全部内容已放在约定的共享目录，文件名与任务书编号一致。"
STAGES = (("前段", 33), ("后段", 67))
SIDES = st.booleans()


def _try(act: Callable[[], object]) -> object | None:
    """What came of an act; None where it was refused."""
    try:
        return act()
    except Refusal:
        return None


class ContractLife(RuleBasedStateMachine):
    """One contract of two stages, from its signature on."""

    cashier = None

    @initialize(price=st.integers(200, 800_000))
    def begin(self, price):
        self.contract, self.client, self.worker = signed(price, stages=STAGES)
        self.price = price

    def _stage(self) -> Milestone | None:
        found = Milestone.objects.filter(contract=self.contract).exclude(state__in=Stage.FINAL)
        return found.select_related("contract", "paid_by").order_by("no").first()

    def _who(self, is_client: bool):
        return self.client if is_client else self.worker

    @rule(pays=st.booleans())
    def fund(self, pays):
        stage = self._stage()
        if stage is None:
            return
        order = _try(lambda: money.order(milestone_id=stage.pk, by=self.client, at=clock.now()))
        if order is not None and pays:
            self.cashier.pay(intents.cashier_url(intent_id=order.pk, phone=False, at=clock.now()))
            intents.look_after(intent_id=order.pk, at=clock.now())
            deliver_events()

    @rule(act=st.sampled_from(["start", "progress", "submit", "submit", "abandon"]))
    def labour(self, act):
        stage, by, at = self._stage(), self.worker, clock.now()
        if stage is None:
            return
        if act == "submit":
            _try(lambda: work.start(milestone_id=stage.pk, by=by, at=at))
            _try(lambda: work.submit(milestone_id=stage.pk, text=TEXT, attached=(), by=by, at=at))
        else:
            _try(lambda: work.STEPS[act](stage.pk, TEXT, by, at))

    @rule(act=st.sampled_from(["approve", "approve", "ask-changes", "abandon"]))
    def judge(self, act):
        stage = self._stage()
        if stage is not None:
            _try(lambda: work.STEPS[act](stage.pk, TEXT, self.client, clock.now()))

    @rule(is_client=SIDES, percent=st.integers(1, 100))
    def claim(self, is_client, percent):
        stage = self._stage()
        if stage is not None:
            wanted = max(1, stage.amount_fen * percent // 100)
            _try(
                lambda: claims.make(
                    milestone_id=stage.pk, wanted_fen=wanted, reason=TEXT, by=self._who(is_client), at=clock.now()
                )
            )

    @rule(act=st.sampled_from(["refuse", "grant", "withdraw", "file"]), is_client=SIDES)
    def answer(self, act, is_client):
        made = Claim.objects.filter(milestone__contract=self.contract).order_by("-made_at").first()
        if made is None:
            return
        by, at = self._who(is_client), clock.now()
        if act == "file":
            _try(lambda: claims.file(claim_id=made.pk, facts=TEXT, by=by, at=at))
        else:
            _try(lambda: claims.STEPS[act](made.pk, TEXT, by, at))

    @rule(percent=st.integers(0, 100), waits=st.booleans())
    def decide(self, percent, waits):
        case = Case.objects.filter(state__in=("filed", "hearing")).first()
        if case is None:
            return
        judge = moderator()
        _try(lambda: cases.take_up(case_id=case.pk, by=judge, at=clock.now()))
        if waits:
            self._pass(8)
        given = case.stake_fen * percent // 100
        split = {"to_claimant_fen": given, "to_respondent_fen": case.stake_fen - given}
        _try(lambda: rulings.rule(case_id=case.pk, **split, text=TEXT, by=judge, at=clock.now()))

    @rule(is_client=SIDES)
    def end(self, is_client):
        by, at = self._who(is_client), clock.now()
        self.contract.refresh_from_db()
        if self.contract.end_by is None:
            _try(lambda: contracts.propose_end(contract_id=self.contract.pk, reason=TEXT[:40], by=by, at=at))
        else:
            _try(lambda: contracts.agree_end(contract_id=self.contract.pk, by=by, at=at))

    @rule(wins=st.booleans(), part=st.sampled_from([1, 2]))
    def charge_back(self, wins, part):
        intent = (
            PaymentIntent.objects.filter(subject_kind="milestone", state="succeeded").order_by("-created_at").first()
        )
        if intent is None or Dispute.objects.filter(intent=intent).exists():
            return
        made = _try(
            lambda: chargebacks.open_dispute(
                intent_id=intent.pk,
                provider_no=f"CB-{intent.number}",
                amount_fen=max(1, intent.amount_fen // part),
                payee_id=self.worker.party_id,
                by=officer(),
                at=clock.now(),
            )
        )
        if made is not None:
            self._pass(1)
            decided = chargebacks.win_dispute if wins else chargebacks.lose_dispute
            _try(lambda: decided(dispute_id=made.pk, by=officer(), at=clock.now()))
            deliver_events()

    @rule(days=st.sampled_from([1, 5, 9, 16]))
    def wait(self, days):
        self._pass(days)

    def _pass(self, days: int) -> None:
        move_on(self.cashier, timedelta(days=days, minutes=1))

    @invariant()
    def the_books_agree_and_nothing_is_paid_twice(self):
        assert list(books.differences()) == []
        if not hasattr(self, "contract"):
            return
        for stage in Milestone.objects.filter(contract=self.contract):
            assert (stage.given_fen or 0) + (stage.back_fen or 0) <= stage.amount_fen
        given = sum(stage.given_fen or 0 for stage in Milestone.objects.filter(contract=self.contract))
        assert given <= self.price

    def teardown(self):
        """Nobody acts any more: time alone brings everything to an end."""
        if not hasattr(self, "contract"):
            return
        for _ in range(14):
            self._pass(9)
        found = Contract.objects.get(pk=self.contract.pk)
        assert found.state in Agreeing.OVER, found.state
        for stage in found.milestones.all():
            assert stage.state in Stage.FINAL
            assert books.balance(money.escrow_of(stage)) == 0
        assert not Refund.objects.exclude(state__in=("succeeded", "refused")).exists()
        assert books.balance(ledger.SUSPENSE) == 0
        assert list(books.differences()) == []


def test_no_fen_of_a_contract_is_made_doubled_or_left_behind(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    ContractLife.cashier = cashier
    run_state_machine_as_test(
        ContractLife,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),  # a failing play is told whole; making it shorter would take minutes
        ),
    )
