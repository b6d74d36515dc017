"""Keeping (收藏): the work that somebody keeps an eye on, of every kind, and the searches that they come back to."""
