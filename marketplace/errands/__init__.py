"""On-site errands (现场任务): work at a place, taken by members who are near."""
