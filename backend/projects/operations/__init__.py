"""Every write of project passports."""
