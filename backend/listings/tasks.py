"""What beat rings for in listings."""

from celery import shared_task

from backend.listings import operations


@shared_task(queue="checks")
def fold_tallies() -> None:
    """Fold the counts of listings (合并计数)."""
    operations.fold_tallies()
