"""People, organisations, roles, sign-in (账户)."""
