"""Every write of contests. Locks go contest, then call, then application."""
