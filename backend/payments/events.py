"""What payments announce."""

from dataclasses import dataclass
from uuid import UUID

from backend.common.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PaymentSettled(Event):
    """Money for an order reached its escrow in time."""

    intent_id: UUID
    subject_kind: str
    subject_id: UUID
    purpose_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class PaymentArrivedLate(Event):
    """Money for an order came after its expiry and waits in suspense."""

    intent_id: UUID
    subject_kind: str
    subject_id: UUID


@dataclass(frozen=True, kw_only=True)
class PaymentExpired(Event):
    """An order was not paid in time, and the provider closed it."""

    intent_id: UUID
    subject_kind: str
    subject_id: UUID


@dataclass(frozen=True, kw_only=True)
class RefundSucceeded(Event):
    """Money went back the way it came."""

    refund_id: UUID
    intent_id: UUID
    subject_kind: str
    subject_id: UUID
    party_id: UUID | None
    amount_fen: int
    is_whole: bool = False
    """Whether nothing of the payment is left."""


@dataclass(frozen=True, kw_only=True)
class DebtPaid(Event):
    """Part or all of what a payee owes a campaign's backers came in and lies in that campaign's escrow."""

    debt_id: UUID
    party_id: UUID
    campaign_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class PrizeRepaid(Event):
    """Part or all of a revoked prize came in and lies in the fund of its contest."""

    debt_id: UUID
    party_id: UUID
    fund_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class RefundRefused(Event):
    """A refund that was asked for will not be made: a second person said no, or nobody came."""

    refund_id: UUID
    subject_kind: str
    subject_id: UUID


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    """A payer's bank asks for a payment back."""

    dispute_id: UUID
    subject_kind: str
    subject_id: UUID
    party_id: UUID | None
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class DisputeEnded(Event):
    """A chargeback was decided: `won` or `lost`."""

    dispute_id: UUID
    subject_kind: str
    subject_id: UUID
    party_id: UUID | None
    amount_fen: int
    outcome: str
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class PayoutPaid(Event):
    """A payee has the money."""

    payout_id: UUID
    party_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class PayoutEnded(Event):
    """A payout came to nothing; the money is payable again."""

    payout_id: UUID
    party_id: UUID
    amount_fen: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class NoticeQuarantined(Event):
    """A notice that must not be booked; finance officers look at it."""

    notice_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PayoutsStopped(Event):
    """The stop switch was thrown."""

    reason: str
