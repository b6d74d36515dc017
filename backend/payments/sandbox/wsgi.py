"""The gateway, for gunicorn; its notices leave from a thread of the same process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "backend.payments.sandbox.settings"
application = get_wsgi_application()

from backend.payments.sandbox import postman  # noqa: E402 - the apps must be ready first

postman.start()
