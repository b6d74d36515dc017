"""众包, 众创 and 众扶: work, places and help. Empty until its first real user."""
