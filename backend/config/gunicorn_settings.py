"""How gunicorn serves, wherever it is started: the site, the local gateway, and both in tests.

A connection stays open for longer than clients and load balancers hold an idle one (httpx 5 s, commonly 60 s). Where the
server is the first to close, a request may be on its way in that moment, and nobody knows whether it was done.
"""

worker_class = "gthread"
keepalive = 75
control_socket_disable = True
