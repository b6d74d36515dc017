"""Engagements (协议): two parties, terms that both read, milestones with their money, acceptance."""
