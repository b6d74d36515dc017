"""One ledger for all money (账本): double entry, append-only, in fen."""
