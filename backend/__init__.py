"""The platform: what every part stands on, and the site that shows it."""
