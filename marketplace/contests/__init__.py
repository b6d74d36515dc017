"""Contests and bounties (赛事与悬赏): prizes in escrow first, blind scores, publicity, next in line, paid to the fen."""
