"""Template tags of keeping."""
