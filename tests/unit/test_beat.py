"""What beat rings for exists, and is listened to."""

from __future__ import annotations

from backend.config.celery import app
from backend.config.runtime import launcher


def test_every_bell_has_its_task_on_a_queue_that_the_worker_serves():
    app.loader.import_default_modules()
    source = launcher.Path(launcher.__file__).read_text(encoding="utf-8")
    for name, entry in app.conf.beat_schedule.items():
        assert entry["task"] in app.tasks, name
        assert app.tasks[entry["task"]].queue in source, name
