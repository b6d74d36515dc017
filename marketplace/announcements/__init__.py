"""Announcements (公告): what a poster says to everybody who takes part in their work at once, readable by whoever may see the work."""
