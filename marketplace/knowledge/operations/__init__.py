"""Every write of knowledge."""
