"""In-kind campaigns (实物众筹)."""
