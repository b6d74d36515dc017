"""Every write of judging. Locks go call, then application, then objection."""
