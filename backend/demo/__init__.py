"""The demo world and the journey (演示)."""
