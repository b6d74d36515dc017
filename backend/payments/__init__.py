"""Orders, refunds and payouts behind one provider port (支付)."""
