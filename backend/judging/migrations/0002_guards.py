from django.db import migrations

from backend.common.states import guard_jumps

FOR_GOOD = ("judging_objectionfile", "judging_proof")
"""Evidence and proofs are never changed."""


class Migration(migrations.Migration):
    dependencies = [("judging", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("judging_call", "call"),
        guard_jumps("judging_application", "application"),
        guard_jumps("judging_judge", "judge"),
        guard_jumps("judging_objection", "objection"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_for_good BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
                f"DROP TRIGGER {table}_for_good ON {table}",
            )
            for table in FOR_GOOD
        ),
    ]
