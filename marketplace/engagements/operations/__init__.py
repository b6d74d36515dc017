"""Every write of engagements. Locks go contract, milestone, claim; a dispute's own row comes before all three."""
