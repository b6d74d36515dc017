"""Every write of profiles."""
