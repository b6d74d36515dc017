"""The local gateway: Alipay's protocol with keys and state of its own, for demo and tests only.

It knows nothing of the platform: another process, another database, another settings module.
"""
