"""Shared ground: money, clock, states, outbox, idempotency, encryption, errors, paging, rules."""
