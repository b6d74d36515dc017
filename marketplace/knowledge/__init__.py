"""Knowledge: entries with versions that everybody may change, each change read by somebody independent before it shows (知识众包)."""
