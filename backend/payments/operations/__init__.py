"""Every write of payments, by noun: intents, refunds, payouts, disputes."""
