"""The review queue (审核) and its decisions."""
