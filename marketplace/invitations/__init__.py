"""Invitations (邀请): who may see work that is not public; what only the invited may see is found by nobody else (C9)."""
