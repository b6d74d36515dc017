"""The simulator (模拟器): the real operations on a real PostgreSQL, in an order that a seed decides."""
