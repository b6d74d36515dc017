"""Every write of on-site errands (现场任务)."""
