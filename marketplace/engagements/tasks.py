"""What beat rings for in engagements."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.engagements import queries
from marketplace.engagements.operations import claims, contracts, reviews, work


@shared_task(queue="deadlines")
def advance_engagements() -> int:
    """Take every step of contracts, milestones and claims whose time has come, and show reviews that are due."""
    now = clock.now()
    done = each("contract", queries.contracts_due(at=now), lambda key: contracts.advance(contract_id=key, at=now))
    done += each("milestone", queries.milestones_due(at=now), lambda key: work.advance(milestone_id=key, at=now))
    done += each("claim", queries.claims_due(at=now), lambda key: claims.advance(claim_id=key, at=now))
    return done + each("reviews", queries.reviews_due(at=now), lambda key: reviews.show_due(contract_id=key, at=now))
