"""众包, 众创 and 众扶: work, places and help."""
