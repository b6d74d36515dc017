"""Tasks (众包任务): work that somebody publishes and others bid for."""
