"""Every write of micro-tasks."""
