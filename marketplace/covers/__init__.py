"""Covers (封面): the picture that a poster gives to their work, in lists and on its page."""
