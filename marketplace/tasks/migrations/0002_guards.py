from django.db import migrations

from backend.common.states import guard_jumps

FOR_GOOD = ("tasks_termsversion",)
"""What was said, handed in or withheld is never changed."""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("tasks_task", "task"),
        guard_jumps("tasks_bid", "bid"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_for_good BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
                f"DROP TRIGGER {table}_for_good ON {table}",
            )
            for table in FOR_GOOD
        ),
    ]
