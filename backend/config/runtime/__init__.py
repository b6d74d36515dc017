"""The embedded services and the launcher; nothing here needs Django."""
