"""Disputes (纠纷): a claim that the other side did not grant, before a neutral decider."""
