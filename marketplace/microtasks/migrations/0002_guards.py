from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("microtasks", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("microtasks_job", "job"),
        guard_jumps("microtasks_item", "item"),
        guard_jumps("microtasks_sheet", "sheet"),
        guard_jumps("microtasks_answer", "answer"),
        guard_jumps("microtasks_plea", "plea"),
    ]
