"""Public solicitation of ideas (征集创意): everybody proposes and endorses, the poster answers each."""
