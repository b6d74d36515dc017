"""The credit system (信用体系). Empty until its first real user."""
