"""Every write of solicitations."""
