"""Every write of disputes."""
