"""Every write of tasks. Locks go task, then bid."""
