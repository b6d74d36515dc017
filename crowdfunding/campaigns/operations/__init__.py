"""Every write of campaigns, by noun: drafts, reviews, pledges, verdicts, delivery, talk."""
