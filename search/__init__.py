"""Search (搜索): one interface, two engines."""
