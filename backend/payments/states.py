"""The lives of payments: intent, refund, batch, payout, dispute (features.md §2.1)."""

from backend.common.actors import Role
from backend.common.states import Machine, Move


class Intent:
    """States of a payment order."""

    CREATED, AWAITING, SUCCEEDED = "created", "awaiting_payer", "succeeded"
    FAILED, EXPIRED, LATE, RETURNED = "failed", "expired", "late_success", "returned"


INTENT = Machine(
    name="payment_intent",
    zh="支付单",
    initial=Intent.CREATED,
    finals=frozenset({Intent.SUCCEEDED, Intent.FAILED, Intent.EXPIRED, Intent.RETURNED}),
    holds_money=frozenset({Intent.SUCCEEDED, Intent.LATE}),
    refunds=frozenset({"give_back"}),
    words={
        Intent.CREATED: ("待支付", "To be paid"),
        Intent.AWAITING: ("等待付款", "Waiting for the payer"),
        Intent.SUCCEEDED: ("已支付", "Paid"),
        Intent.FAILED: ("支付失败", "Failed"),
        Intent.EXPIRED: ("已超时", "Expired"),
        Intent.LATE: ("超时后到账", "Paid after expiry"),
        Intent.RETURNED: ("已全额退回", "Returned in full"),
    },
    moves=(
        Move("show_cashier", Intent.CREATED, Intent.AWAITING, by=Role.SYSTEM),
        Move(
            "succeed", (Intent.CREATED, Intent.AWAITING), Intent.SUCCEEDED, by=Role.PROVIDER, money="clearing → escrow"
        ),
        Move(
            "expire",
            (Intent.CREATED, Intent.AWAITING),
            Intent.EXPIRED,
            by=Role.CLOCK,
            after="expires_at, asked and closed",
        ),
        Move("fail", (Intent.CREATED, Intent.AWAITING), Intent.FAILED, by=(Role.PROVIDER, Role.SYSTEM)),
        Move(
            "arrive_late", (Intent.EXPIRED, Intent.FAILED), Intent.LATE, by=Role.PROVIDER, money="clearing → suspense"
        ),
        Move("honour", Intent.LATE, Intent.SUCCEEDED, by=Role.SYSTEM, money="suspense → escrow"),
        Move(
            "give_back",
            (Intent.LATE, Intent.SUCCEEDED),
            Intent.RETURNED,
            by=(Role.SYSTEM, Role.CLOCK),
            after="late: at once",
            money="its refunds sum to the whole",
        ),
    ),
)


class Refunding:
    """States of a refund."""

    REQUESTED, APPROVED, SENDING = "requested", "approved", "sending"
    SUCCEEDED, REFUSED, MANUAL = "succeeded", "refused", "manual"


REFUND = Machine(
    name="refund",
    zh="退款",
    initial=Refunding.REQUESTED,
    finals=frozenset({Refunding.SUCCEEDED, Refunding.REFUSED}),
    holds_money=frozenset({Refunding.APPROVED, Refunding.SENDING, Refunding.MANUAL}),
    refunds=frozenset({"succeed"}),
    words={
        Refunding.REQUESTED: ("待复核", "Waiting for a second person"),
        Refunding.APPROVED: ("待发送", "To be sent"),
        Refunding.SENDING: ("退款中", "Being sent"),
        Refunding.SUCCEEDED: ("已退回", "Returned"),
        Refunding.REFUSED: ("未批准", "Not approved"),
        Refunding.MANUAL: ("原路受阻，待处理", "Refused by the provider"),
    },
    moves=(
        Move(
            "approve",
            Refunding.REQUESTED,
            Refunding.APPROVED,
            by=(Role.FINANCE, Role.SYSTEM),
            money="held in its account",
        ),
        Move("refuse", Refunding.REQUESTED, Refunding.REFUSED, by=(Role.FINANCE, Role.SYSTEM)),
        Move("lapse", Refunding.REQUESTED, Refunding.REFUSED, by=Role.CLOCK, after="14 days without a second person"),
        Move("send", Refunding.APPROVED, Refunding.SENDING, by=(Role.SYSTEM, Role.CLOCK), after="at once"),
        Move("succeed", Refunding.SENDING, Refunding.SUCCEEDED, by=Role.PROVIDER, money="hold captured → clearing"),
        Move("block", Refunding.SENDING, Refunding.MANUAL, by=Role.PROVIDER),
        Move("retry", Refunding.MANUAL, Refunding.SENDING, by=(Role.FINANCE, Role.CLOCK), after="every day"),
        Move("ask_again", Refunding.SENDING, Refunding.SENDING, by=Role.CLOCK, after="growing gaps"),
    ),
)


class Batch:
    """States of a bulk refund."""

    PREVIEWED, APPROVED, DONE, REFUSED = "previewed", "approved", "done", "refused"


BATCH = Machine(
    name="refund_batch",
    zh="批量退款",
    initial=Batch.PREVIEWED,
    finals=frozenset({Batch.DONE, Batch.REFUSED}),
    words={
        Batch.PREVIEWED: ("待复核", "Waiting for a second person"),
        Batch.APPROVED: ("执行中", "Running"),
        Batch.DONE: ("已完成", "Done"),
        Batch.REFUSED: ("未批准", "Not approved"),
    },
    moves=(
        Move("approve", Batch.PREVIEWED, Batch.APPROVED, by=Role.FINANCE, money="its refunds are held"),
        Move("refuse", Batch.PREVIEWED, Batch.REFUSED, by=Role.FINANCE),
        Move("lapse", Batch.PREVIEWED, Batch.REFUSED, by=Role.CLOCK, after="14 days without a second person"),
        Move("finish", Batch.APPROVED, Batch.DONE, by=Role.CLOCK, after="its last refund ended"),
    ),
)


class Paying:
    """States of a payout."""

    PENDING, CHECKED, AUTHORIZED, PROCESSING = "pending", "checked", "authorized", "processing"
    PAID, ERROR, REJECTED, RETURNED = "paid", "error", "rejected", "returned"
    IN_FLIGHT = (PENDING, CHECKED, AUTHORIZED, PROCESSING)


PAYOUT = Machine(
    name="payout",
    zh="付款",
    initial=Paying.PENDING,
    finals=frozenset({Paying.PAID, Paying.ERROR, Paying.REJECTED, Paying.RETURNED}),
    holds_money=frozenset(Paying.IN_FLIGHT),
    refunds=frozenset({"reject", "lapse", "fail"}),
    words={
        Paying.PENDING: ("待初审", "Waiting for the first officer"),
        Paying.CHECKED: ("待复核", "Waiting for the second officer"),
        Paying.AUTHORIZED: ("待付款", "To be sent"),
        Paying.PROCESSING: ("付款中", "Being sent"),
        Paying.PAID: ("已付款", "Paid out"),
        Paying.ERROR: ("付款未成", "Refused by the provider"),
        Paying.REJECTED: ("未批准", "Not approved"),
        Paying.RETURNED: ("被退回", "Returned by the bank"),
    },
    moves=(
        Move("check", Paying.PENDING, Paying.CHECKED, by=Role.FINANCE),
        Move("authorize", Paying.CHECKED, Paying.AUTHORIZED, by=Role.FINANCE),
        Move(
            "reject",
            (Paying.PENDING, Paying.CHECKED),
            Paying.REJECTED,
            by=(Role.FINANCE, Role.SYSTEM),
            money="hold let go",
        ),
        Move(
            "lapse",
            (Paying.PENDING, Paying.CHECKED),
            Paying.REJECTED,
            by=Role.CLOCK,
            after="30 days without two officers",
            money="hold let go",
        ),
        Move("send", Paying.AUTHORIZED, Paying.PROCESSING, by=(Role.SYSTEM, Role.CLOCK), after="at once"),
        Move("succeed", Paying.PROCESSING, Paying.PAID, by=Role.PROVIDER, money="hold captured → clearing"),
        Move("fail", Paying.PROCESSING, Paying.ERROR, by=Role.PROVIDER, money="hold let go"),
        Move("ask_again", Paying.PROCESSING, Paying.PROCESSING, by=Role.CLOCK, after="growing gaps"),
        Move("return", Paying.PAID, Paying.RETURNED, by=Role.PROVIDER, money="reversed: clearing → payable"),
    ),
)


class Disputing:
    """States of a chargeback."""

    OPENED, EVIDENCE, WON, LOST = "opened", "evidence", "won", "lost"
    OPEN = (OPENED, EVIDENCE)


class Owing:
    """States of a debt."""

    DUE, PART_PAID, PAID, VOID = "due", "part_paid", "paid", "void"

    OPEN = (DUE, PART_PAID)


DEBT = Machine(
    name="debt",
    zh="欠款",
    initial=Owing.DUE,
    finals=frozenset({Owing.PAID, Owing.VOID}),
    words={
        Owing.DUE: ("待偿还", "Due"),
        Owing.PART_PAID: ("部分偿还", "Paid in part"),
        Owing.PAID: ("已还清", "Paid"),
        Owing.VOID: ("已核销", "Written off"),
    },
    moves=(
        Move("pay_part", Owing.OPEN, Owing.PART_PAID, by=Role.SYSTEM, money="payable → receivable; claims → escrow"),
        Move("pay", Owing.OPEN, Owing.PAID, by=Role.SYSTEM, money="payable → receivable; claims → escrow"),
        Move("write_off", Owing.OPEN, Owing.VOID, by=Role.FINANCE, money="reserve → receivable"),
        Move("lapse", Owing.OPEN, Owing.VOID, by=Role.CLOCK, after="3 years", money="reserve, or claims → receivable"),
    ),
)


DISPUTE = Machine(
    name="payment_dispute",
    zh="拒付",
    initial=Disputing.OPENED,
    finals=frozenset({Disputing.WON, Disputing.LOST}),
    holds_money=frozenset({Disputing.OPENED, Disputing.EVIDENCE}),
    refunds=frozenset({"lose", "let_pass"}),
    words={
        Disputing.OPENED: ("已受理", "Opened"),
        Disputing.EVIDENCE: ("已举证", "Evidence filed"),
        Disputing.WON: ("胜诉", "Won"),
        Disputing.LOST: ("败诉", "Lost"),
    },
    moves=(
        Move("file_evidence", Disputing.OPENED, Disputing.EVIDENCE, by=Role.FINANCE),
        Move("win", (Disputing.OPENED, Disputing.EVIDENCE), Disputing.WON, by=Role.FINANCE, money="hold let go"),
        Move("lose", (Disputing.OPENED, Disputing.EVIDENCE), Disputing.LOST, by=Role.FINANCE, money="hold captured"),
        Move(
            "let_pass",
            (Disputing.OPENED, Disputing.EVIDENCE),
            Disputing.LOST,
            by=Role.CLOCK,
            after="the provider's last day",
            money="hold captured",
        ),
    ),
)
